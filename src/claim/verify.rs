//! Draws cases, runs each once, and lets every claim of its kind judge it.

use super::{
    Check, Claim, Tally,
    draw::{draw, shrink},
    observe::{
        Subject, layer::LayerObservation, logits::LogitsObservation, network::NetworkObservation,
        norm::NormObservation, relaxed::RelaxedObservation,
    },
    record::Verdicts,
    strategy::histogram::{self, Histogram},
    tally::{self, worst},
};
use crate::{
    cost::case::{Case, Evaluation},
    run::RunFolder,
    tensor::{Backend, Both, Cpu, Error, error::Result},
};
use rayon::prelude::*;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

/// Cases between two looks at the clock; bounds the memory of a long run.
const CHUNK: u64 = 512;

/// What to verify, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Networks to draw; other kinds are drawn in proportion.
    pub cases: u64,
    /// Where all draws come from.
    pub seed: u64,
    /// Where failing networks are saved as case files.
    pub save: Option<&'a Path>,
    /// The runs that decide trends.
    pub runs: &'a [RunFolder],
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options { cases: 400, seed: 0, save: None, runs: &[] }
    }
}

/// The cases of one kind.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The kind.
    pub kind: &'static str,
    /// How many.
    pub cases: u64,
    /// Those that overflowed, and say nothing.
    pub overflowed: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// How many had which feature.
    pub histogram: Histogram,
}

/// A claim that was expected to hold, and a case that violates it, made small.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The claim.
    pub id: &'static str,
    /// The case, as Rust prints it, unless it was saved.
    pub case: String,
    /// Where it was saved.
    pub saved: Option<PathBuf>,
}

/// What `verify` hands back.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// One record a claim, in the order given.
    pub verdicts: Verdicts,
    /// What was drawn.
    pub drawn: Vec<Drawn>,
    /// Unexpected violations.
    pub failures: Vec<Failure>,
}

/// Judges every claim on the processor. `progress` is told cases done and cases in all, from any thread.
/// The result depends on claims, cases and seed alone, not on the number of threads.
pub fn verify(claims: &[Claim], options: Options, progress: impl Fn(u64, u64) + Sync) -> Outcome {
    verify_on(claims, options, &|| Ok(Cpu::default()), progress).expect("the processor runs every operation")
}

/// The same with the drawn cases run on a device, which each thread opens for itself. Witnesses, statistics
/// over initialisations and what a judge runs once more stay on the processor. Fails where the device does.
pub fn verify_on<D: Both>(
    claims: &[Claim],
    options: Options,
    open: &(impl Fn() -> Result<D> + Sync),
    progress: impl Fn(u64, u64) + Sync,
) -> Result<Outcome> {
    let mut run =
        Runner { claims, options, tallies: vec![Tally::default(); claims.len()], drawn: vec![], failures: vec![] };
    let cases = options.cases;
    let plan = [
        run.wanted::<NormObservation<f64>>(2 * cases),
        run.wanted::<NormObservation<f32>>(cases),
        run.wanted::<LayerObservation<f64>>(2 * cases),
        run.wanted::<LayerObservation<f32>>(cases),
        run.wanted::<LogitsObservation>(4 * cases),
        run.wanted::<NetworkObservation<f64>>(cases),
        run.wanted::<NetworkObservation<f32>>(cases.div_ceil(2)),
        run.wanted::<RelaxedObservation>(cases.div_ceil(4)),
    ];
    let (done, total) = (AtomicU64::new(0), plan.iter().sum());
    let step = || progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);

    let [norms, norms32, layers, layers32, logits, networks, networks32, relaxed] = plan;
    run.kind::<NormObservation<f64>, D>(norms, open, &step)?;
    run.kind::<NormObservation<f32>, D>(norms32, open, &step)?;
    run.kind::<LayerObservation<f64>, D>(layers, open, &step)?;
    run.kind::<LayerObservation<f32>, D>(layers32, open, &step)?;
    run.kind::<LogitsObservation, D>(logits, open, &step)?;
    run.kind::<NetworkObservation<f64>, D>(networks, open, &step)?;
    run.kind::<NetworkObservation<f32>, D>(networks32, open, &step)?;
    run.kind::<RelaxedObservation, D>(relaxed, open, &step)?;
    Ok(run.finish())
}

/// Judges one network of a file by every claim about networks, in f64 and in f32.
pub fn replay(claims: &[Claim], case: Case) -> Result<Verdicts> {
    replay_on(claims, case, &Cpu::default())
}

/// The same on a device.
pub fn replay_on<D: Both>(claims: &[Claim], case: Case, device: &D) -> Result<Verdicts> {
    let case = Arc::new(case);
    let double = NetworkObservation::<f64>::observe_on(&case, device)?;
    // What overflows in f32 says nothing there.
    let single = finite(NetworkObservation::<f32>::observe_on(&case, device))?;
    let mut records = Vec::new();
    for claim in claims {
        let Check::Network(in_double, in_single) = claim.check else { continue };
        let mut tally = Tally::default();
        tally.add(0, 0, worst(&in_double(&double)));
        single.iter().for_each(|single| tally.add(0, 0, worst(&in_single(single))));
        records.push(tally.record(claim, None, None));
    }
    Ok(Verdicts { claims: records, seed: 0, version: env!("CARGO_PKG_VERSION").into() })
}

