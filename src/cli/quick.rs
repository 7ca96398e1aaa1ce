//! The main job: every claim, two short searches on real digits, one page.

use super::{
    Shared, progress,
    train::train,
    verify::{say_unexpected, unexpected, watched},
};
use crate::{
    claim::{Options, record::Verdict, registry},
    report::{self, Content, Copies},
    run::RunFolder,
    search::Config,
    trend::statistic,
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
        train(shared.device, &config, &folder, false, &mut *observer)?;
        runs.push(RunFolder::open(&folder)?);
    }

    let claims = registry();
    say(format!("Checking {} claims of the paper on drawn networks and layers …", claims.len()));
    let checking = Instant::now();
    let options = Options { seed: seed.unwrap_or_default(), runs: &runs, ..Options::default() };
    let verdicts = &watched(&claims, options, shared.quiet, shared.device)?.verdicts;
    let count = |verdict| verdicts.claims.iter().filter(|claim| claim.verdict == verdict).count();
    say(format!(
        "  {} hold, {} hold under a condition, {} are refuted as printed ({:.0} s)",
        count(Verdict::Holds),
        count(Verdict::HoldsWhen),
        count(Verdict::Refuted),
        checking.elapsed().as_secs_f64()
    ));
    // Nothing else that can be typed changes the page.
    let command = seed.map_or("wirecost".into(), |seed| format!("wirecost --seed {seed}"));
    let content = Content { runs: &runs, claims: Some(verdicts), command: &command, only: None, copies: Copies::Whole };
    let page = report::write(out, &content)?;

    say(format!("\nFound in {:.0} s:", start.elapsed().as_secs_f64()));
    for claim in verdicts.claims.iter().filter(|claim| claim.verdict == Verdict::Refuted) {
        say(format!("  {} is false as printed ({}): {}", claim.source, claim.id, claim.statement));
    }
    for run in &runs {
        say(format!("  {}: {}", run.manifest.title, statistic::summary(run)));
    }
    for claim in verdicts.claims.iter().filter(|claim| claim.is_trend() && claim.verdict != Verdict::NotRun) {
        say(format!("  {} {} in one run each ({}): {}", claim.source, claim.verdict, claim.id, claim.statement));
    }
    say(format!("Open {} ({} files).", page.index.display(), page.files.len()));
    let wrong = unexpected(verdicts);
    say_unexpected(&wrong);
    Ok(ExitCode::from(u8::from(!wrong.is_empty())))
}
