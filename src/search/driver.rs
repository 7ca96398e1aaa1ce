//! Epochs and steps of a search, and what is written of them.

use super::{
    Config, Error, Level, Method, darts, dsnas,
    model::{Batch, Model},
    observer::{Observer, Progress},
    tally::Tally,
};
use crate::{
    architecture::softmax_rows,
    cell::INPUTS,
    data::{self, Images, batches},
    operation::Operation,
    run::{CellSummary, CostAccumulator, DataSummary, EpochMetrics, Manifest, RunWriter},
    seed::stream,
    tensor::{self, Backend, Element},
};
use std::{collections::BTreeMap, path::Path, time::Instant};

/// The set that trains θ, and in a bi-level search the one that trains α.
struct Sets {
    training: Images,
    search: Option<Images>,
}

/// Runs a search in elements of type `E` and writes a run folder at `out`, which must not exist.
/// `machine` describes where it ran.
pub fn search<E: Element, D: Backend<E>>(
    config: &Config,
    device: D,
    out: &Path,
    machine: serde_json::Value,
    observer: &mut dyn Observer,
) -> Result<(), Error> {
    config.check()?;
    let sets = Sets::new(config)?;
    let mut model = Model::<E, D>::new(config, &sets.training, device)?;
    let manifest = manifest(config, &sets)?;
    let cell = &manifest.cell;
    let mut costs = CostAccumulator::new(cell.cells, cell.edges.len(), Operation::ALL.len());
    let mut run = RunWriter::create(out, &manifest, machine)?;
    run.alpha(model.alpha.logits()?.view())?;
    for epoch in 0..config.epochs {
        let start = Instant::now();
        let metrics = sets.epoch(config, &mut model, epoch, &mut costs, observer)?;
        metrics.iter().try_for_each(|metrics| run.metrics(metrics))?;
        run.costs(&costs.take(epoch))?;
        run.alpha(model.alpha.logits()?.view())?;
        run.timing(epoch, start.elapsed().as_secs_f64())?;
        let steps = sets.steps(config);
        let probabilities = softmax_rows(model.alpha.logits()?.view());
        let probabilities = probabilities.view();
        observer.epoch(&Progress {
            epoch,
            epochs: config.epochs,
            step: steps,
            steps,
            metrics: &metrics,
            probabilities,
        });
    }
    run.finish()?;
    Ok(())
}

impl Sets {
    fn new(config: &Config) -> Result<Self, Error> {
        let images = match config.data.as_str() {
            "digits" => data::digits(),
            "synthetic" => data::synthetic(config.seed, config.training_images + config.search_images, [6, 6, 2], 4)?,
            other => {
                let problem = format!("unknown data '{other}'; known: digits, synthetic");
                return Err(Error::Config { field: "data", problem });
            }
        };
        let images = images.with_label_noise(config.label_noise, config.seed)?;
        Ok(match config.level {
            Level::Single => {
                let [training] = data::split(&images, config.seed, [config.training_images])?;
                Sets { training, search: None }
            }
            Level::Bi => {
                let sizes = [config.training_images, config.search_images];
                let [training, search] = data::split(&images, config.seed, sizes)?;
                Sets { training, search: Some(search) }
            }
        })
    }

    /// Steps in an epoch: one pass over the larger set. The smaller one starts again when it ends.
    fn steps(&self, config: &Config) -> usize {
        let larger = self.search.iter().map(Images::len).fold(self.training.len(), usize::max);
        larger.div_ceil(config.batch)
    }

    /// The epoch's batches of one set, as many as there are steps.
    fn batches(&self, config: &Config, name: &str, images: &Images, epoch: usize) -> Vec<Vec<usize>> {
        let round = |round: usize| batches(config.seed, &format!("{name} {round}"), epoch, images.len(), config.batch);
        (0..).flat_map(round).take(self.steps(config)).collect()
    }

