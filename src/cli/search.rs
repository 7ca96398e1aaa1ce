//! `wirecost search`: α and θ trained on images, everything written to a run folder.

use super::{Shared, doctor, interrupt, progress};
use crate::{
    normalisation::Normalisation,
    operation::Order,
    run::{MANIFEST, Manifest},
    search::{
        CellChoice, Config, Edge, Edges, Ended, Level, Method, Size,
        preset::{self, Scale, preset},
        resume, search, size,
    },
    tensor::Cpu,
};
use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;
use std::{path::PathBuf, process::ExitCode};

/// Search an architecture and write everything a figure needs to a run folder
///
/// Settings come from the method's defaults (the paper's protocol at digits scale), then from
/// --config, then from the flags. The same settings and seed give the same files, byte for byte, at
/// any number of threads; only timing.jsonl and machine.json depend on the machine.
///
/// Ctrl-C finishes the step, saves and stops; --resume goes on from there, or from the last checkpoint
/// of a search that was killed, and ends with the same files.
#[derive(Args)]
#[command(allow_negative_numbers = true)]
pub struct Arguments {
    /// The run folder to make; one that exists is only touched by --resume
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Go on with the run in --out, if there is one, with its recorded settings
    #[arg(long)]
    resume: bool,
    /// Settings as TOML; its keys are those of the flags below
    #[arg(long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// Start from the settings for a figure of the paper: fig01, fig02, … fig21
    #[arg(long, value_name = "FIGURE", conflicts_with = "method")]
    preset: Option<String>,
    /// How long the preset may take: quick (seconds) or standard (minutes) [default: quick]
    #[arg(long, value_name = "NAME")]
    scale: Option<Scale>,
    /// Print the resolved settings as TOML, with the size of the search, and stop
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    flags: Flags,
}

/// One flag for each setting; what is not given is left alone.
#[derive(Args, Serialize)]
#[serde(rename_all = "kebab-case")]
#[command(next_help_heading = "Settings")]
struct Flags {
    /// dsnas, darts, snas, proxylessnas, or random
    #[arg(long, value_name = "NAME")]
    method: Option<Method>,
    /// Which images train α: single (those of θ) or bi (a set of its own)
    #[arg(long, value_name = "NAME")]
    level: Option<Level>,
    /// digits or synthetic
    #[arg(long, value_name = "NAME")]
    data: Option<String>,
    /// Seed of every random stream
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Passes over the larger set
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Images in a batch
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Images that train θ
    #[arg(long, value_name = "N")]
    training_images: Option<usize>,
    /// Images that train α in a bi-level search
    #[arg(long, value_name = "N")]
    search_images: Option<usize>,
    /// Share of labels replaced by a wrong one, 0 to 1
    #[arg(long, value_name = "X")]
    label_noise: Option<f64>,
    /// minimal, original, or a graph as JSON with its nodes, edges and, if not all nodes, output
    #[arg(long, value_name = "CELL")]
    cell: Option<CellChoice>,
    /// Stacked cells
    #[arg(long, value_name = "N")]
    cells: Option<usize>,
    /// Channels inside a cell
    #[arg(long, value_name = "N")]
    channels: Option<usize>,
    /// Channels after the stem
    #[arg(long, value_name = "N")]
    stem_channels: Option<usize>,
    /// batch, layer, instance, group:N or none
    #[arg(long, value_name = "NAME")]
    norm: Option<Normalisation>,
    /// γ and β in the cells' norms: true or false
    #[arg(long, value_name = "BOOL")]
    affine: Option<bool>,
    /// ε of every norm
    #[arg(long, value_name = "X")]
    eps: Option<f64>,
    /// relu_conv_norm, conv_relu_norm or conv_norm_relu
    #[arg(long, value_name = "NAME")]
    order: Option<Order>,
    /// Factor on the classifier's first weights
    #[arg(long, value_name = "X")]
    head_gain: Option<f64>,
    /// First learning rate of θ
    #[arg(long, value_name = "X")]
    theta_lr: Option<f64>,
    /// Last learning rate of θ
    #[arg(long, value_name = "X")]
    theta_lr_min: Option<f64>,
    /// Momentum of θ's SGD
    #[arg(long, value_name = "X")]
    theta_momentum: Option<f64>,
    /// L2 weight decay of θ
    #[arg(long, value_name = "X")]
    theta_decay: Option<f64>,
    /// Largest norm of θ's gradient
    #[arg(long, value_name = "X")]
    clip: Option<f64>,
    /// Learning rate of α; 0 keeps α as it starts
    #[arg(long, value_name = "X")]
    alpha_lr: Option<f64>,
    /// β₁,β₂ of α's Adam
    #[arg(long, value_name = "X,X", value_parser = pair)]
    alpha_betas: Option<[f64; 2]>,
    /// L2 weight decay of α
    #[arg(long, value_name = "X")]
    alpha_decay: Option<f64>,
    /// Mean of the first α
    #[arg(long, value_name = "X")]
    alpha_mean: Option<f64>,
    /// Standard deviation of the first α
    #[arg(long, value_name = "X")]
    alpha_std: Option<f64>,
    /// DARTS, second order: true or false
    #[arg(long, value_name = "BOOL")]
    unrolled: Option<bool>,
    /// First temperature of SNAS
    #[arg(long, value_name = "X")]
    tau: Option<f64>,
    /// Last temperature of SNAS
    #[arg(long, value_name = "X")]
    tau_min: Option<f64>,
    /// Paths of an edge that ProxylessNAS evaluates to train α, 2 to 8
    #[arg(long, value_name = "N")]
    paths: Option<usize>,
    /// Operations that an edge may have: 2=none,skip_connect; 2= deletes edge 2; once for each edge
    #[arg(long = "edge", value_name = "N=NAME,…")]
    #[serde(serialize_with = "as_table", skip_serializing_if = "Vec::is_empty")]
    edges: Vec<Edge>,
}

