//! Wrong implementations that the claims' checks must reject: a check that cannot fail is a defect.
//!
//! A [`Sabotage`] is another way to run a case: the observation that a wrong kernel, a forgotten edge or
//! a wrong formula would leave. It is rejected if the claim's verdict is no longer the expected one:
//! a violation where the claim holds, none where it is refuted.

pub mod layer;
pub mod logits;
pub mod network;
pub mod norm;
pub mod relaxed;

use super::{Judge, draw, observe::Subject, record::Verdict, tally::worst};
use rayon::prelude::*;

/// A wrong implementation; nothing where it would be right by accident of the case's kind.
pub struct Sabotage<S: Subject> {
    /// What is wrong.
    pub name: &'static str,
    /// The wrong run.
    pub run: fn(&S::Case) -> Option<S>,
}

/// A kind of case with its wrong implementations.
pub trait Sabotaged: Subject {
    /// All of them.
    fn sabotages() -> Vec<Sabotage<Self>>;
}

/// How one claim fares on the honest run, and on each wrong one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The claim.
    pub id: &'static str,
    /// Whether the honest implementation is accepted.
    pub accepted: bool,
    /// Whether each wrong one, by name, is rejected.
    pub rejected: Vec<(&'static str, bool)>,
}

/// Tries `judges`, each with its claim's id and expected verdict, on `cases` drawn cases.
pub fn table<S: Sabotaged>(judges: &[(&'static str, Verdict, Judge<S>)], cases: u64, seed: u64) -> Vec<Row> {
    let honest = violations(judges, cases, seed, |case| S::observe(case).ok());
    let wrong: Vec<_> = S::sabotages()
        .into_iter()
        .map(|sabotage| (sabotage.name, violations(judges, cases, seed, sabotage.run)))
        .collect();
    let row = |(i, (id, expected, _)): (usize, &(&'static str, Verdict, Judge<S>))| {
        let as_expected = |violated: bool| violated == (*expected == Verdict::Refuted);
        Row {
            id,
            accepted: as_expected(honest[i]),
            rejected: wrong.iter().map(|(name, violated)| (*name, !as_expected(violated[i]))).collect(),
        }
    };
    judges.iter().enumerate().map(row).collect()
}

/// Whether each claim is violated in any of the cases.
fn violations<S: Sabotaged>(
    judges: &[(&'static str, Verdict, Judge<S>)],
    cases: u64,
    seed: u64,
    run: impl Fn(&S::Case) -> Option<S> + Sync,
) -> Vec<bool> {
    let one = |index: u64| {
        let observation = run(&draw::<S>(seed, index));
        let violated = |judge: &Judge<S>, o: &S| worst(&judge(o))[0].is_some_and(|ratio| ratio > 1.0);
        judges.iter().map(|(_, _, judge)| observation.as_ref().is_some_and(|o| violated(judge, o))).collect::<Vec<_>>()
    };
    let each: Vec<Vec<bool>> = (0..cases).into_par_iter().map(one).collect();
    (0..judges.len()).map(|i| each.iter().any(|violated| violated[i])).collect()
}
