//! The main job: every claim, two short searches on real digits, one page.

use super::{
    Shared, doctor, progress,
    verify::{unexpected, watched},
};
use crate::{
    claim::{Options, record::Verdict, registry},
    figure, report,
    run::RunFolder,
    search::{Config, search},
    tensor::Cpu,
};
use std::{path::Path, process::ExitCode, time::Instant};

/// Where the page goes.
const OUT: &str = "reports/quick";

pub fn run(shared: &Shared, seed: Option<u64>, out: Option<&Path>) -> anyhow::Result<ExitCode> {
    let (start, out) = (Instant::now(), out.unwrap_or(Path::new(OUT)));
    let say = |line: String| {
        if !shared.quiet {
            println!("{line}");
        }
    };
    report::check(out)?;
    let claims = registry();
    say(format!("Checking {} claims of the paper on drawn networks and layers …", claims.len()));
    let options = Options { seed: seed.unwrap_or_default(), ..Options::default() };
    let verdicts = &watched(&claims, options, shared.quiet).verdicts;
    let count = |verdict| verdicts.claims.iter().filter(|claim| claim.verdict == verdict).count();
    say(format!(
        "  {} hold, {} hold under a condition, {} are refuted as printed, {} were not run ({:.0} s)",
        count(Verdict::Holds),
        count(Verdict::HoldsWhen),
        count(Verdict::Refuted),
        count(Verdict::NotRun),
        start.elapsed().as_secs_f64()
    ));

    let work = tempfile::tempdir()?;
    let mut runs = Vec::new();
    for (name, config, what) in [
        ("dsnas", Config::quick_dsnas(), "DSNAS: does none come to dominate the intermediate edge?"),
        ("darts", Config::quick_darts(), "DARTS: does none come to dominate every edge?"),
    ] {
        say(format!("Searching on handwritten digits with {what}"));
        let config = Config { seed: seed.unwrap_or(config.seed), ..config };
        let folder = work.path().join(name);
        let mut observer = progress::observer(name, shared.quiet);
        search::<f32, Cpu>(&config, Cpu::default(), &folder, doctor::machine(), &mut *observer)?;
        runs.push(RunFolder::open(&folder)?);
    }
    // Nothing else that can be typed changes the page.
    let command = seed.map_or("wirecost".into(), |seed| format!("wirecost --seed {seed}"));
    let page = report::write(out, &runs, Some(verdicts), &command)?;

    say(format!("\nFound in {:.0} s:", start.elapsed().as_secs_f64()));
    for claim in verdicts.claims.iter().filter(|claim| claim.verdict == Verdict::Refuted) {
        say(format!("  {} is false as printed ({}): {}", claim.source, claim.id, claim.statement));
    }
    for run in &runs {
        say(format!("  {}: {}", run.manifest.title, figure::statistic::summary(run)));
    }
    say(format!("Open {} ({} files).", page.index.display(), page.files.len()));
    let wrong = unexpected(verdicts);
    wrong.iter().for_each(|claim| eprintln!("{}: {}, expected {}", claim.id, claim.verdict, claim.expected));
    Ok(ExitCode::from(u8::from(!wrong.is_empty())))
}
