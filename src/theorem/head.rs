//! The head: softmax, cross-entropy L, entropy H, and the cost C = L − H of a sample (eq. 12, 13).
//!
//! Y are the logits of one sample, p = softmax(Y), `label` its class n_b. Quantities of a batch are
//! means over its samples.

use super::rounding::Sum;
use ndarray::{Array1, ArrayView1, ArrayView2};

/// log p_n = Y_n − log Σ_q exp Y_q.
pub fn log_softmax(y: ArrayView1<f64>) -> Array1<f64> {
    let largest = y.fold(f64::NEG_INFINITY, |m, y| m.max(*y));
    let shifted = y.mapv(|y| y - largest);
    let log_total = shifted.mapv(f64::exp).sum().ln();
    shifted - log_total
}

/// p_n = exp Y_n / Σ_q exp Y_q.
pub fn softmax(y: ArrayView1<f64>) -> Array1<f64> {
    log_softmax(y).mapv(f64::exp)
}

/// L = −log p_label, in nats.
pub fn loss(y: ArrayView1<f64>, label: usize) -> f64 {
    -log_softmax(y)[label]
}

/// H = −Σ p log p, in nats.
pub fn entropy(y: ArrayView1<f64>) -> f64 {
    let log_p = log_softmax(y);
    -log_p.mapv(f64::exp).dot(&log_p)
}

/// C = L − H, the last line of eq. 12.
pub fn cost(y: ArrayView1<f64>, label: usize) -> f64 {
    loss(y, label) - entropy(y)
}

/// C = ⟨∂L/∂Y, Y⟩ = Σ_n (p_n − [n = label]) Y_n, with the terms that a bound needs. It equals
/// [`cost`], and the cost ⟨∂L/∂X, X⟩ of whatever a bias-free linear head makes the logits from.
pub fn logit_cost(y: ArrayView1<f64>, label: usize) -> Sum {
    gradient(y, label).iter().zip(y).map(|(g, y)| g * y).collect()
}

/// ∂L/∂Y = p − one-hot(label).
pub fn gradient(y: ArrayView1<f64>, label: usize) -> Array1<f64> {
    let mut g = softmax(y);
    g[label] -= 1.0;
    g
}

/// ∂L/∂X_4 at one of D pixels, per channel, for L the mean over B samples and `w` `[N, C]` (eq. 13):
/// 1/(BD) (Σ_n p_n w_n − w_label). The paper prints −w_label inside the sum over n.
pub fn feature_gradient(
    y: ArrayView1<f64>,
    label: usize,
    w: ArrayView2<f64>,
    batch: usize,
    pixels: usize,
) -> Array1<f64> {
    gradient(y, label).dot(&w) / (batch * pixels) as f64
}

/// Σ_n (p_n − [n = label]) b_n: with a bias b in the head, ⟨∂L/∂X, X⟩ is C less this.
pub fn bias_term(y: ArrayView1<f64>, label: usize, bias: ArrayView1<f64>) -> f64 {
    gradient(y, label).dot(&bias)
}

/// A line of eq. 12 as printed, Σ_n [−Y_label + p_n Y_n] = E_p\[Y\] − N Y_label: it counts Y_label once
/// for each of the N classes, where C counts it once.
pub fn printed_cost(y: ArrayView1<f64>, label: usize) -> f64 {
    softmax(y).iter().zip(y).map(|(p, y_n)| -y[label] + p * y_n).sum()
}

/// Whether no class has a greater logit than `label`. Then C = E_p\[Y\] − max Y ≤ 0.
pub fn is_correct(y: ArrayView1<f64>, label: usize) -> bool {
    y.iter().all(|other| *other <= y[label])
}

/// The mean of C over all labels, E_p\[Y\] − mean Y. It is ≥ 0 by Chebyshev's sum inequality, p being
/// increasing in Y, and 0 only if all logits are equal: so C is positive in expectation when the
/// classifier's rows are exchangeable.
pub fn mean_cost_over_labels(y: ArrayView1<f64>) -> f64 {
    softmax(y).dot(&y) - y.mean().unwrap_or(0.0)
}

