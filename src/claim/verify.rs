//! Draws cases, runs each once, and lets every claim of its kind judge it.

use super::{
    Check, Claim, Judge, Tally,
    observe::{
        Subject, layer::LayerObservation, logits::LogitsObservation, network::NetworkObservation,
        norm::NormObservation, relaxed::RelaxedObservation,
    },
    record::Verdicts,
    strategy::histogram::{self, Histogram},
    tally::worst,
};
use crate::{
    cost::case::{Case, Evaluation},
    seed::stream,
    tensor::{Cpu, error::Result},
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use rand::Rng;
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
/// Attempts to make a failing case smaller.
const SHRINKING: usize = 300;

/// What to verify, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Networks to draw; other kinds are drawn in proportion.
    pub cases: u64,
    /// Where all draws come from.
    pub seed: u64,
    /// Where failing networks are saved as case files.
    pub save: Option<&'a Path>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options { cases: 400, seed: 0, save: None }
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

/// Judges every claim. `progress` is told cases done and cases in all, from any thread. The result
/// depends on claims, cases and seed alone, not on the number of threads.
pub fn verify(claims: &[Claim], options: Options, progress: impl Fn(u64, u64) + Sync) -> Outcome {
    let mut run =
        Runner { claims, options, tallies: vec![Tally::default(); claims.len()], drawn: vec![], failures: vec![] };
    let cases = options.cases;
    let plan = [
        run.wanted::<NormObservation>(2 * cases),
        run.wanted::<LayerObservation>(2 * cases),
        run.wanted::<LogitsObservation>(4 * cases),
        run.wanted::<NetworkObservation<f64>>(cases),
        run.wanted::<NetworkObservation<f32>>(cases.div_ceil(2)),
        run.wanted::<RelaxedObservation>(cases.div_ceil(4)),
    ];
    let (done, total) = (AtomicU64::new(0), plan.iter().sum());
    let step = || progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);

    let [norms, layers, logits, networks, networks32, relaxed] = plan;
    run.kind::<NormObservation>(norms, &step);
    run.kind::<LayerObservation>(layers, &step);
    run.kind::<LogitsObservation>(logits, &step);
    run.kind::<NetworkObservation<f64>>(networks, &step);
    run.kind::<NetworkObservation<f32>>(networks32, &step);
    run.kind::<RelaxedObservation>(relaxed, &step);
    run.finish()
}

/// Judges one network of a file by every claim about networks in f64.
pub fn replay(claims: &[Claim], case: Case) -> Result<Verdicts> {
    let observation = NetworkObservation::<f64>::observe(&Arc::new(case))?;
    let mut records = Vec::new();
    for claim in claims {
        let Check::Network(judge) = claim.check else { continue };
        let mut tally = Tally::default();
        tally.add(0, 0, worst(&judge(&observation)));
        records.push(tally.record(claim, None, None));
    }
    Ok(Verdicts { claims: records, seed: 0, version: env!("CARGO_PKG_VERSION").into() })
}

/// Case number `index` of a kind, as a tree that shrinks.
fn tree<S: Subject>(seed: u64, index: u64) -> Box<dyn ValueTree<Value = S::Case>> {
    let mut key = [0; 32];
    stream(seed, &format!("{} {index}", S::NAME)).fill_bytes(&mut key);
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &key));
    Box::new(S::strategy().new_tree(&mut runner).expect("a strategy that rejects nothing"))
}

/// Case number `index` of a kind.
pub fn draw<S: Subject>(seed: u64, index: u64) -> S::Case {
    tree::<S>(seed, index).current()
}

/// Whether the claim is violated, under its condition, by an observation.
pub fn judge<S>(judge: Judge<S>, observation: &S) -> bool {
    worst(&judge(observation))[0].is_some_and(|ratio| ratio > 1.0)
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

    fn kind<S: Subject>(&mut self, cases: u64, step: &(impl Fn() + Sync)) {
        let judges: Vec<_> =
            self.claims.iter().enumerate().filter_map(|(i, c)| Some((i, S::judge(&c.check)?))).collect();
        let (start, mut histogram, mut overflowed) = (Instant::now(), Histogram::new(), 0);
        let seed = self.options.seed;
        for first in (0..cases).step_by(CHUNK as usize) {
            let one = |index: u64| {
                let case = draw::<S>(seed, index);
                let ratios = S::observe(&case)
                    .ok()
                    .map(|observation| judges.iter().map(|(_, judge)| worst(&judge(&observation))).collect::<Vec<_>>());
                step();
                (index, S::size(&case), S::features(&case), ratios)
            };
            let last = (first + CHUNK).min(cases);
            let results: Vec<_> = (first..last).into_par_iter().map(one).collect();
            for (index, size, features, ratios) in results {
                histogram::count(&mut histogram, features);
                overflowed += u64::from(ratios.is_none());
                for ((claim, _), ratio) in judges.iter().zip(ratios.into_iter().flatten()) {
                    self.tallies[*claim].add(index, size, ratio);
                }
            }
        }
        if cases > 0 {
            let seconds = start.elapsed().as_secs_f64();
            self.drawn.push(Drawn { kind: S::NAME, cases, overflowed, seconds, histogram });
        }
        for (claim, judge) in judges {
            let unexpected = self.claims[claim].expected != super::record::Verdict::Refuted;
            if let (Some((_, index)), true) = (self.tallies[claim].smallest, unexpected) {
                let case = shrink::<S>(seed, index, judge);
                self.fail::<S>(self.claims[claim].id, &case);
            }
        }
    }

    fn fail<S: Subject>(&mut self, id: &'static str, case: &S::Case) {
        let network = (case as &dyn std::any::Any).downcast_ref::<Arc<Case>>();
        let save = |(folder, case): (&Path, &Arc<Case>)| {
            let path = folder.join(format!("{id}.safetensors"));
            let mut named = (**case).clone();
            (named.name, named.note) = (id.into(), format!("violates {id}"));
            let evaluation = Evaluation::new::<f64, Cpu>(&named, &Cpu::default()).ok()?;
            named.write(&path, &evaluation).ok().map(|()| path)
        };
        let saved = self.options.save.zip(network).and_then(save);
        self.failures.push(Failure { id, case: format!("{case:?}"), saved });
    }

    fn finish(mut self) -> Outcome {
        let mut records = Vec::new();
        for (claim, tally) in self.claims.iter().zip(&mut self.tallies) {
            let statistic = match claim.check {
                Check::Statistic(measure) => Some(measure(self.options.seed)),
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

/// The smallest case on the way down that still violates the claim.
fn shrink<S: Subject>(seed: u64, index: u64, judge: Judge<S>) -> S::Case {
    let violates = |case: &S::Case| S::observe(case).is_ok_and(|observation| self::judge(judge, &observation));
    let mut tree = tree::<S>(seed, index);
    let mut best = tree.current();
    let mut moved = tree.simplify();
    for _ in 0..SHRINKING {
        if !moved {
            break;
        }
        let case = tree.current();
        moved = match violates(&case) {
            true => {
                best = case;
                tree.simplify()
            }
            false => tree.complicate(),
        };
    }
    best
}
