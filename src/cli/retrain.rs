//! `wirecost retrain`: a cell trained from scratch, beside random ones.

use super::{
    Shared, interrupt, progress,
    settings::{Given, Settings, recorded},
    style,
    train::train,
};
use crate::{
    architecture::{Rule, genotype},
    operation::Operation,
    run::{self, RunFolder},
    search::{
        Config, Ended, Method,
        retrain::{Plan, Summary, choice, settings, trainings},
    },
};
use anyhow::{Context, bail};
use clap::Args;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

const PLAN: &str = "retrain.json";
const RESULTS: &str = "results.json";

/// Train the cell of a run, or a given one, from scratch, and random cells beside it
///
/// Each training goes to a run folder of its own in --out, tested after each epoch on images that
/// neither the search nor the training saw; results.json has the accuracies after the last.
#[derive(Args)]
#[command(allow_negative_numbers = true)]
pub struct Arguments {
    /// A run folder, as `wirecost search` made it
    #[arg(value_name = "RUN", conflicts_with = "genotype")]
    run: Option<PathBuf>,
    /// Instead of a run: a file with a cell, as `wirecost derive` prints it
    #[arg(long, value_name = "FILE")]
    genotype: Option<PathBuf>,
    /// The rule that derives the cell, and the random ones: largest, largest-without-none, darts-top-2
    #[arg(long, value_name = "NAME", default_value_t = Rule::Largest)]
    rule: Rule,
    /// Trainings of the cell, each with other first weights and batches
    #[arg(long, value_name = "N", default_value_t = 5)]
    seeds: u64,
    /// Random cells, each trained once
    #[arg(long, value_name = "N", default_value_t = 5)]
    random: u64,
    /// The folder to make; one that exists is only touched by --resume
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Go on with what is in --out
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    settings: Settings,
}

pub fn run(arguments: &Arguments, shared: &Shared) -> anyhow::Result<ExitCode> {
    let (out, path) = (&arguments.out, arguments.out.join(PLAN));
    let recorded = match arguments.resume && out.exists() {
        true => Some(read(&path)?),
        false => None,
    };
    let given = arguments.settings.read()?;
    let named = arguments.run.is_some() || arguments.genotype.is_some();
    let plan = match (recorded, named) {
        (Some(recorded), false) if given.is_empty() => recorded,
        (recorded, _) => {
            let plan = plan(arguments, &given)?;
            if recorded.as_ref().is_some_and(|recorded| *recorded != plan) {
                bail!("{}: another retraining; resume it as recorded, or choose another --out", path.display());
            }
            if recorded.is_none() {
                run::create_folder(out, |new| run::write_json(&new.join(PLAN), &plan))?;
            }
            plan
        }
    };
    let signals = interrupt::Signals::listen()?;
    for training in &plan.trainings {
        let config = Config { data_dir: given.data_dir.clone(), ..plan.settings(training) };
        let mut observer = progress::observer(&training.name, shared.quiet);
        let mut observer = signals.over(&mut *observer);
        let folder = out.join(&training.name);
        let ended = train(shared.device, &config, &folder, true, &mut observer)?;
        if let Ended::Stopped { epoch, step } = ended {
            let (name, out) = (&training.name, out.display());
            eprintln!(
                "{out}: {name} saved in epoch {epoch} after step {step}; go on with wirecost retrain --out {out} --resume"
            );
            return Ok(ExitCode::from(interrupt::STATUS));
        }
    }
    let results = plan.results(out)?;
    run::write_json(&out.join(RESULTS), &results)?;
    let mut table = style::table(&["cell", "trainings", "test accuracy", "lowest", "highest"]);
    for (name, summary) in [("given", &results.cell), ("random", &results.random)] {
        if let Some(row) = row(name, summary) {
            table.add_row(row);
        }
    }
    println!("{table}");
    if !shared.quiet {
        println!("{}: mean ± standard error over trainings, each on {} test images", out.display(), results.images);
    }
    Ok(ExitCode::SUCCESS)
}

fn row(name: &str, summary: &Summary) -> Option<[String; 5]> {
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let error = summary.standard_error.map_or(String::new(), |error| format!(" ± {:.2}", 100.0 * error));
    let accuracies = || summary.trainings.iter().map(|tested| tested.accuracy);
    Some([
        name.into(),
        summary.trainings.len().to_string(),
        format!("{:.2}{error} %", 100.0 * summary.mean?),
        percent(accuracies().fold(f64::INFINITY, f64::min)),
        percent(accuracies().fold(f64::NEG_INFINITY, f64::max)),
    ])
}

fn read(path: &Path) -> anyhow::Result<Plan> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| format!("{}: damaged; retrain into another --out", path.display()))
}

fn plan(arguments: &Arguments, given: &Given) -> anyhow::Result<Plan> {
    if let Some(key) = given.one_of(&["method", "level", "cell", "edges", "alpha-lr", "test-images"]) {
        bail!("{key}: not for retrain, which trains the given cell and tests it on all images left; leave it out");
    }
    let (source, searched, cell) = match (&arguments.run, &arguments.genotype) {
        (Some(run), _) => derived(run, arguments.rule)?,
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            let (topology, cell) =
                genotype::parse(&text).map_err(|problem| anyhow::anyhow!("{}: {problem}", file.display()))?;
            let config = Config { cell: choice(&topology), ..Config::new(Method::Random) };
            (format!("--genotype {}", file.display()), config, cell)
        }
        (None, None) => bail!("RUN: not given; add a run folder, or --genotype FILE"),
    };
    let searched = match given.text("data")? {
        Some(data) if data != searched.data => searched.on(data),
        _ => searched,
    };
    if arguments.run.is_some() && given.one_of(&["seed"]).is_some() {
        bail!("seed: not with RUN, whose seed says which images the search saw; leave it out");
    }
    let defaults = settings(&Config { data_dir: given.data_dir.clone(), ..searched.clone() })?;
    let config = given.over(defaults.clone())?;
    config.check()?;
    let (topology, allowed) = (config.topology()?, searched.allowed()?);
    let trainings =
        trainings(&topology, &cell, arguments.seeds, (arguments.rule, &allowed), arguments.random, config.seed);
    let Arguments { rule, seeds, random, .. } = arguments;
    let command = format!(
        "wirecost retrain {source} --rule {rule} --seeds {seeds} --random {random}{}",
        config.flags(&defaults, &["data", "seed"])
    );
    // Where the data lie is no part of the plan.
    let config = Config { data_dir: None, ..config };
    Ok(Plan { version: env!("CARGO_PKG_VERSION").into(), command, config, trainings })
}

/// The settings of a run, and its cell under the rule.
fn derived(run: &Path, rule: Rule) -> anyhow::Result<(String, Config, Vec<Operation>)> {
    let folder = RunFolder::open(run)?;
    let config = recorded(&folder.manifest, run)?;
    let logits = folder.alpha.index_axis(ndarray::Axis(0), folder.epochs());
    let cell = rule.derive(logits, &config.topology()?);
    Ok((run.display().to_string(), config, cell))
}