    fn epoch<E: Element, D: Backend<E>>(
        &self,
        config: &Config,
        model: &mut Model<E, D>,
        epoch: usize,
        costs: &mut CostAccumulator,
        observer: &mut dyn Observer,
    ) -> Result<Vec<EpochMetrics>, Error> {
        let (learning_rate, fixed) = (config.theta_lr_at(epoch), config.alpha_lr == 0.0);
        let training = self.batches(config, "training", &self.training, epoch);
        let search = self.search.as_ref().map(|images| (images, self.batches(config, "search", images, epoch)));
        let [mut training_tally, mut search_tally] = [Tally::default(), Tally::default()];
        for (step, indices) in training.iter().enumerate() {
            let failed = |problem: tensor::Error| Error::Step { epoch, step, problem };
            let (trained, searched) = match config.method {
                Method::Dsnas => {
                    let mut stream = stream(config.seed, &format!("sample {epoch} {step}"));
                    let batch = dsnas::step(model, &self.training, indices, learning_rate, &mut stream, fixed);
                    (batch.map_err(failed)?, None)
                }
                Method::Darts => {
                    let training = darts::From { images: &self.training, indices };
                    let search = search.as_ref().map(|(images, all)| darts::From { images, indices: &all[step] });
                    darts::step(model, training, search, learning_rate, fixed).map_err(failed)?
                }
            };
            training_tally.add(&trained.losses);
            if let Some(searched) = &searched {
                search_tally.add(&searched.losses);
            }
            record(costs, searched.as_ref().unwrap_or(&trained));
            let probabilities = softmax_rows(model.alpha.logits()?.view());
            observer.step(&Progress {
                epoch,
                epochs: config.epochs,
                step: step + 1,
                steps: training.len(),
                metrics: &[],
                probabilities: probabilities.view(),
            });
        }
        let mut metrics = vec![training_tally.metrics(epoch, "training", learning_rate)];
        metrics.extend(search.map(|_| search_tally.metrics(epoch, "search", learning_rate)));
        Ok(metrics)
    }
}

/// Adds the costs of the operations that took part in the batch that trains α.
fn record(costs: &mut CostAccumulator, batch: &Batch) {
    for cell in 0..batch.costs.dim().0 {
        for (edge, active) in batch.active.iter().enumerate() {
            for operation in active.iter().map(|operation| operation.index()) {
                costs.push(cell, edge, operation, batch.costs[[cell, edge, operation]]);
            }
        }
    }
}

fn manifest(config: &Config, sets: &Sets) -> Result<Manifest, Error> {
    let topology = config.topology()?;
    let training = &sets.training;
    let mut sizes = BTreeMap::from([("training".to_string(), training.len())]);
    sizes.extend(sets.search.iter().map(|images| ("search".to_string(), images.len())));
    let method = match (config.method, config.level) {
        (Method::Dsnas, _) => "DSNAS, single level",
        (Method::Darts, Level::Single) => "DARTS, first order, single level",
        (Method::Darts, Level::Bi) => "DARTS, first order, bi-level",
    };
    Ok(Manifest {
        version: env!("CARGO_PKG_VERSION").into(),
        command: config.command(),
        seed: config.seed,
        config: serde_json::to_value(config).expect("settings are plain values"),
        data: DataSummary {
            name: training.name.clone(),
            sha256: training.sha256.clone(),
            classes: training.classes,
            image: training.image,
            sets: sizes,
        },
        cell: CellSummary {
            cells: config.cells,
            nodes: topology.nodes(),
            inputs: INPUTS,
            edges: topology.edges().to_vec(),
            output: topology.output().to_vec(),
        },
        operations: Operation::ALL.map(|operation| operation.name().to_string()).to_vec(),
        title: format!("{method}, {}", training.name),
        note: note(config),
    })
}

/// What a reader should know before comparing with the paper.
fn note(config: &Config) -> String {
    let default = Config::new(config.method);
    let changed = [
        ("head gain", config.head_gain, default.head_gain),
        ("learning rate of θ", config.theta_lr, default.theta_lr),
        ("learning rate of α", config.alpha_lr, default.alpha_lr),
        ("label noise", config.label_noise, default.label_noise),
        ("training images", config.training_images as f64, default.training_images as f64),
    ];
    let changed: Vec<_> = changed
        .into_iter()
        .filter(|(_, value, default)| value != default)
        .map(|(name, value, default)| format!("{name} {value} (protocol: {default})"))
        .collect();
    match changed.is_empty() {
        true => "Batch statistics throughout. These are the protocol's settings at digits scale; with them the operation none does \
                 not come to dominate an edge here."
            .into(),
        false => format!(
            "Batch statistics throughout. Settings that differ from the protocol, with which the operation none does not come to \
             dominate an edge on digits: {}.",
            changed.join(", ")
        ),
    }
}
