//! How exactly the head turns the logits' gradient into C = L − H (eq. 12, 13).
//!
//! Computed are p_n with a relative error of at most γ (1 + |Y_n − max Y|), since the exponent is
//! rounded before exp; then two linear stages, the classifier and the average over pixels.

use crate::{
    claim::judgement::{Amount, Arithmetic},
    cost::case::{Case, Evaluation},
    tensor::Seen,
    theorem,
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

    /// |∂L_b/∂Y_n| + its error relative to γ: p_n (1 + |Y_n − max Y|) + y_n.
    fn slope_error(&self, b: usize, n: usize) -> f64 {
        let y = self.logits(b);
        let largest = y.fold(f64::NEG_INFINITY, |m, y| m.max(*y));
        let p = theorem::head::softmax(y);
        p[n] * (1.0 + (y[n] - largest).abs()) + f64::from(u8::from(n == self.case.labels[b]))
    }

    /// γ for the softmax, and for the stages between it and X_4.
    fn gammas(&self, x: &Seen) -> [f64; 2] {
        let (k, c) = (self.case.settings.classes, x.shape[3]);
        [self.arithmetic.gamma(k + 10), self.arithmetic.gamma(x.shape[1] * x.shape[2] + c + k + 8)]
    }

    /// B ⟨∂L/∂X_4, X_4⟩ of sample `b`, which the claim says is C_b less the bias term; the bound
    /// covers either side. `x` is the last cell's output as the head reads it.
    pub fn sample_cost(&self, x: &Seen, b: usize) -> Amount {
        let (per_sample, c) = (x.value.len() / x.shape[0], x.shape[3]);
        let at = b * per_sample..(b + 1) * per_sample;
        let cost = Amount::dot(&x.gradient[at.clone()], &x.value[at.clone()]);
        let pixels = (per_sample / c) as f64;
        let mut pooled = vec![0.0; c];
        x.value[at].iter().enumerate().for_each(|(i, v)| pooled[i % c] += v.abs() / pixels);
        let [softmax, linear] = self.gammas(x);
        let y = self.logits(b);
        let classes = 0..self.case.settings.classes;
        let stages: f64 = classes
            .map(|n| {
                let magnitude: f64 = (0..c).map(|c| self.weight(c, n).abs() * pooled[c]).sum();
                let size = y[n].abs() + magnitude;
                self.slope_error(b, n) * ((softmax + linear) * size + self.arithmetic.tiny * size.max(1.0))
            })
            .sum();
        let batch = self.batch as f64;
        let bound = batch * cost.bound + stages + self.closed_form_error(b) + self.arithmetic.tiny * batch * cost.scale;
        Amount { value: batch * cost.value, bound, scale: batch * cost.scale }
    }

    /// How far L − H, and the bias term, in f64 from the logits, may be off.
    pub fn closed_form_error(&self, b: usize) -> f64 {
        let gamma = Arithmetic::of::<f64>().gamma(self.case.settings.classes + 10);
        let log_p = theorem::head::log_softmax(self.logits(b));
        let bias = self.case.parameters.get("classifier.bias");
        let terms = log_p.iter().enumerate().map(|(n, l)| {
            let p = l.exp();
            let label = f64::from(u8::from(n == self.case.labels[b]));
            p * (1.0 + l.abs()).powi(2)
                + label * (1.0 + l.abs())
                + (p * (1.0 + l.abs()) + label) * bias.map_or(0.0, |b| b[n].abs())
        });
        gamma * terms.sum::<f64>()
    }

    /// Eq. 13 at channel `c` of sample `b`, and how far the tape's number may be from it.
    pub fn feature_gradient(&self, x: &Seen, b: usize, c: usize) -> Amount {
        let slope = theorem::head::gradient(self.logits(b), self.case.labels[b]);
        let share = 1.0 / (self.batch * x.shape[1] * x.shape[2]) as f64;
        let [softmax, linear] = self.gammas(x);
        let classes = 0..self.case.settings.classes;
        let scale: f64 = classes.clone().map(|n| self.slope_error(b, n) * self.weight(c, n).abs()).sum();
        Amount {
            value: share * classes.map(|n| slope[n] * self.weight(c, n)).sum::<f64>(),
            bound: share * scale * (softmax + linear) + self.arithmetic.tiny * (1.0 + scale),
            scale: share * scale,
        }
    }
}
