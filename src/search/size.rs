//! How large a search is, and how long and how much memory it takes, before it runs.

use super::{Config, Error, driver::Search, state::State};
use crate::{
    architecture::allowed_logits,
    tensor::{self, Backend, Element, Memory},
};
use rayon::ThreadPoolBuilder;
use std::{
    panic::resume_unwind,
    thread,
    time::{Duration, Instant},
};

/// How large a search is, and what its steps took here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Numbers in θ.
    pub theta: usize,
    /// Numbers in α.
    pub alpha: usize,
    /// Steps in an epoch.
    pub steps: usize,
    /// The mean time of a step.
    pub step: Duration,
    /// The most bytes in use at a time, as the device's [`Meter`](tensor::Meter) counts them.
    pub peak: usize,
}

/// Steps that are timed, after one that warms up.
const TIMED: usize = 3;

/// The size of a search, which is built, and of which a few steps are run; nothing is written.
pub fn size<E: Element, D: Backend<E>>(config: &Config, device: D) -> Result<Size, Error> {
    let before = start::<E, D>();
    let mut search = Search::<E, D>::new(config, device)?;
    let alpha = search.model.alpha.logits()?.len();
    let (theta, steps) = (search.model.parameters(), search.sets.steps(config));
    run(&mut search, 1)?;
    let start = Instant::now();
    run(&mut search, TIMED)?;
    Ok(Size { theta, alpha, steps, step: start.elapsed() / TIMED as u32, peak: peak::<E, D>(before) })
}

/// Images in a batch of the two trials from which [`memory`] concludes.
const TRIALS: [usize; 2] = [4, 8];

/// The most bytes that a search has in use at a time on the device that `open` opens, while it reads its images or in
/// its steps: what these take with few images in a batch, extrapolated to its batch size, which memory is linear in.
/// On each edge the operation runs that keeps most. 0 where the device's [`Meter`](tensor::Meter) does not count.
pub fn memory<E: Element, D: Backend<E>>(
    config: &Config,
    open: impl Fn() -> Result<D, tensor::Error> + Sync,
) -> Result<usize, Error> {
    // In a thread of its own, with which the memory goes that it keeps for later steps; it computes alone, as the
    // others may be waiting for it.
    let tried = |batch: usize| {
        let config = Config { batch, ..config.clone() };
        let trial = || {
            let pool = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().expect("no new thread");
            pool.install(|| trial::<E, D>(&config, open()?))
        };
        thread::scope(|scope| scope.spawn(trial).join()).unwrap_or_else(|panic| resume_unwind(panic))
    };
    let [few, more] = TRIALS;
    if config.batch <= more {
        return tried(config.batch).map(|[built, steps]| built.max(steps));
    }
    let ([built, least], [_, most]) = (tried(few)?, tried(more)?);
    let image = most.saturating_sub(least) / (more - few);
    Ok(built.max(least + image * (config.batch - few)))
}

/// The most bytes in use before the first step, and in the first steps.
fn trial<E: Element, D: Backend<E>>(config: &Config, device: D) -> Result<[usize; 2], Error> {
    let before = start::<E, D>();
    let mut search = Search::<E, D>::new(config, device)?;
    let built = peak::<E, D>(before);
    <D as Memory<E>>::meter().reset();
    // The operations are in the order of what they keep, roughly.
    let logits = allowed_logits(&search.model.allowed, |k| 20.0 * k as f64);
    search.model.set_alpha(&logits)?;
    // The optimisers' memory comes with the first step.
    run(&mut search, 2)?;
    Ok([built, peak::<E, D>(before)])
}

/// The first steps of a search, or fewer, again and again.
fn run<E: Element, D: Backend<E>>(search: &mut Search<E, D>, steps: usize) -> Result<(), Error> {
    let mut state = State::at(0, &search.manifest);
    for (step, positions) in search.sets.batches(search.config, 0).enumerate().cycle().take(steps) {
        state.step = step;
        search.step(&positions, &mut state)?;
    }
    Ok(())
}

/// Bytes in use; from now on the meter looks for a new peak.
fn start<E: Element, D: Backend<E>>() -> usize {
    let meter = <D as Memory<E>>::meter();
    meter.reset();
    meter.used()
}

/// The peak since [`start`], above what was in use then.
fn peak<E: Element, D: Backend<E>>(before: usize) -> usize {
    <D as Memory<E>>::meter().peak().saturating_sub(before)
}