/// Nothing where numbers overflowed.
fn finite<T>(observed: Result<T>) -> Result<Option<T>> {
    match observed {
        Ok(observation) => Ok(Some(observation)),
        Err(Error::NotFinite(_)) => Ok(None),
        Err(problem) => Err(problem),
    }
}

struct Runner<'a> {
    claims: &'a [Claim],
    options: Options<'a>,
    tallies: Vec<Tally>,
    drawn: Vec<Drawn>,
    failures: Vec<Failure>,
}

impl Runner<'_> {
    /// `cases` if any claim is about this kind.
    fn wanted<S: Subject>(&self, cases: u64) -> u64 {
        if self.claims.iter().any(|claim| S::judge(&claim.check).is_some()) { cases } else { 0 }
    }

    fn kind<S: Subject, D: Backend<S::Element>>(
        &mut self,
        cases: u64,
        open: &(impl Fn() -> Result<D> + Sync),
        step: &(impl Fn() + Sync),
    ) -> Result<()> {
        let judges: Vec<_> =
            self.claims.iter().enumerate().filter_map(|(i, c)| Some((i, S::judge(&c.check)?))).collect();
        let (start, mut histogram, mut overflowed) = (Instant::now(), Histogram::new(), 0);
        let mut tallies = vec![Tally::default(); judges.len()];
        let seed = self.options.seed;
        for first in (0..cases).step_by(CHUNK as usize) {
            let one = |device: &mut Result<D>, index: u64| {
                let case = draw::<S>(seed, index);
                let observed = finite(S::observe_on(&case, device.as_ref().map_err(Clone::clone)?))?;
                let ratios = observed
                    .map(|observation| judges.iter().map(|(_, judge)| worst(&judge(&observation))).collect::<Vec<_>>());
                step();
                Ok((index, S::size(&case), S::features(&case), ratios))
            };
            let last = (first + CHUNK).min(cases);
            let results = (first..last).into_par_iter().map_init(open, one).collect::<Result<Vec<_>>>()?;
            for (index, size, features, ratios) in results {
                histogram::count(&mut histogram, features);
                overflowed += u64::from(ratios.is_none());
                for (tally, ratio) in tallies.iter_mut().zip(ratios.into_iter().flatten()) {
                    tally.add(index, size, ratio);
                }
            }
        }
        if cases > 0 {
            let seconds = start.elapsed().as_secs_f64();
            self.drawn.push(Drawn { kind: S::NAME, cases, overflowed, seconds, histogram });
        }
        for ((claim, judge), tally) in judges.into_iter().zip(tallies) {
            let unexpected = self.claims[claim].expected != super::record::Verdict::Refuted;
            if let (Some((_, index)), true) = (tally.smallest, unexpected) {
                let case = shrink::<S, D>(seed, index, judge, &open()?);
                self.fail::<S>(self.claims[claim].id, &case);
            }
            self.tallies[claim].merge(&tally);
        }
        Ok(())
    }

    fn fail<S: Subject>(&mut self, id: &'static str, case: &S::Case) {
        let network = (case as &dyn std::any::Any).downcast_ref::<Arc<Case>>();
        let save = |(folder, case): (&Path, &Arc<Case>)| {
            let elements = if S::NAME.ends_with("f32") { "-f32" } else { "" };
            let path = folder.join(format!("{id}{elements}.safetensors"));
            let mut named = (**case).clone();
            (named.name, named.note) = (id.into(), format!("violates {id}"));
            let evaluation = Evaluation::new::<f64, Cpu>(&named, &Cpu::default()).ok()?;
            std::fs::create_dir_all(folder).ok()?;
            named.write(&path, &evaluation).ok().map(|()| path)
        };
        let saved = self.options.save.zip(network).and_then(save);
        self.failures.push(Failure { id, case: format!("{case:?}"), saved });
    }

    fn finish(mut self) -> Outcome {
        let mut records = Vec::new();
        for (claim, tally) in self.claims.iter().zip(&mut self.tallies) {
            if let Check::Trend(trend) = &claim.check {
                records.push(tally::of_trend(claim, trend.find(self.options.runs)));
                continue;
            }
            let statistic = match claim.check {
                Check::Statistic { measure, .. } => Some(measure(self.options.seed)),
                _ => None,
            };
            if let Some(statistic) = &statistic {
                *tally = Tally::of_statistic(statistic);
            }
            let witness = claim.witness.map(|witness| witness());
            records.push(tally.record(claim, witness.as_ref(), statistic.as_ref()));
        }
        let verdicts = Verdicts { claims: records, seed: self.options.seed, version: env!("CARGO_PKG_VERSION").into() };
        Outcome { verdicts, drawn: self.drawn, failures: self.failures }
    }
}
