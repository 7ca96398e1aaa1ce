//! Epochs and steps of a search, and what is written of them.

use super::{
    Config, Error, describe,
    model::{Batch, Model},
    observer::{Observer, Progress},
    resident::Resident,
    sets::{Positions, Sets, cuts},
    state::State,
    step::{self, From, Task},
    tally::Tally,
};
use crate::{
    architecture::softmax_rows,
    run::{CHECKPOINT, Checkpoint, CostAccumulator, EpochMetrics, Manifest, RunWriter},
    seed::stream,
    tensor::{Backend, Cut, Element, Pass},
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

/// A search with its images and its model.
pub(super) struct Search<'a, E: Element, D: Backend<E>> {
    pub config: &'a Config,
    pub sets: Sets<Resident<E, D>>,
    pub model: Model<E, D>,
    pub manifest: Manifest,
}

impl<'a, E: Element, D: Backend<E>> Search<'a, E, D> {
    pub fn new(config: &'a Config, device: D) -> Result<Self, Error> {
        config.check()?;
        let sets = Sets::new(config)?;
        let model = Model::new(config, &sets.training, device)?;
        let manifest = describe::manifest(config, &sets)?;
        Ok(Search { config, sets: sets.upload(&model.device)?, model, manifest })
    }

    fn run(mut self, mut state: State, mut run: RunWriter, observer: &mut dyn Observer) -> Result<Ended, Error> {
        if !run.begun() {
            run.alpha(self.model.alpha.logits()?.view())?;
            run.checkpoint(&state.checkpoint(&mut self.model)?)?;
        }
        let mut saved = Instant::now();
        while state.epoch < self.config.epochs {
            let (start, epoch) = (Instant::now(), state.epoch);
            for positions in self.sets.batches(self.config, epoch).skip(state.step) {
                self.step(&positions, &mut state)?;
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
            let metrics = self.metrics(&state)?;
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

    /// One step, and what it adds to the epoch's sums.
    pub fn step(&mut self, positions: &Positions, state: &mut State) -> Result<(), Error> {
        let (config, State { epoch, step: at, sums }) = (self.config, state);
        let at_step = (*epoch, *at);
        let training = cuts(config, "training", &positions.training, at_step);
        let search = positions.search.as_ref().map(|positions| cuts(config, "search", positions, at_step));
        let task = Task {
            training: From { images: &self.sets.training, cuts: &training },
            search: self.sets.search.as_ref().zip(search.as_deref()).map(|(images, cuts)| From { images, cuts }),
            learning_rate: config.theta_lr_at(*epoch),
            fixed: config.alpha_lr == 0.0,
            seed: config.training_seed(),
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

    fn metrics(&self, State { epoch, sums, .. }: &State) -> Result<Vec<EpochMetrics>, Error> {
        let learning_rate = self.config.theta_lr_at(*epoch);
        let mut metrics = vec![sums.training.metrics(*epoch, "training", learning_rate)];
        metrics.extend(self.sets.search.as_ref().map(|_| sums.search.metrics(*epoch, "search", learning_rate)));
        if let Some(images) = &self.sets.test {
            metrics.push(self.test(*epoch, images)?.metrics(*epoch, "test", learning_rate));
        }
        Ok(metrics)
    }

    /// Tests the network that the method draws, anew for each batch, in the order of the images.
    fn test(&self, epoch: usize, images: &Resident<E, D>) -> Result<Tally, Error> {
        let (config, mut tally) = (self.config, Tally::default());
        let whole: Vec<Cut> = (0..images.count()).map(Cut::whole).collect();
        let mut method = step::method(config, epoch);
        for (step, cuts) in whole.chunks(config.batch).enumerate() {
            let mut stream = stream(config.training_seed(), &format!("test sample {epoch} {step}"));
            let mut tested = || {
                let choice = method.draw(&self.model, &Pass::evaluating(), false, &mut stream)?;
                self.model.evaluate(From { images, cuts }, &choice)
            };
            tally.add(&tested().map_err(|problem| Error::Step { epoch, step, problem })?);
        }
        Ok(tally)
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
