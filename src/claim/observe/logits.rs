//! One sample's logits and label, and the tape's gradient of the loss.

use super::Subject;
use crate::{
    claim::{
        Check, Judge,
        rounding::head::range,
        strategy::{self, histogram::Features},
    },
    network::one_hot_rows,
    tensor::{Backend, Cpu, Tape, Var, error::Result},
    theorem::rounding::{U64, gamma, softmax_roundings},
};
use ndarray::{Array1, ArrayView1};
use proptest::strategy::BoxedStrategy;

/// Y and n_b, with a bias for the claims that have one.
#[derive(Debug, Clone)]
pub struct LogitsCase {
    /// Y.
    pub y: Vec<f64>,
    /// n_b.
    pub label: usize,
    /// b.
    pub bias: Vec<f64>,
}

/// What the tape made of it.
#[derive(Debug, Clone)]
pub struct LogitsObservation {
    /// The case.
    pub case: LogitsCase,
    /// ∂L/∂Y.
    pub gradient: Vec<f64>,
}

impl LogitsObservation {
    /// Y.
    pub fn y(&self) -> ArrayView1<'_, f64> {
        ArrayView1::from(&self.case.y)
    }

    /// C = ⟨∂L/∂Y, Y⟩ with the tape's gradient.
    pub fn cost(&self) -> f64 {
        self.gradient.iter().zip(&self.case.y).map(|(g, y)| g * y).sum()
    }

    /// How far that may be from the exact number.
    pub fn error(&self) -> f64 {
        self.error_of(&self.case.y)
    }

    /// The same for Σ_n (p_n − y_n) v_n, on either side of a comparison (`SoftmaxRounding.logit_sum_within`): s + 1 + K
    /// roundings, s the softmax's, and s in its scale.
    pub fn error_of(&self, v: &[f64]) -> f64 {
        let (y, p) = (self.y(), crate::theorem::head::softmax(self.y()));
        let gamma = gamma(2 * softmax_roundings(y.len(), range(y)) + 1 + y.len(), U64);
        let label = |n| f64::from(u8::from(n == self.case.label));
        2.0 * gamma * (0..y.len()).map(|n| (p[n] + label(n)) * v[n].abs()).sum::<f64>()
    }

    /// Whether no logit exceeds the label's.
    pub fn is_correct(&self) -> bool {
        crate::theorem::head::is_correct(self.y(), self.case.label)
    }

    /// The logits times `s`.
    pub fn scaled(&self, s: f64) -> Array1<f64> {
        &self.y() * s
    }
}

impl Subject for LogitsObservation {
    type Case = LogitsCase;
    type Element = f64;
    const NAME: &'static str = "logits of a sample";

    fn strategy() -> BoxedStrategy<LogitsCase> {
        strategy::logits::cases()
    }

    fn observe(case: &LogitsCase) -> Result<Self> {
        Self::observe_on(case, &Cpu::default())
    }

    fn observe_on<D: Backend<f64>>(case: &LogitsCase, device: &D) -> Result<Self> {
        let k = case.y.len();
        let y: Var<f64, D> = Var::new(device, &[1, k], &case.y)?;
        let target = one_hot_rows(device, &[case.label], k)?;
        y.on(&Tape::recording()).cross_entropy(&target)?.backward()?;
        let gradient = y.take_gradient()?.unwrap_or_else(|| vec![0.0; k]);
        Ok(LogitsObservation { case: case.clone(), gradient })
    }

    fn judge(check: &Check) -> Option<Judge<Self>> {
        if let Check::Logits(judge) = check { Some(*judge) } else { None }
    }

    fn features(case: &LogitsCase) -> Features {
        strategy::histogram::logits_features(case)
    }

    fn size(case: &LogitsCase) -> usize {
        case.y.len()
    }
}
