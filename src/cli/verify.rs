//! `wirecost verify`: the paper's claims on drawn cases.

use super::{Shared, progress, style};
use crate::{
    claim::{
        Claim, Drawn, Options, Outcome,
        record::{ClaimRecord, Verdict, Verdicts},
        registry, replay, verify,
    },
    cost::case::Case,
};
use anyhow::{Context, bail};
use clap::Args;
use std::{path::PathBuf, process::ExitCode};

/// Check the paper's claims on drawn networks and layers
///
/// Prints each claim with its verdict and the worst residual ÷ bound over all cases. Exit status 0 only
/// if every verdict is the recorded one. The same seed and number of cases give the same result on any
/// machine, at any number of threads.
#[derive(Args)]
pub struct Arguments {
    /// Claims to check [default: all]
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Networks to draw; layers are drawn in proportion
    #[arg(long, value_name = "N", default_value_t = Options::default().cases)]
    cases: u64,
    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
    /// Also show the statements, and how many cases had which feature
    #[arg(long, short)]
    verbose: bool,
    /// Judge one network from a case file instead of drawing
    #[arg(long, value_name = "FILE.safetensors", conflicts_with_all = ["cases", "seed"])]
    replay: Option<PathBuf>,
    /// Folder for networks that violate a claim, as case files; made when needed
    #[arg(long, value_name = "FOLDER", default_value = "failing-cases")]
    save: PathBuf,
}

pub fn run(arguments: &Arguments, shared: &Shared) -> anyhow::Result<ExitCode> {
    let claims = chosen(&arguments.ids)?;
    let outcome = match &arguments.replay {
        Some(path) => {
            let verdicts = replay(&claims, Case::read(path)?).with_context(|| path.display().to_string())?;
            Outcome { verdicts, drawn: vec![], failures: vec![] }
        }
        None => {
            let options = Options { cases: arguments.cases, seed: arguments.seed, save: Some(&arguments.save) };
            watched(&claims, options, shared.quiet || arguments.json)
        }
    };
    if arguments.json {
        println!("{}", serde_json::to_string(&outcome.verdicts)?);
    } else if !shared.quiet {
        print(&outcome, arguments.verbose);
    }
    let mut wrong = unexpected(&outcome.verdicts);
    if arguments.replay.is_some() {
        // One network can violate what should hold; it cannot show that a condition is needed.
        wrong.retain(|record| record.verdict == Verdict::Refuted);
    }
    for record in &wrong {
        eprintln!("{}: {}, expected {}", record.id, record.verdict, record.expected);
    }
    for failure in &outcome.failures {
        match &failure.saved {
            Some(path) => eprintln!("{}: violated by {}", failure.id, path.display()),
            None => eprintln!("{}: violated by {}", failure.id, failure.case),
        }
    }
    Ok(ExitCode::from(u8::from(!wrong.is_empty())))
}

/// Verifies under a bar that counts the cases.
pub fn watched(claims: &[Claim], options: Options, quiet: bool) -> Outcome {
    let bar = progress::counter("cases", quiet);
    let outcome = verify(claims, options, |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    outcome
}

/// The claims with these ids; all if none is given.
fn chosen(ids: &[String]) -> anyhow::Result<Vec<Claim>> {
    let mut claims = registry();
    if let Some(id) = ids.iter().find(|id| claims.iter().all(|claim| claim.id != **id)) {
        let known: Vec<_> = claims.iter().map(|claim| claim.id).collect();
        bail!("unknown claim '{id}'; known: {}", known.join(", "));
    }
    claims.retain(|claim| ids.is_empty() || ids.iter().any(|id| id == claim.id));
    Ok(claims)
}

/// The records whose verdict is not the recorded one.
pub fn unexpected(verdicts: &Verdicts) -> Vec<&ClaimRecord> {
    verdicts.claims.iter().filter(|record| record.verdict != record.expected).collect()
}

fn print(outcome: &Outcome, verbose: bool) {
    let mut table = style::table(&["claim", "source", "verdict", "cases", "worst residual ÷ bound"]);
    for record in &outcome.verdicts.claims {
        let ratio = record.worst_ratio.map_or("".into(), |ratio| format!("{ratio:.1e}"));
        table.add_row([&record.id, &record.source, record.verdict.as_str(), &record.cases.to_string(), &ratio]);
    }
    println!("{table}");
    for record in outcome.verdicts.claims.iter().filter(|_| verbose) {
        println!("{}: {}", record.id, record.statement);
        let more = [("to be read as", &record.reading), ("conditions", &record.conditions)];
        more.iter().filter_map(|(what, text)| Some((what, text.as_ref()?))).for_each(|(what, text)| {
            println!("    {what}: {text}");
        });
        println!("    bound: {}", record.bound);
    }
    outcome.drawn.iter().for_each(|drawn| print_drawn(drawn, verbose));
}

fn print_drawn(Drawn { kind, cases, overflowed, seconds, histogram }: &Drawn, verbose: bool) {
    let lost = if *overflowed > 0 { format!(", {overflowed} overflowed") } else { String::new() };
    println!("{kind}: {cases} cases in {seconds:.1} s, {:.0} a second{lost}", *cases as f64 / seconds);
    let features: Vec<_> = histogram.iter().map(|(feature, count)| format!("{feature} {count}")).collect();
    if verbose {
        println!("    {}", features.join(", "));
    }
}
