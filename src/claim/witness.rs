//! Small examples, recomputed whenever they are shown.

use super::{
    Judge,
    observe::{Subject, network::NetworkObservation},
    strategy::plan::Plan,
    tally::worst,
};
use crate::cost::case::Case;
use serde_json::Value;
use std::sync::Arc;

/// A violation with its numbers.
#[derive(Debug, Clone)]
pub struct Witness {
    /// Violation ÷ bound: above 1, or it shows nothing.
    pub ratio: f64,
    /// What a reader needs to redo it by hand.
    pub shown: Value,
    /// The network, where it is one: can be written and replayed.
    pub case: Option<Case>,
}

impl Witness {
    /// From a violation and its bound.
    pub fn new(violation: f64, bound: f64, shown: Value) -> Self {
        Witness { ratio: super::judgement::Judgement::zero(violation, bound).ratio(), shown, case: None }
    }

    /// The worst that `judge` finds in a case, its condition set aside.
    pub fn judged<S: Subject>(case: &S::Case, judge: Judge<S>, shown: impl Fn(&S) -> Value) -> Self {
        let observation = S::observe(case).expect("an example that can be run");
        let ratio = worst(&judge(&observation)).into_iter().flatten().fold(0.0, f64::max);
        Witness { ratio, shown: shown(&observation), case: None }
    }

    /// The first of 500 streams of small integers that makes the network an example.
    pub fn first(plan: Plan, judge: Judge<NetworkObservation>, shown: fn(&NetworkObservation) -> Value) -> Self {
        let example = |seed| {
            let case = Plan { seed, ..plan.clone() }.build();
            let witness = Witness::judged(&Arc::new(case.clone()), judge, shown);
            Witness { case: Some(case), ..witness }
        };
        (0..500).map(example).find(|witness| witness.ratio > 1.0).unwrap_or_else(|| example(0))
    }
}
