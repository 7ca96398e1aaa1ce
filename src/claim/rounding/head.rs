//! How exactly the head turns the logits' gradient into C = L − H (eq. 12, 13).
//!
//! Computed are p_n with a relative error of s roundings, s = 4 K + 4 ⌈R⌉ + 9 for K classes and logits that are R
//! apart: `SoftmaxRounding.softmax_near` asks of exp and log that they are within two units in the last place. Then
//! two linear stages, the classifier and the average over pixels.

use crate::{
    claim::judgement::{Amount, Arithmetic},
    cost::case::{Case, Evaluation},
    tensor::Seen,
    theorem::{self, rounding::softmax_roundings},
};
use ndarray::ArrayView1;

/// One sample at the head.
pub struct Head<'a> {
    /// The network.
    pub case: &'a Case,
    /// Samples in the batch that L is the mean of.
    pub batch: usize,
    /// Its run.
    pub evaluation: &'a Evaluation,
    /// The element type that ran.
    pub arithmetic: Arithmetic,
}

impl Head<'_> {
    fn logits(&self, b: usize) -> ArrayView1<'_, f64> {
        self.evaluation.logits.row(b)
    }

    /// w_cn.
    fn weight(&self, c: usize, n: usize) -> f64 {
        self.case.parameters["classifier.weight"][c * self.case.settings.classes + n]
    }

    /// The scale of ∂L_b/∂Y_n = p_n − y_n: p_n + y_n (`SoftmaxRounding.slope_within`).
    fn slope_error(&self, b: usize, n: usize) -> f64 {
        theorem::head::softmax(self.logits(b))[n] + f64::from(u8::from(n == self.case.labels[b]))
    }

    /// γ of all roundings: s + 1 in p − y, s in its scale, and in the stages between it and X_4 a mean over D
    /// pixels and a sum over C channels forwards, a sum over K classes backwards, and 8 single ones.
    fn gamma(&self, x: &Seen, b: usize) -> f64 {
        let (k, c) = (self.case.settings.classes, x.shape[3]);
        self.arithmetic.gamma(2 * softmax_roundings(k, range(self.logits(b))) + 1 + x.shape[1] * x.shape[2] + c + k + 8)
    }

    /// B ⟨∂L/∂X_4, X_4⟩ of sample `b`, which the claim says is C_b less the bias term; the bound
    /// covers either side (`HeadRounding.head_cost_bound`). `x` is the last cell's output as the head reads it.
    pub fn sample_cost(&self, x: &Seen, b: usize) -> Amount {
        let (per_sample, c) = (x.value.len() / x.shape[0], x.shape[3]);
        let at = b * per_sample..(b + 1) * per_sample;
        let cost = Amount::dot(&x.gradient[at.clone()], &x.value[at.clone()]);
        let pixels = (per_sample / c) as f64;
        let mut pooled = vec![0.0; c];
        x.value[at].iter().enumerate().for_each(|(i, v)| pooled[i % c] += v.abs() / pixels);
        let (gamma, y) = (self.gamma(x, b), self.logits(b));
        let classes = 0..self.case.settings.classes;
        let stages: f64 = classes
            .map(|n| {
                let magnitude: f64 = (0..c).map(|c| self.weight(c, n).abs() * pooled[c]).sum();
                let size = y[n].abs() + magnitude;
                self.slope_error(b, n) * (gamma * size + self.arithmetic.tiny * size.max(1.0))
            })
            .sum();
        let batch = self.batch as f64;
        let bound = batch * cost.bound + stages + self.closed_form_error(b) + self.arithmetic.tiny * batch * cost.scale;
        Amount { value: batch * cost.value, bound, scale: batch * cost.scale }
    }

    /// How far L − H, and the bias term, in f64 from the logits, may be off.
    pub fn closed_form_error(&self, b: usize) -> f64 {
        let (y, label) = (self.logits(b), self.case.labels[b]);
        let term = |(n, bias): (usize, &f64)| self.slope_error(b, n) * bias.abs();
        let bias: f64 =
            self.case.parameters.get("classifier.bias").map_or(0.0, |b| b.iter().enumerate().map(term).sum());
        closed_form_error(y, label) + closed_form_gamma(y) * bias
    }

    /// Eq. 13 at channel `c` of sample `b`, and how far the tape's number may be from it
    /// (`HeadRounding.feature_gradient_bound`).
    pub fn feature_gradient(&self, x: &Seen, b: usize, c: usize) -> Amount {
        let slope = theorem::head::gradient(self.logits(b), self.case.labels[b]);
        let share = 1.0 / (self.batch * x.shape[1] * x.shape[2]) as f64;
        let classes = 0..self.case.settings.classes;
        let scale: f64 = classes.clone().map(|n| self.slope_error(b, n) * self.weight(c, n).abs()).sum();
        Amount {
            value: share * classes.map(|n| slope[n] * self.weight(c, n)).sum::<f64>(),
            bound: share * scale * self.gamma(x, b) + self.arithmetic.tiny * (1.0 + scale),
            scale: share * scale,
        }
    }
}

/// How far apart the logits are.
pub fn range(y: ArrayView1<f64>) -> f64 {
    y.fold(f64::NEG_INFINITY, |m, y| m.max(*y)) - y.fold(f64::INFINITY, |m, y| m.min(*y))
}

/// γ_{4s+K+3}: 2 s + K + 1 roundings in L − H, fewer in a bias term, one in their difference, and 2 s in the scale.
fn closed_form_gamma(y: ArrayView1<f64>) -> f64 {
    Arithmetic::of::<f64>().gamma(4 * softmax_roundings(y.len(), range(y)) + y.len() + 3)
}

/// How far L − H, in f64 from the logits, may be off (`SoftmaxRounding.closed_form_within`,
/// `SoftmaxRounding.scale_near`).
pub fn closed_form_error(y: ArrayView1<f64>, label: usize) -> f64 {
    let log_p = theorem::head::log_softmax(y);
    let entropy: f64 = log_p.iter().map(|l| l.exp() * (1.0 + l.abs())).sum();
    closed_form_gamma(y) * (1.0 + log_p[label].abs() + entropy)
}