/// dC/ds of the logits sY at s = 1: E_p\[Y\] − Y_label + Var_p(Y). Whether C grows with the logits'
/// scale depends on its sign.
pub fn cost_by_scale(y: ArrayView1<f64>, label: usize) -> f64 {
    let p = softmax(y);
    let mean = p.dot(&y);
    mean - y[label] + p.iter().zip(y).map(|(p, y)| p * (y - mean).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, aview1};

    /// exp Y = (1, 2, 1), so p = (1/4, 1/2, 1/4); L = log 4 or log 2, H = 3/2 log 2.
    fn by_hand() -> Array1<f64> {
        array![0.0, 2f64.ln(), 0.0]
    }

    /// Each number goes through fewer than 16 roundings and is of size at most 2.
    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 2.0 * crate::theorem::rounding::gamma(16, crate::theorem::rounding::U64)
    }

    #[test]
    fn loss_entropy_and_cost_by_hand() {
        let (y, log2) = (by_hand(), 2f64.ln());
        for (label, l) in [(0, 2.0 * log2), (1, log2), (2, 2.0 * log2)] {
            assert!(near(loss(y.view(), label), l));
            assert!(near(entropy(y.view()), 1.5 * log2));
            assert!(near(cost(y.view(), label), l - 1.5 * log2));
            assert!(near(logit_cost(y.view(), label).value, l - 1.5 * log2));
        }
        assert!(is_correct(y.view(), 1) && !is_correct(y.view(), 0));
        assert!(near(mean_cost_over_labels(y.view()), log2 / 6.0));
    }

    /// Σ_n [−Y_label + p_n Y_n] = ½ log 2 − 3 Y_label.
    #[test]
    fn eq_12_as_printed_differs_unless_the_label_has_logit_0() {
        let y = by_hand();
        assert!(near(printed_cost(y.view(), 0), cost(y.view(), 0)));
        assert!(near(printed_cost(y.view(), 1), -2.5 * 2f64.ln()));
        assert!(!near(printed_cost(y.view(), 1), cost(y.view(), 1)));
    }

    #[test]
    fn gradients_of_equal_logits_are_rational() {
        let (y, w) = (array![1.0, 1.0], array![[3.0, 5.0, 0.0], [1.0, -1.0, 2.0]]);
        assert!(gradient(y.view(), 0).iter().zip([-0.5, 0.5]).all(|(a, b)| near(*a, b)));
        let by_hand = [-1.0, -3.0, 1.0].map(|g| g / 8.0);
        let g = feature_gradient(y.view(), 0, w.view(), 2, 4);
        assert!(g.iter().zip(by_hand).all(|(a, b)| near(*a, b)));
        assert!(near(bias_term(y.view(), 0, aview1(&[4.0, 2.0])), -1.0));
        assert!(near(cost(y.view(), 0), 0.0));
        assert!(near(mean_cost_over_labels(y.view()), 0.0));
        assert!(near(cost_by_scale(y.view(), 0), 0.0));
    }

    /// A wrong prediction with C < 0: Y = (1.01, 1, 0, 0, 0), label 1.
    #[test]
    fn wrong_does_not_imply_a_positive_cost() {
        let y = array![1.01, 1.0, 0.0, 0.0, 0.0];
        assert!(!is_correct(y.view(), 1));
        assert!(cost(y.view(), 1) < -0.35);
    }

    #[test]
    fn large_logits_do_not_overflow() {
        let y = array![1000.0, 0.0];
        assert_eq!((loss(y.view(), 0), loss(y.view(), 1), entropy(y.view())), (0.0, 1000.0, 0.0));
    }

    /// Y = (0, log 2), so p = (1/3, 2/3): E_p[Y] = ⅔ log 2 and Var_p(Y) = 2/9 log² 2.
    #[test]
    fn the_slope_in_the_scale_by_hand() {
        let log2 = 2f64.ln();
        let y = array![0.0, log2];
        assert!(near(cost_by_scale(y.view(), 0), 2.0 / 3.0 * log2 + 2.0 / 9.0 * log2 * log2));
        assert!(near(cost_by_scale(y.view(), 1), -log2 / 3.0 + 2.0 / 9.0 * log2 * log2));
    }
}