pub fn run(arguments: &Arguments, shared: &Shared) -> anyhow::Result<ExitCode> {
    let config = resolve(arguments)?;
    config.check()?;
    if arguments.dry_run {
        let Size { theta, alpha, steps } = size::<f32, Cpu>(&config, Cpu::default())?;
        let (epochs, settings) = (config.epochs, toml::to_string(&config)?);
        print!("# parameters: θ {theta}, α {alpha}; steps: {steps} in each of {epochs} epochs\n{settings}");
        return Ok(ExitCode::SUCCESS);
    }
    let mut observer = progress::observer(config.method.name(), shared.quiet);
    let mut observer = interrupt::Interruptible::new(&mut *observer)?;
    let run = if arguments.resume { resume::<f32, Cpu> } else { search::<f32, Cpu> };
    let out = arguments.out.display();
    match run(&config, Cpu::default(), &arguments.out, doctor::machine(), &mut observer)? {
        Ended::Done => {
            if !shared.quiet {
                println!("{out}: done; see it with wirecost report {out} --out FOLDER");
            }
            Ok(ExitCode::SUCCESS)
        }
        Ended::Stopped { epoch, step } => {
            eprintln!(
                "{out}: saved in epoch {epoch} after step {step}; go on with wirecost search --out {out} --resume"
            );
            Ok(ExitCode::from(interrupt::STATUS))
        }
    }
}

/// The defaults of the method or preset, overlaid with the file's keys, then with the flags.
///
/// A run that is resumed without any settings has its own.
fn resolve(arguments: &Arguments) -> anyhow::Result<Config> {
    let flags = toml::Table::try_from(&arguments.flags)?;
    let given_none = flags.is_empty() && arguments.config.is_none() && arguments.preset.is_none();
    if arguments.resume && given_none && arguments.out.exists() {
        let config = Manifest::read(&arguments.out)?.config;
        return serde_json::from_value(config)
            .with_context(|| format!("{}: config", arguments.out.join(MANIFEST).display()));
    }
    let file = match &arguments.config {
        None => toml::Table::new(),
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
            text.parse().map_err(|error: toml::de::Error| one_line(path, &error))?
        }
    };
    let base = match &arguments.preset {
        Some(name) => preset(name, arguments.scale.unwrap_or(Scale::Quick))
            .with_context(|| format!("--preset {name}: no such preset; known: {}", preset::NAMES.join(", ")))?,
        None if arguments.scale.is_some() => bail!("--scale: is that of a preset; add a --preset such as fig02"),
        None => Config::new(match flags.get("method").or(file.get("method")) {
            Some(toml::Value::String(name)) => name.parse().map_err(anyhow::Error::msg)?,
            Some(other) => bail!("method: {other}; expected a name such as \"dsnas\""),
            None => bail!("method: not given; add --method dsnas, darts, snas, proxylessnas or random, or a --preset"),
        }),
    };
    let mut table = toml::Table::try_from(base)?;
    if let (Some(path), Some(key)) = (&arguments.config, file.keys().find(|key| !table.contains_key(*key))) {
        let known: Vec<_> = table.keys().map(String::as_str).collect();
        bail!("{}: unknown key '{key}'; known: {}", path.display(), known.join(", "));
    }
    table.extend(file);
    table.extend(flags);
    table.try_into().map_err(|error| match &arguments.config {
        Some(path) => one_line(path, &error),
        None => anyhow::Error::msg(error.message().to_string()),
    })
}

fn one_line(path: &std::path::Path, error: &toml::de::Error) -> anyhow::Error {
    anyhow::anyhow!("{}: {}", path.display(), error.message().replace('\n', " "))
}

fn pair(text: &str) -> Result<[f64; 2], String> {
    let numbers: Vec<f64> = text.split(',').filter_map(|number| number.trim().parse().ok()).collect();
    numbers.try_into().map_err(|_| "expected two numbers with a comma between them".into())
}

/// The edges as the key has them.
fn as_table<S: serde::Serializer>(edges: &[Edge], serializer: S) -> Result<S::Ok, S::Error> {
    Edges(edges.iter().map(|Edge(edge, operations)| (*edge, operations.clone())).collect()).serialize(serializer)
}
