//! Every setting of a search.

mod check;
mod data;
mod edges;
mod kinds;
mod text;

pub use edges::{Edge, Edges};
pub use kinds::{CellChoice, Evaluation, Level, Method};

use super::Error;
use crate::{
    cell::Topology,
    network::Settings,
    normalisation::{AffineLayout, NormSettings, Normalisation},
    operation::Order,
    tensor::op::Image,
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A search's settings; in a file, keys are written with hyphens and unknown ones are errors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// How α is trained.
    pub method: Method,
    /// On which images.
    pub level: Level,
    /// Which data: `digits`, `fashion-mnist`, `cifar-10`, or `synthetic` for tests.
    pub data: String,
    /// The folder of the data's files, where it is not a usual one: no part of what a run is.
    #[serde(skip)]
    pub data_dir: Option<PathBuf>,
    /// The seed of every random stream.
    pub seed: u64,
    /// Which repetition: other first weights, batches and samples, on the same images.
    #[serde(default)]
    pub repeat: u64,
    /// Passes over the larger set.
    pub epochs: usize,
    /// Images in a batch.
    pub batch: usize,
    /// Images that train θ (and α in a single-level search).
    pub training_images: usize,
    /// Images that train α in a bi-level search.
    pub search_images: usize,
    /// Images that are held out, to test with after each epoch.
    #[serde(default)]
    pub test_images: usize,
    /// Whose statistics norms use on them.
    #[serde(default)]
    pub evaluation: Evaluation,
    /// Share of labels replaced by a wrong one, in the sets that train.
    pub label_noise: f64,
    /// Black pixels around an image that trains, from which it is cut out at a random place.
    #[serde(default)]
    pub crop: usize,
    /// Whether half of the images that train are reflected.
    #[serde(default)]
    pub flip: bool,
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
    /// Whether DARTS looks one step of θ ahead (second order).
    pub unrolled: bool,
    /// First temperature of SNAS; it falls to `tau-min` by the same factor each epoch.
    pub tau: f64,
    /// Last temperature of SNAS.
    pub tau_min: f64,
    /// Paths of an edge that ProxylessNAS evaluates to train α.
    pub paths: usize,
    /// The operations that some edges may have.
    pub edges: Edges,
}

impl Config {
    /// The paper's protocol for `method`, with the digits in the place of CIFAR-10 and narrower cells;
    /// for methods that the paper does not run, their own papers'.
    pub fn new(method: Method) -> Self {
        let dsnas = Config {
            method,
            level: Level::Single,
            data: "digits".into(),
            data_dir: None,
            seed: 0,
            repeat: 0,
            epochs: 150,
            batch: 96,
            training_images: 1440,
            search_images: 864,
            test_images: 0,
            evaluation: Evaluation::Batch,
            label_noise: 0.0,
            crop: 0,
            flip: false,
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
            alpha_mean: 1.0,
            alpha_std: 0.01,
            unrolled: false,
            tau: 1.0,
            tau_min: 0.03,
            paths: 2,
            edges: Edges::default(),
        };
        let bi = |epochs| Config {
            level: Level::Bi,
            epochs,
            batch: 64,
            training_images: 864,
            alpha_mean: 0.0,
            alpha_std: 1e-3,
            ..dsnas.clone()
        };
        match method {
            Method::Dsnas => dsnas,
            Method::Snas => Config { batch: 64, ..dsnas },
            Method::Random => Config { alpha_lr: 0.0, alpha_mean: 0.0, alpha_std: 0.0, ..dsnas },
            Method::Darts => bi(50),
            // Without momentum or decay, so that paths which were not drawn do not move.
            Method::ProxylessNas => Config { alpha_lr: 1e-3, alpha_betas: [0.0, 0.999], alpha_decay: 0.0, ..bi(120) },
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

    /// SNAS's temperature in an epoch: geometric from the first to the last.
    pub fn tau_at(&self, epoch: usize) -> f64 {
        let done = epoch as f64 / self.epochs.saturating_sub(1).max(1) as f64;
        self.tau * (self.tau_min / self.tau).powf(done)
    }
}
