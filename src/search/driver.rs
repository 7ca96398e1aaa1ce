//! Epochs and steps of a search, and what is written of them.

use super::{
    Config, Error, describe,
    model::{Batch, Model},
    observer::{Observer, Progress},
    sets::{Batches, Sets},
    state::State,
    step::{self, From, Task},
};
use crate::{
    architecture::softmax_rows,
    run::{CHECKPOINT, Checkpoint, CostAccumulator, EpochMetrics, Manifest, RunWriter},
    tensor::{Backend, Element},
};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Between two checkpoints inside an epoch; one is also written at each epoch's end.
const SAVE_EVERY: Duration = Duration::from_secs(300);

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All epochs are done.
    Done,
    /// The observer asked for a stop; [`resume`] goes on from there.
    Stopped {
        /// The epoch, from 0.
        epoch: usize,
        /// Steps done in it.
        step: usize,
    },
}

/// Runs a search in elements of type `E` and writes a run folder at `out`, which must not exist.
/// `machine` describes where it ran.
pub fn search<E: Element, D: Backend<E>>(
    config: &Config,
    device: D,
    out: &Path,
    machine: serde_json::Value,
    observer: &mut dyn Observer,
) -> Result<Ended, Error> {
    let search = Search::<E, D>::new(config, device)?;
    let run = RunWriter::create(out, &search.manifest, machine)?;
    let state = State::at(0, &search.manifest);
    search.run(state, run, observer)
}

/// Goes on with a search whose run folder is `out`, or starts it where there is none. The end is the
/// same, byte for byte, as that of a search that was never interrupted.
pub fn resume<E: Element, D: Backend<E>>(
    config: &Config,
    device: D,
    out: &Path,
    machine: serde_json::Value,
    observer: &mut dyn Observer,
) -> Result<Ended, Error> {
    if !out.exists() {
        return search(config, device, out, machine, observer);
    }
    let recorded = Manifest::read(out)?;
    let mut search = Search::<E, D>::new(config, device)?;
    describe::same(&search.manifest, &recorded)?;
    let checkpoint = Checkpoint::read(out, &recorded)?;
    let state = match &checkpoint {
        None => State::at(0, &recorded),
        Some(checkpoint) => State::restore(checkpoint, &mut search.model, &recorded, &out.join(CHECKPOINT))?,
    };
    let run = RunWriter::resume(out, &recorded, checkpoint.as_ref())?;
    search.run(state, run, observer)
}

/// How large a search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Numbers in θ.
    pub theta: usize,
    /// Numbers in α.
    pub alpha: usize,
    /// Steps in an epoch.
    pub steps: usize,
}

/// The size of a search, which is built for it and not run.
pub fn size<E: Element, D: Backend<E>>(config: &Config, device: D) -> Result<Size, Error> {
    let mut search = Search::<E, D>::new(config, device)?;
    let [edges, operations] = search.manifest.shape();
    Ok(Size { theta: search.model.parameters(), alpha: edges * operations, steps: search.sets.steps(config) })
}

struct Search<'a, E: Element, D: Backend<E>> {
    config: &'a Config,
    sets: Sets,
    model: Model<E, D>,
    manifest: Manifest,
}

impl<'a, E: Element, D: Backend<E>> Search<'a, E, D> {
    fn new(config: &'a Config, device: D) -> Result<Self, Error> {
        config.check()?;
        let sets = Sets::new(config)?;
        let model = Model::new(config, &sets.training, device)?;
        let manifest = describe::manifest(config, &sets)?;
        Ok(Search { config, sets, model, manifest })
    }

    fn run(mut self, mut state: State, mut run: RunWriter, observer: &mut dyn Observer) -> Result<Ended, Error> {
        if !run.begun() {
            run.alpha(self.model.alpha.logits()?.view())?;
            run.checkpoint(&state.checkpoint(&mut self.model)?)?;
        }
        let mut saved = Instant::now();
        while state.epoch < self.config.epochs {
            let (start, epoch) = (Instant::now(), state.epoch);
            let batches = self.sets.batches(self.config, epoch);
            while state.step < batches.training.len() {
                self.step(&batches, &mut state)?;
                self.tell(&state, &[], |progress| observer.step(progress))?;
                let stop = observer.stop();
                if stop || saved.elapsed() > SAVE_EVERY {
                    run.checkpoint(&state.checkpoint(&mut self.model)?)?;
                    saved = Instant::now();
                }
                if stop {
                    return Ok(Ended::Stopped { epoch, step: state.step });
                }
            }
            let metrics = self.metrics(&state);
            metrics.iter().try_for_each(|metrics| run.metrics(metrics))?;
            run.costs(&state.sums.costs.take(epoch))?;
            run.alpha(self.model.alpha.logits()?.view())?;
            run.timing(epoch, start.elapsed().as_secs_f64())?;
            self.tell(&state, &metrics, |progress| observer.epoch(progress))?;
            state = State::at(epoch + 1, &self.manifest);
            run.checkpoint(&state.checkpoint(&mut self.model)?)?;
            saved = Instant::now();
        }
        run.finish()?;
        Ok(Ended::Done)
    }

    fn step<'b>(&mut self, batches: &'b Batches, state: &mut State) -> Result<(), Error> {
        let (config, State { epoch, step: at, sums }) = (self.config, state);
        let from = |images, indices: &'b [Vec<usize>]| From { images, indices: &indices[*at] };
        let search = self.sets.search.as_ref().zip(batches.search.as_ref());
        let task = Task {
            training: from(&self.sets.training, &batches.training),
            search: search.map(|(images, indices)| from(images, indices)),
            learning_rate: config.theta_lr_at(*epoch),
            fixed: config.alpha_lr == 0.0,
            seed: config.seed,
            epoch: *epoch,
            step: *at,
        };
        let result = step::step(&mut *step::method(config, *epoch), &mut self.model, &task);
        let (trained, searched) = result.map_err(|problem| Error::Step { epoch: *epoch, step: *at, problem })?;
        sums.training.add(&trained.losses);
        if let Some(searched) = &searched {
            sums.search.add(&searched.losses);
        }
        record(&mut sums.costs, searched.as_ref().unwrap_or(&trained));
        *at += 1;
        Ok(())
    }

    fn metrics(&self, State { epoch, sums, .. }: &State) -> Vec<EpochMetrics> {
        let learning_rate = self.config.theta_lr_at(*epoch);
        let mut metrics = vec![sums.training.metrics(*epoch, "training", learning_rate)];
        metrics.extend(self.sets.search.as_ref().map(|_| sums.search.metrics(*epoch, "search", learning_rate)));
        metrics
    }

    fn tell(&self, state: &State, metrics: &[EpochMetrics], told: impl FnOnce(&Progress)) -> Result<(), Error> {
        let probabilities = softmax_rows(self.model.alpha.logits()?.view());
        told(&Progress {
            epoch: state.epoch,
            epochs: self.config.epochs,
            step: state.step,
            steps: self.sets.steps(self.config),
            metrics,
            probabilities: probabilities.view(),
        });
        Ok(())
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
