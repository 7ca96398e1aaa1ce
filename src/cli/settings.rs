//! Settings as a user gives them: a TOML file, and a flag for each of its keys.

use crate::{
    normalisation::Normalisation,
    operation::Order,
    run::{MANIFEST, Manifest},
    search::{CellChoice, Config, Edge, Edges, Evaluation, Level, Method},
};
use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The file, the flags, and where the data lie.
#[derive(Args)]
pub struct Settings {
    /// Settings as TOML; its keys are those of the flags below
    #[arg(long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// Folder of the data's files, if not a usual one; no setting: the results do not depend on it
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    flags: Flags,
}

/// What was given.
pub struct Given {
    /// Where the data lie.
    pub data_dir: Option<PathBuf>,
    path: Option<PathBuf>,
    file: Table,
    flags: Table,
}

impl Settings {
    /// Reads the file.
    pub fn read(&self) -> anyhow::Result<Given> {
        let file = match &self.config {
            None => Table::new(),
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
                text.parse().map_err(|error: toml::de::Error| one_line(path, &error))?
            }
        };
        let (data_dir, path, flags) = (self.data_dir.clone(), self.config.clone(), Table::try_from(&self.flags)?);
        Ok(Given { data_dir, path, file, flags })
    }
}

impl Given {
    /// Whether no key was given, nor a file.
    pub fn is_empty(&self) -> bool {
        self.flags.is_empty() && self.path.is_none()
    }

    /// The value of a key that is a name.
    pub fn text(&self, key: &str) -> anyhow::Result<Option<&str>> {
        match self.flags.get(key).or(self.file.get(key)) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => bail!("{key}: {other}; expected a name"),
        }
    }

    /// One of `keys` that was given.
    pub fn one_of<'a>(&self, keys: &[&'a str]) -> Option<&'a str> {
        keys.iter().copied().find(|key| self.flags.contains_key(*key) || self.file.contains_key(*key))
    }

    /// `base`, overlaid with the file's keys, then with the flags.
    pub fn over(&self, base: Config) -> anyhow::Result<Config> {
        let mut table = Table::try_from(base)?;
        if let (Some(path), Some(key)) = (&self.path, self.file.keys().find(|key| !table.contains_key(*key))) {
            let known: Vec<_> = table.keys().map(String::as_str).collect();
            bail!("{}: unknown key '{key}'; known: {}", path.display(), known.join(", "));
        }
        table.extend(self.file.clone());
        table.extend(self.flags.clone());
        let config: Config = table.try_into().map_err(|error| match &self.path {
            Some(path) => one_line(path, &error),
            None => anyhow::Error::msg(error.message().to_string()),
        })?;
        Ok(Config { data_dir: self.data_dir.clone(), ..config })
    }
}

/// The settings that the manifest of the run in `folder` records.
pub fn recorded(manifest: &Manifest, folder: &Path) -> anyhow::Result<Config> {
    serde_json::from_value(manifest.config.clone())
        .with_context(|| format!("{}: config", folder.join(MANIFEST).display()))
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
    /// digits, fashion-mnist, cifar-10 or synthetic
    #[arg(long, value_name = "NAME")]
    data: Option<String>,
    /// Seed of every random stream
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Repetition: other first weights and draws, on the same images
    #[arg(long, value_name = "N")]
    repeat: Option<u64>,
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
    /// Images held out to test with after each epoch
    #[arg(long, value_name = "N")]
    test_images: Option<usize>,
    /// Whose statistics norms use in tests: batch (the batch's own) or moving (averages over training)
    #[arg(long, value_name = "NAME")]
    evaluation: Option<Evaluation>,
    /// Share of labels replaced by a wrong one, 0 to 1
    #[arg(long, value_name = "X")]
    label_noise: Option<f64>,
    /// Black pixels around an image that trains, from which it is cut out at a random place
    #[arg(long, value_name = "N")]
    crop: Option<usize>,
    /// Whether half of the images that train are reflected: true or false
    #[arg(long, value_name = "BOOL")]
    flip: Option<bool>,
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

fn one_line(path: &Path, error: &toml::de::Error) -> anyhow::Error {
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
