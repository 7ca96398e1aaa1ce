//! Every setting of a search.

use super::Error;
use crate::{
    cell::Topology,
    network::Settings,
    normalisation::{AffineLayout, NormSettings, Normalisation},
    operation::Order,
    tensor::op::Image,
};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// How α is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// One sampled operation an edge (Hu et al., 2020).
    Dsnas,
    /// A softmax mixture of all operations, first order (Liu et al., 2018).
    Darts,
}

/// On which images α is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The same batches as θ.
    Single,
    /// A set of its own, the search set.
    Bi,
}

/// A cell by name, or a graph of one's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CellChoice {
    /// `minimal` or `original`.
    Name(String),
    /// Nodes, edges, output.
    Graph(Topology),
}

/// A search's settings; in a file, keys are written with hyphens and unknown ones are errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// How α is trained.
    pub method: Method,
    /// On which images.
    pub level: Level,
    /// Which data: `digits`, or `synthetic` for tests.
    pub data: String,
    /// The seed of every random stream.
    pub seed: u64,
    /// Passes over the larger set.
    pub epochs: usize,
    /// Images in a batch.
    pub batch: usize,
    /// Images that train θ (and α in a single-level search).
    pub training_images: usize,
    /// Images that train α in a bi-level search.
    pub search_images: usize,
    /// Share of labels replaced by a wrong one, in both sets.
    pub label_noise: f64,
    /// The cell.
    pub cell: CellChoice,
    /// Stacked cells.
    pub cells: usize,
    /// Channels C inside a cell.
    pub channels: usize,
    /// Channels after the stem.
    pub stem_channels: usize,
    /// The normalisation.
    pub norm: Normalisation,
    /// Whether norms inside cells have γ and β (the stem's always has).
    pub affine: bool,
    /// ε of every norm.
    pub eps: f64,
    /// Order of ReLU, convolution and norm.
    pub order: Order,
    /// Factor on the classifier's first weights.
    pub head_gain: f64,
    /// First learning rate of θ; it falls to `theta-lr-min` along a cosine.
    pub theta_lr: f64,
    /// Last learning rate of θ.
    pub theta_lr_min: f64,
    /// Momentum of θ's SGD.
    pub theta_momentum: f64,
    /// L2 weight decay of θ.
    pub theta_decay: f64,
    /// Largest Euclidean norm of θ's gradient.
    pub clip: f64,
    /// Learning rate of α's Adam; 0 leaves α as it is.
    pub alpha_lr: f64,
    /// β₁ and β₂ of α's Adam.
    pub alpha_betas: [f64; 2],
    /// L2 weight decay of α.
    pub alpha_decay: f64,
    /// Mean of the first α.
    pub alpha_mean: f64,
    /// Standard deviation of the first α.
    pub alpha_std: f64,
}

impl Config {
    /// The paper's protocol for `method`, with the digits in the place of CIFAR-10 and narrower cells.
    pub fn new(method: Method) -> Self {
        let darts = method == Method::Darts;
        Config {
            method,
            level: if darts { Level::Bi } else { Level::Single },
            data: "digits".into(),
            seed: 0,
            epochs: if darts { 50 } else { 150 },
            batch: if darts { 64 } else { 96 },
            training_images: if darts { 864 } else { 1440 },
            search_images: 864,
            label_noise: 0.0,
            cell: CellChoice::Name("minimal".into()),
            cells: 1,
            channels: 8,
            stem_channels: 16,
            norm: Normalisation::Batch,
            affine: false,
            eps: 1e-5,
            order: Order::ReluConvNorm,
            head_gain: 1.0,
            theta_lr: 0.025,
            theta_lr_min: 0.001,
            theta_momentum: 0.9,
            theta_decay: 3e-4,
            clip: 5.0,
            alpha_lr: 3e-4,
            alpha_betas: [0.5, 0.999],
            alpha_decay: 1e-3,
            alpha_mean: if darts { 0.0 } else { 1.0 },
            alpha_std: if darts { 1e-3 } else { 0.01 },
        }
    }

    /// DSNAS with an over-confident head: C stays positive long enough for none to come to dominate the
    /// intermediate edge.
    pub fn quick_dsnas() -> Self {
        Config { epochs: 40, head_gain: 8.0, theta_lr: 0.005, alpha_lr: 0.05, ..Self::new(Method::Dsnas) }
    }

    /// DARTS where θ memorises labels that the search set cannot confirm: none comes to dominate every
    /// edge.
    pub fn quick_darts() -> Self {
        Config {
            epochs: 30,
            batch: 96,
            training_images: 96,
            label_noise: 0.6,
            head_gain: 8.0,
            theta_lr: 0.05,
            alpha_lr: 0.05,
            ..Self::new(Method::Darts)
        }
    }

