//! The registry: every statement of the paper with its verdict, and how it is checked.
//!
//! A [`Claim`] says what the paper states, how that has to be read to be true, and what is expected of
//! it; its [`Check`] judges drawn cases of one kind. [`verify`](verify()) draws cases, runs each once
//! on the tape, and lets all claims of its kind look at what was left ([`observe`]); the numbers are
//! compared with the closed forms of [`theorem`](crate::theorem) within bounds that [`rounding`]
//! derives. [`sabotage`] holds wrong implementations that the checks must reject.

mod draw;
pub mod group;
pub mod judgement;
pub mod observe;
pub mod record;
pub mod rounding;
pub mod sabotage;
pub mod strategy;
mod tally;
mod verify;
pub mod witness;

pub use draw::{draw, judge};
pub use group::registry;
pub use tally::Tally;
pub use verify::{Drawn, Failure, Options, Outcome, replay, replay_on, verify, verify_on};

use crate::trend::Trend;
use judgement::Judgement;
use observe::{
    layer::LayerObservation, logits::LogitsObservation, network::NetworkObservation, norm::NormObservation,
    relaxed::RelaxedObservation,
};
use record::Verdict;
use witness::Witness;

/// Judges one observation: no judgement where the claim says nothing about it.
pub type Judge<S> = fn(&S) -> Vec<Judgement>;

/// How a claim is checked. What runs on the tape is judged in f64 and in f32, in which searches run.
#[derive(Clone, Copy)]
pub enum Check {
    /// On normalisation layers.
    Norm(Judge<NormObservation<f64>>, Judge<NormObservation<f32>>),
    /// On chains of operations.
    Layer(Judge<LayerObservation<f64>>, Judge<LayerObservation<f32>>),
    /// On one sample's logits.
    Logits(Judge<LogitsObservation>),
    /// On whole networks.
    Network(Judge<NetworkObservation<f64>>, Judge<NetworkObservation<f32>>),
    /// On α-gradients.
    Relaxed(Judge<RelaxedObservation>),
    /// By a statistic over many initialisations, from a seed.
    Statistic {
        /// At most 1 (ratio) if the claim holds.
        measure: fn(u64) -> Statistic,
        /// The same from a wrong implementation: its verdict is another one.
        sabotage: fn(u64) -> Statistic,
    },
    /// From run folders.
    Trend(Trend),
}

/// A mean over independent draws, set against its own uncertainty.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistic {
    /// At most 1 if the claim holds: usually |mean| in units of four standard errors.
    pub ratio: f64,
    /// Draws.
    pub cases: u64,
    /// The numbers, in words.
    pub summary: String,
}

/// A kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// By this lemma of `proofs/`: its file, a dot, its name.
    Proved(&'static str),
    /// On drawn cases, within a derived bound.
    PropertyTested,
    /// Against the oracle's numbers.
    CrossChecked,
    /// As a statistic over stated draws.
    Measured,
}

/// A statement of the paper.
#[derive(Clone)]
pub struct Claim {
    /// Stable name in kebab-case.
    pub id: &'static str,
    /// Theorem, equation, figure or section.
    pub source: &'static str,
    /// The statement, in the paper's symbols.
    pub statement: &'static str,
    /// As it has to be read to be true, where that differs.
    pub reading: Option<&'static str>,
    /// When it holds, where not always.
    pub conditions: Option<&'static str>,
    /// Why we believe the verdict.
    pub evidence: Vec<Evidence>,
    /// The verdict that it deserves.
    pub expected: Verdict,
    /// Where the bound comes from.
    pub bound: &'static str,
    /// How it is checked.
    pub check: Check,
    /// A small example of a violation: of the claim, or of the claim without its condition.
    pub witness: Option<fn() -> Witness>,
    /// Whether it is a slip in a printed formula, rather than a statement that is false.
    pub erratum: bool,
}

impl Claim {
    /// A claim that holds.
    pub fn new(
        id: &'static str,
        source: &'static str,
        statement: &'static str,
        bound: &'static str,
        check: Check,
    ) -> Self {
        let (expected, evidence) = match check {
            Check::Trend(_) => (Verdict::Reproduced, Evidence::Measured),
            Check::Statistic { .. } => (Verdict::Holds, Evidence::Measured),
            _ => (Verdict::Holds, Evidence::PropertyTested),
        };
        Claim {
            id,
            source,
            statement,
            reading: None,
            conditions: None,
            evidence: vec![evidence],
            expected,
            bound,
            check,
            witness: None,
            erratum: false,
        }
    }

    /// False as stated; true as `reading` says.
    pub fn refuted(self, reading: &'static str) -> Self {
        Claim { expected: Verdict::Refuted, reading: Some(reading), ..self }
    }

    /// Misprinted; meant is what `reading` says.
    pub fn misprint(self, reading: &'static str) -> Self {
        Claim { erratum: true, ..self.refuted(reading) }
    }

    /// True under a condition that is needed.
    pub fn when(self, conditions: &'static str) -> Self {
        Claim { expected: Verdict::HoldsWhen, conditions: Some(conditions), ..self }
    }

    /// The statement as it has to be read.
    pub fn read(self, reading: &'static str) -> Self {
        Claim { reading: Some(reading), ..self }
    }

    /// Also proved.
    pub fn proved(mut self, lemma: &'static str) -> Self {
        self.evidence.push(Evidence::Proved(lemma));
        self
    }

    /// Also seen in the oracle's cases.
    pub fn cross_checked(mut self) -> Self {
        self.evidence.push(Evidence::CrossChecked);
        self
    }

    /// With a small example.
    pub fn witness(self, witness: fn() -> Witness) -> Self {
        Claim { witness: Some(witness), ..self }
    }
}

impl std::fmt::Display for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Evidence::Proved(lemma) => write!(f, "proved ({lemma})"),
            Evidence::PropertyTested => f.write_str("property-tested"),
            Evidence::CrossChecked => f.write_str("cross-checked"),
            Evidence::Measured => f.write_str("measured"),
        }
    }
}
