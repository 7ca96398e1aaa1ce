//! `wirecost reproduce`: every search that the paper's figures need, every claim, one report.

use super::{
    Shared, interrupt,
    progress::Share,
    report::say_missing,
    train::train,
    verify::{say_unexpected, unexpected, watched},
};
use crate::{
    claim::{Options, registry},
    figure,
    report::{self, Content, Copies},
    run::RunFolder,
    search::{
        Ended,
        plan::{Planned, Scope, plan},
        preset::Scale,
    },
};
use anyhow::Context;
use clap::Args;
use std::{
    collections::HashSet,
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Run the searches of all presets over several seeds, check every claim, and write the report
///
/// The run folders lie beside the report, in the folder named as the report with -runs added. A run that is
/// finished there is kept, an unfinished one is resumed, none is overwritten; so the same command goes on
/// after Ctrl-C. Presets with the same settings share their runs. Runs go on side by side, one thread each.
#[derive(Args)]
pub struct Arguments {
    /// How long each search may take: quick (seconds), standard (seconds to minutes), hours (the protocol's
    /// sizes on Fashion-MNIST) or paper (the protocol in full, on CIFAR-10)
    #[arg(long, value_name = "NAME", default_value = "standard")]
    scale: Scale,
    /// The folder of the report; an earlier report there is replaced, anything else is left alone
    #[arg(long, value_name = "FOLDER", default_value = "reports/digits")]
    out: PathBuf,
    /// Seeds of each preset [default: 2 at scale quick, 1 at scale hours; otherwise 3 in the grids
    /// of the phase diagram, 10 elsewhere]
    #[arg(long, value_name = "N")]
    seeds: Option<u64>,
    /// Only the presets of these names, or whose names begin so: fig01,fig17,phase
    #[arg(long, value_name = "PRESET,…", value_delimiter = ',')]
    only: Vec<String>,
    /// Another data set than the presets'
    #[arg(long, value_name = "NAME")]
    data: Option<String>,
    /// The folder of the data's files, where it is not a usual one
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, shared: &Shared) -> anyhow::Result<ExitCode> {
    report::check(&arguments.out)?;
    let Arguments { only, scale, seeds, data, data_dir, .. } = arguments;
    let planned =
        plan(&Scope { only, scale: *scale, seeds: *seeds, data: data.as_deref(), data_dir: data_dir.as_deref() });
    let planned = planned.map_err(|problem| anyhow::anyhow!("--only: {problem}"))?;
    planned.iter().try_for_each(|run| run.config.check().with_context(|| run.name.clone()))?;
    let folder = runs_beside(&arguments.out)?;
    let signals = interrupt::Signals::listen()?;
    let failed = search_all(&planned, &folder, shared, &signals);
    if signals.asked() {
        eprintln!("{}: saved; the same command goes on", folder.display());
        return Ok(ExitCode::from(interrupt::STATUS));
    }
    failed.iter().for_each(|(name, problem)| eprintln!("{name}: {problem}"));

    let done = planned.iter().filter(|run| failed.iter().all(|(name, _)| *name != run.name));
    let runs = done.map(|run| RunFolder::open(&folder.join(&run.name))).collect::<Result<Vec<_>, _>>()?;
    let shown = shown(&runs);
    let verdicts =
        watched(&registry(), Options { runs: &shown, ..Options::default() }, shared.quiet, shared.device)?.verdicts;
    let content = Content {
        runs: &runs,
        claims: Some(&verdicts),
        command: &command(arguments),
        only: None,
        copies: Copies::Summary,
    };
    let page = report::write(&arguments.out, &content)?;
    let wrong = unexpected(&verdicts);
    say_unexpected(&wrong);
    if !shared.quiet {
        println!("{} runs; wrote {} files; open {}", runs.len(), page.files.len(), page.index.display());
        say_missing(&runs);
    }
    Ok(ExitCode::from(u8::from(!(wrong.is_empty() && failed.is_empty()))))
}

/// The runs in one of the paper's figures: those that only surround them, in a grid of settings, decide no
/// claim.
fn shown(runs: &[RunFolder]) -> Vec<RunFolder> {
    let figures = figure::supported(runs);
    let paper = figures.iter().filter(|figure| figure.entry.number().is_some());
    let shown: HashSet<&Path> = paper.flat_map(|figure| figure.runs()).map(|run| run.path.as_path()).collect();
    runs.iter().filter(|run| shown.contains(run.path.as_path())).cloned().collect()
}

/// `reports/digits` has its runs in `reports/digits-runs`.
fn runs_beside(out: &Path) -> anyhow::Result<PathBuf> {
    let name = out.file_name().with_context(|| format!("--out {}: expected a folder's name", out.display()))?;
    let mut name: OsString = name.into();
    name.push("-runs");
    Ok(out.with_file_name(name))
}

/// Runs what is planned and not done, the longest first so that all threads end together; the names of the
/// searches that failed, and why.
fn search_all(
    planned: &[Planned],
    folder: &Path,
    shared: &Shared,
    signals: &interrupt::Signals,
) -> Vec<(String, String)> {
    let mut queue: Vec<_> = planned.iter().collect();
    queue.sort_by(|a, b| b.work().total_cmp(&a.work()));
    let share = Share::new(planned.iter().map(Planned::work).sum(), planned.len(), shared.quiet);
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let worker = || {
        // Results do not depend on the number of threads, and runs side by side waste none.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool of one thread");
        while let Some(run) = queue.get(next.fetch_add(1, Ordering::Relaxed)) {
            if signals.asked() {
                break;
            }
            let search = || {
                let (mut watch, out) = (share.watch(run.work()), folder.join(&run.name));
                let mut observer = signals.over(&mut watch);
                let ended = train(shared.device, &run.config, &out, true, &mut observer)?;
                if ended == Ended::Done {
                    watch.done(&run.name);
                }
                Ok::<_, anyhow::Error>(())
            };
            if let Err(problem) = pool.install(search) {
                failed.lock().expect("no worker panics").push((run.name.clone(), format!("{problem:#}")));
            }
        }
    };
    let threads = shared.threads.map_or_else(rayon::current_num_threads, usize::from);
    thread::scope(|scope| (0..threads.min(queue.len())).for_each(|_| drop(scope.spawn(worker))));
    share.finish();
    failed.into_inner().expect("no worker panics")
}

fn command(arguments: &Arguments) -> String {
    let Arguments { scale, out, seeds, only, data, .. } = arguments;
    let mut command = format!("wirecost reproduce --scale {} --out {}", scale.name(), out.display());
    command += &seeds.map_or(String::new(), |seeds| format!(" --seeds {seeds}"));
    if !only.is_empty() {
        command += &format!(" --only {}", only.join(","));
    }
    command + &data.as_ref().map_or(String::new(), |data| format!(" --data {data}"))
}
