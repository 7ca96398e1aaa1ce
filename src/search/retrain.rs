//! Cells trained from scratch: one that is given, and random ones beside it.
//!
//! Each training is a run folder like that of any search, whose every edge has one operation, so the
//! method that samples uniformly has nothing left to choose.

use super::{CellChoice, Config, Edges, Error, Evaluation, Level, Method};
use crate::{
    architecture::{Rule, allowed_logits, genotype},
    cell::Topology,
    operation::Operation,
    run::{self, RunFolder},
    seed::stream,
    trend::Estimate,
};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What is trained, with which settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Version of wirecost.
    pub version: String,
    /// The command that makes all of it again, without `--threads` and `--out`.
    pub command: String,
    /// The settings of every training but for its cell and repetition.
    pub config: Config,
    /// The trainings.
    pub trainings: Vec<Training>,
}

/// One training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// Its folder.
    pub name: String,
    /// Whether the cell was given, or drawn.
    pub given: bool,
    /// The cell in DARTS's notation.
    pub genotype: String,
    /// The operation of each edge.
    pub operations: Vec<Operation>,
    /// Which repetition.
    pub repeat: u64,
}

/// The settings to retrain a cell of `searched` with: its images, cell and layers; a head, learning rate
/// and regularisation that serve accuracy. What the search saw trains, and at least four of five images;
/// the others, or the published test set, test.
pub fn settings(searched: &Config) -> Result<Config, Error> {
    let dataset = searched.dataset()?;
    let images = dataset.training.len();
    let seen = searched.training_images + if searched.level == Level::Bi { searched.search_images } else { 0 };
    let (training_images, test_images) = match &dataset.test {
        Some(test) => (images, test.len()),
        None => (seen.max(images * 4 / 5), images - seen.max(images * 4 / 5)),
    };
    let protocol = Config::new(Method::Random).on(&searched.data);
    Ok(Config {
        level: Level::Single,
        data_dir: searched.data_dir.clone(),
        seed: searched.seed,
        epochs: 60,
        training_images,
        search_images: 0,
        test_images,
        evaluation: Evaluation::Moving,
        crop: if protocol.crop > 0 { protocol.crop } else { 1 },
        cell: searched.cell.clone(),
        cells: 2,
        channels: 16,
        stem_channels: 48,
        norm: searched.norm,
        affine: true,
        eps: searched.eps,
        order: searched.order,
        theta_lr_min: 0.0,
        ..protocol
    })
}

/// A given cell on `topology` in `seeds` repetitions, and `random` cells that `rule` derives from
/// logits drawn at random for the operations that are `allowed`.
pub fn trainings(
    topology: &Topology,
    given: &[Operation],
    seeds: u64,
    (rule, allowed): (Rule, &[Vec<Operation>]),
    random: u64,
    seed: u64,
) -> Vec<Training> {
    let training = |name: String, given, operations: &[Operation], repeat| Training {
        name,
        given,
        genotype: genotype(operations, topology),
        operations: operations.to_vec(),
        repeat,
    };
    let drawn = |n: u64| {
        let mut stream = stream(seed, &format!("random cell {n}"));
        let logits = allowed_logits(allowed, |_| StandardNormal.sample(&mut stream));
        rule.derive(logits.view(), topology)
    };
    let cell = (0..seeds).map(|n| training(format!("cell-{n}"), true, given, n));
    cell.chain((0..random).map(|n| training(format!("random-{n}"), false, &drawn(n), n))).collect()
}

impl Plan {
    /// The settings of one training.
    pub fn settings(&self, training: &Training) -> Config {
        let one = training.operations.iter().map(|operation| vec![*operation]).enumerate();
        Config { repeat: training.repeat, edges: Edges(one.collect()), ..self.config.clone() }
    }

    /// What the finished trainings in the folder `out` came to.
    ///
    /// # Errors
    /// If a run folder is not whole.
    pub fn results(&self, out: &Path) -> run::Result<Results> {
        let mut accuracies = Vec::new();
        for training in &self.trainings {
            let folder = RunFolder::open(&out.join(&training.name))?;
            let last = folder.metrics.iter().rfind(|metrics| metrics.set == "test");
            accuracies.push(last.map(|metrics| metrics.accuracy).unwrap_or(f64::NAN));
        }
        let of = |given: bool| {
            let trainings = self.trainings.iter().zip(&accuracies).filter(|(training, _)| training.given == given);
            Summary::new(trainings.map(|(training, accuracy)| Tested {
                name: training.name.clone(),
                genotype: training.genotype.clone(),
                accuracy: *accuracy,
            }))
        };
        Ok(Results {
            command: self.command.clone(),
            images: self.config.test_images,
            cell: of(true),
            random: of(false),
        })
    }
}

/// `results.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The command that makes them again.
    pub command: String,
    /// Images that were tested.
    pub images: usize,
    /// The cell that was given.
    pub cell: Summary,
    /// Random ones.
    pub random: Summary,
}

/// Test accuracies after the last epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Their mean; none without trainings.
    pub mean: Option<f64>,
    /// Standard error of the mean; none with fewer than two.
    pub standard_error: Option<f64>,
    /// One by one.
    pub trainings: Vec<Tested>,
}

/// One training's test accuracy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tested {
    /// Its folder.
    pub name: String,
    /// The cell.
    pub genotype: String,
    /// Share of the test images.
    pub accuracy: f64,
}

impl Summary {
    fn new(trainings: impl Iterator<Item = Tested>) -> Self {
        let trainings: Vec<_> = trainings.collect();
        let (n, accuracies) = (trainings.len(), trainings.iter().map(|tested| tested.accuracy).collect::<Vec<_>>());
        let Estimate { mean, error } = Estimate::of(&accuracies);
        Summary { mean: (n > 0).then_some(mean), standard_error: (n > 1).then_some(error), trainings }
    }
}

/// The cell as a setting: by name where it has one.
pub fn choice(topology: &Topology) -> CellChoice {
    match topology {
        minimal if *minimal == Topology::minimal() => CellChoice::Name("minimal".into()),
        original if *original == Topology::original() => CellChoice::Name("original".into()),
        other => CellChoice::Graph(other.clone()),
    }
}