    /// Refuses what makes no sense; the error names the key.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |field, problem: String| Err(Error::Config { field, problem });
        let counts = [("epochs", self.epochs), ("batch", self.batch), ("training-images", self.training_images)];
        if let Some((field, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return refuse(field, "0; expected at least 1".into());
        }
        let not_negative = [
            ("eps", self.eps),
            ("head-gain", self.head_gain),
            ("theta-lr", self.theta_lr),
            ("theta-lr-min", self.theta_lr_min),
            ("theta-momentum", self.theta_momentum),
            ("theta-decay", self.theta_decay),
            ("alpha-lr", self.alpha_lr),
            ("alpha-decay", self.alpha_decay),
            ("alpha-std", self.alpha_std),
        ];
        if let Some((field, value)) = not_negative.into_iter().find(|(_, v)| !(v.is_finite() && *v >= 0.0)) {
            return refuse(field, format!("{value}; expected a finite number that is not negative"));
        }
        if self.alpha_betas.iter().any(|beta| !(0.0..1.0).contains(beta)) {
            return refuse("alpha-betas", format!("{:?}; expected numbers from 0 to below 1", self.alpha_betas));
        }
        if self.clip.is_nan() || self.clip <= 0.0 {
            return refuse("clip", format!("{}; expected a positive number", self.clip));
        }
        if !self.alpha_mean.is_finite() {
            return refuse("alpha-mean", format!("{}; expected a finite number", self.alpha_mean));
        }
        if self.level == Level::Bi && self.search_images == 0 {
            return refuse("search-images", "0; a bi-level search trains α on a set of its own".into());
        }
        if self.level == Level::Bi && self.method == Method::Dsnas {
            return refuse("level", "bi; dsnas trains α and θ on the same batches, expected single".into());
        }
        Ok(())
    }

    /// The cell's graph.
    pub fn topology(&self) -> Result<Topology, Error> {
        match &self.cell {
            CellChoice::Graph(topology) => Ok(topology.clone()),
            CellChoice::Name(name) if name == "minimal" => Ok(Topology::minimal()),
            CellChoice::Name(name) if name == "original" => Ok(Topology::original()),
            CellChoice::Name(name) => Err(Error::Config {
                field: "cell",
                problem: format!("'{name}'; expected minimal, original, or a graph from a file"),
            }),
        }
    }

    /// The network for images `[H, W, C]` in `classes` classes.
    pub fn network(&self, [h, w, c]: [usize; 3], classes: usize) -> Result<Settings, Error> {
        let norm = |affine: bool| NormSettings {
            kind: self.norm,
            eps: self.eps,
            affine: affine.then_some(AffineLayout::Channel),
        };
        let settings = Settings {
            input: Image { n: self.batch, h, w, c },
            stem: Some((self.stem_channels, norm(true))),
            topology: self.topology()?,
            cells: self.cells,
            channels: self.channels,
            norm: norm(self.affine),
            order: self.order,
            classes,
            bias: false,
        };
        settings.check()?;
        Ok(settings)
    }

    /// θ's learning rate in an epoch: a cosine from the first to the last.
    pub fn theta_lr_at(&self, epoch: usize) -> f64 {
        let turn = std::f64::consts::PI * epoch as f64 / self.epochs as f64;
        self.theta_lr_min + (self.theta_lr - self.theta_lr_min) * (1.0 + turn.cos()) / 2.0
    }

    /// The command that makes this search again: what differs from the method's defaults.
    pub fn command(&self) -> String {
        let keys = |config: &Config| match serde_json::to_value(config) {
            Ok(serde_json::Value::Object(keys)) => keys,
            _ => unreachable!("settings are an object"),
        };
        let defaults = keys(&Config::new(self.method));
        let mut command = String::from("wirecost search");
        for (key, value) in keys(self) {
            if ["method", "data", "seed"].contains(&key.as_str()) || defaults[&key] != value {
                let value = match value {
                    serde_json::Value::String(text) => text,
                    serde_json::Value::Array(items) => {
                        items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
                    }
                    other => other.to_string(),
                };
                let quoted = if value.starts_with('{') { format!("'{value}'") } else { value };
                command += &format!(" --{key} {quoted}");
            }
        }
        command
    }
}

macro_rules! by_name {
    ($type:ty: $what:literal, $($name:literal => $value:expr),+) => {
        impl FromStr for $type {
            type Err = String;

            fn from_str(name: &str) -> Result<Self, String> {
                match name {
                    $($name => Ok($value),)+
                    _ => Err(format!("unknown {} '{name}'; known: {}", $what, [$($name),+].join(", "))),
                }
            }
        }
    };
}

by_name!(Method: "method", "dsnas" => Method::Dsnas, "darts" => Method::Darts);
by_name!(Level: "level", "single" => Level::Single, "bi" => Level::Bi);

impl FromStr for CellChoice {
    type Err = String;

    /// A name, or a graph as JSON.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim_start().starts_with('{') {
            true => serde_json::from_str(text).map(CellChoice::Graph).map_err(|problem| problem.to_string()),
            false => Ok(CellChoice::Name(text.into())),
        }
    }
}
