//! Cross-entropy, entropy and their difference, per sample and as means, from the logits on the host.

use crate::tensor::{Backend, Element, Error, Var, error::Result};
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Per sample n, in nats.
#[derive(Debug, Clone, PartialEq)]
pub struct Losses {
    /// Softmax of the logits, `[N, K]`.
    pub probabilities: Array2<f64>,
    /// L_n = −log p_label.
    pub loss: Array1<f64>,
    /// H_n = −Σ p log p.
    pub entropy: Array1<f64>,
    /// Whether the first largest logit is the label's.
    pub correct: Vec<bool>,
}

impl Losses {
    /// From logits `[N, K]` and one label below K a sample.
    pub fn new(logits: ArrayView2<f64>, labels: &[usize]) -> Self {
        let mut log_p = logits.to_owned();
        let mut correct = Vec::with_capacity(labels.len());
        for (mut row, label) in log_p.outer_iter_mut().zip(labels) {
            let max = row.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
            correct.push(row.iter().position(|y| *y == max) == Some(*label));
            let log_sum = row.fold(0.0, |sum, y| sum + (y - max).exp()).ln();
            row.mapv_inplace(|y| y - max - log_sum);
        }
        let probabilities = log_p.mapv(f64::exp);
        // p log p is 0 at p = 0.
        let terms =
            ndarray::Zip::from(&probabilities).and(&log_p).map_collect(|p, l| if *p > 0.0 { p * l } else { 0.0 });
        Losses {
            loss: labels.iter().enumerate().map(|(n, label)| -log_p[[n, *label]]).collect(),
            entropy: -terms.sum_axis(Axis(1)),
            probabilities,
            correct,
        }
    }

    /// C_n = L_n − H_n (Theorem 2).
    pub fn cost(&self) -> Array1<f64> {
        &self.loss - &self.entropy
    }

    /// The batch means L, H, C.
    pub fn means(&self) -> [f64; 3] {
        let mean = |values: &Array1<f64>| values.sum() / values.len() as f64;
        let (l, h) = (mean(&self.loss), mean(&self.entropy));
        [l, h, l - h]
    }
}

/// The labels as one-hot rows `[N, K]` on the device; an error names a label that is out of range.
pub fn one_hot_rows<E: Element, D: Backend<E>>(device: &D, labels: &[usize], classes: usize) -> Result<Var<E, D>> {
    if let Some((sample, label)) = labels.iter().enumerate().find(|(_, label)| **label >= classes) {
        return Err(Error::Label { sample, label: *label as i64, classes });
    }
    let mut rows = vec![E::zero(); labels.len() * classes];
    labels.iter().enumerate().for_each(|(n, label)| rows[n * classes + label] = E::one());
    Var::new(device, &[labels.len(), classes], &rows)
}
