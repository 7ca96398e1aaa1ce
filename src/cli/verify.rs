//! `wirecost verify`: the paper's claims on drawn cases.

use super::{Shared, progress, style};
use crate::{
    claim::{
        Claim, Drawn, Options, Outcome,
        record::{ClaimRecord, Verdict, Verdicts},
        registry, replay_on, verify_on,
    },
    cost::case::Case,
    report,
    run::RunFolder,
    tensor::{Both, Device, Error, OnDevice},
};
use anyhow::{Context, bail};
use clap::Args;
use indicatif::ProgressBar;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

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
    /// Write the page of claims here: claims.html, claims.md, claims.json; an earlier one is replaced
    #[arg(long, value_name = "FOLDER", conflicts_with = "replay")]
    out: Option<PathBuf>,
    /// Runs that decide the figures' trends: a run folder, or a folder of run folders; can be given again
    #[arg(long, value_name = "FOLDER", conflicts_with = "replay")]
    runs: Vec<PathBuf>,
    /// Take the verdicts on trends from what `reproduce` or `verify --json` wrote, instead of from runs
    #[arg(long, value_name = "FILE.json", conflicts_with_all = ["replay", "runs"])]
    trends: Option<PathBuf>,
    /// Folder for networks that violate a claim, as case files; made when needed
    #[arg(long, value_name = "FOLDER", default_value = "failing-cases")]
    save: PathBuf,
}

impl Arguments {
    /// The command that writes the same page.
    fn command(&self) -> String {
        let mut command = String::from("wirecost verify");
        self.ids.iter().for_each(|id| command += &format!(" {id}"));
        let defaults = Options::default();
        let numbers = [("cases", self.cases, defaults.cases), ("seed", self.seed, defaults.seed)];
        for (name, value, _) in numbers.into_iter().filter(|(_, value, default)| value != default) {
            command += &format!(" --{name} {value}");
        }
        let paths = self.runs.iter().map(|path| ("runs", path));
        let paths = paths.chain(self.trends.iter().map(|path| ("trends", path)));
        let folders = paths.chain(self.out.iter().map(|path| ("out", path)));
        folders.for_each(|(name, path)| command += &format!(" --{name} {}", path.display()));
        command
    }
}

pub fn run(arguments: &Arguments, shared: &Shared) -> anyhow::Result<ExitCode> {
    let claims = chosen(&arguments.ids)?;
    if let Some(out) = &arguments.out {
        report::check(out)?;
    }
    let trends = arguments.trends.as_deref().map(verdicts).transpose()?;
    let mut outcome = match &arguments.replay {
        Some(path) => {
            let verdicts = shared.device.run(Replay { claims: &claims, case: Case::read(path)? });
            let verdicts = verdicts.with_context(|| path.display().to_string())?;
            Outcome { verdicts, drawn: vec![], failures: vec![] }
        }
        None => {
            let runs = RunFolder::open_all(&arguments.runs)?;
            let Arguments { cases, seed, save, .. } = arguments;
            let options = Options { cases: *cases, seed: *seed, save: Some(save), runs: &runs };
            watched(&claims, options, shared.quiet || arguments.json, shared.device)?
        }
    };
    if let Some(recorded) = trends {
        outcome.verdicts.take_trends(&recorded);
    }
    if arguments.json {
        println!("{}", serde_json::to_string(&outcome.verdicts)?);
    } else if !shared.quiet {
        print(&outcome, arguments.verbose);
    }
    if let Some(out) = &arguments.out {
        report::write_claims(out, &outcome.verdicts, &arguments.command())?;
    }
    let mut wrong = unexpected(&outcome.verdicts);
    if arguments.replay.is_some() {
        // One network can violate what should hold; it cannot show that a condition is needed.
        wrong.retain(|record| record.verdict == Verdict::Refuted);
    }
    say_unexpected(&wrong);
    for failure in &outcome.failures {
        match &failure.saved {
            Some(path) => eprintln!("{}: violated by {}", failure.id, path.display()),
            None => eprintln!("{}: violated by {}", failure.id, failure.case),
        }
    }
    Ok(ExitCode::from(u8::from(!wrong.is_empty())))
}

/// What `verify --json` or `reproduce` wrote.
pub fn verdicts(path: &Path) -> anyhow::Result<Verdicts> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| format!("{}: not what verify --json prints", path.display()))
}

/// Verifies under a bar that counts the cases.
pub fn watched(claims: &[Claim], options: Options, quiet: bool, device: Device) -> Result<Outcome, Error> {
    let bar = progress::counter("cases", quiet);
    let outcome = device.run(Watched { claims, options, bar: &bar });
    bar.finish_and_clear();
    outcome
}

/// Drawn cases, on any device.
struct Watched<'a> {
    claims: &'a [Claim],
    options: Options<'a>,
    bar: &'a ProgressBar,
}

impl OnDevice for Watched<'_> {
    type Output = Result<Outcome, Error>;

    fn run<D: Both>(self, open: impl Fn() -> Result<D, Error> + Sync) -> Self::Output {
        verify_on(self.claims, self.options, &open, |done, total| {
            self.bar.set_length(total);
            self.bar.set_position(done);
        })
    }
}

/// A case of a file, on any device.
struct Replay<'a> {
    claims: &'a [Claim],
    case: Case,
}

impl OnDevice for Replay<'_> {
    type Output = Result<Verdicts, Error>;

    fn run<D: Both>(self, open: impl Fn() -> Result<D, Error> + Sync) -> Self::Output {
        replay_on(self.claims, self.case, &open()?)
    }
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
    verdicts.claims.iter().filter(|record| record.deviates()).collect()
}

/// Says of each what was expected.
pub fn say_unexpected(wrong: &[&ClaimRecord]) {
    wrong.iter().for_each(|record| eprintln!("{}: {}, expected {}", record.id, record.verdict, record.expected));
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
