//! The gradients of α that DARTS, ProxylessNAS, SNAS and DSNAS follow, from the costs on one edge
//! (sect. 2).
//!
//! o_k is the output of operation k, g the gradient that reaches the edge, c_k = ⟨g, o_k⟩ = ∂L/∂Z_k.
//! The cost of operation k is C_k = Z_k c_k. The paper's [∂L/∂Ẑ]_c is c, not C: its C(Ẑ) carries no
//! weight. Where α is shared among cells, costs add up over the cells first.

use super::head;
use ndarray::{Array1, Array2, ArrayView1};

/// ∂p_k/∂α_m = p_k (δ_km − p_m), as the matrix [k, m], for p = softmax(α).
pub fn softmax_jacobian(p: ArrayView1<f64>) -> Array2<f64> {
    Array2::from_shape_fn((p.len(), p.len()), |(k, m)| p[k] * (f64::from(u8::from(k == m)) - p[m]))
}

/// DARTS: ∂L/∂α = Σ_k ∂Ẑ_k/∂α c_k for the mixture Ẑ = softmax(α), by the chain rule as the paper has
/// it.
pub fn darts_chain(z: ArrayView1<f64>, c: ArrayView1<f64>) -> Array1<f64> {
    c.dot(&softmax_jacobian(z))
}

/// DARTS from the costs C_k = Ẑ_k c_k: ∂L/∂α_m = C_m − Ẑ_m Σ_k C_k.
pub fn darts(z: ArrayView1<f64>, cost: ArrayView1<f64>) -> Array1<f64> {
    &cost - cost.sum() * &z
}

/// ProxylessNAS, straight through a one-hot sample of p: ∂L/∂α_m = p_m (c_m − Σ_k p_k c_k), with c_k
/// for all k from the g of the network that was sampled.
pub fn proxylessnas(p: ArrayView1<f64>, c: ArrayView1<f64>) -> Array1<f64> {
    let mean = p.dot(&c);
    &p * &(&c - mean)
}

/// SNAS, pathwise, at the sampled concrete Z = softmax((α + G)/τ): ∂L/∂α_m = (C_m − Z_m Σ_k C_k)/τ.
pub fn snas(z: ArrayView1<f64>, cost: ArrayView1<f64>, tau: f64) -> Array1<f64> {
    darts(z, cost) / tau
}

/// ∂ log p(Z)/∂α_m = 1 − K softmax(α − τ log Z)_m, the score of the concrete density at Z. Its mean
/// times the cost equals the pathwise gradient in expectation, if c does not depend on Z.
pub fn concrete_score(alpha: ArrayView1<f64>, z: ArrayView1<f64>, tau: f64) -> Array1<f64> {
    let shifted = &alpha - &(tau * z.mapv(f64::ln));
    1.0 - alpha.len() as f64 * head::softmax(shifted.view())
}

/// DSNAS, one sample s of p: ∂ log p_s/∂α_m C(Z_s) = (δ_sm − p_m) C.
pub fn dsnas(p: ArrayView1<f64>, sample: usize, cost: f64) -> Array1<f64> {
    let mut score = p.mapv(|p| -p);
    score[sample] += 1.0;
    score * cost
}

/// The mean of [`dsnas`] over samples s of p, each with its own cost c_s: p_m (c_m − Σ_k p_k c_k).
pub fn dsnas_mean(p: ArrayView1<f64>, cost: ArrayView1<f64>) -> Array1<f64> {
    (0..p.len()).map(|s| p[s] * dsnas(p, s, cost[s])).fold(Array1::zeros(p.len()), |sum, one| sum + one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// Z = (1/2, 1/4, 1/4), c = (4, 8, −8): C = (2, 2, −2), Σ C = 2.
    fn by_hand() -> (Array1<f64>, Array1<f64>, Array1<f64>) {
        (array![0.5, 0.25, 0.25], array![4.0, 8.0, -8.0], array![2.0, 2.0, -2.0])
    }

    #[test]
    fn darts_by_hand() {
        let (z, c, cost) = by_hand();
        assert_eq!(&z * &c, cost);
        assert_eq!(darts(z.view(), cost.view()), array![1.0, 1.5, -2.5]);
        assert_eq!(darts_chain(z.view(), c.view()), array![1.0, 1.5, -2.5]);
        // The weighted cost in the paper's place of c counts Ẑ twice.
        assert_ne!(darts_chain(z.view(), cost.view()), array![1.0, 1.5, -2.5]);
    }

    #[test]
    fn proxylessnas_and_snas_by_hand() {
        let (z, c, cost) = by_hand();
        assert_eq!(proxylessnas(z.view(), c.view()), array![1.0, 1.5, -2.5]);
        assert_eq!(snas(z.view(), cost.view(), 0.5), array![2.0, 3.0, -5.0]);
    }

    #[test]
    fn dsnas_by_hand_and_in_the_mean() {
        let (p, c, _) = by_hand();
        assert_eq!(dsnas(p.view(), 1, 8.0), array![-4.0, 6.0, -2.0]);
        assert_eq!(dsnas_mean(p.view(), c.view()), proxylessnas(p.view(), c.view()));
    }

    #[test]
    fn every_gradient_leaves_the_sum_of_alpha_alone() {
        let (z, c, cost) = by_hand();
        assert_eq!(softmax_jacobian(z.view()).sum_axis(ndarray::Axis(0)), array![0.0, 0.0, 0.0]);
        for gradient in [darts(z.view(), cost.view()), proxylessnas(z.view(), c.view()), dsnas(z.view(), 2, 3.0)] {
            assert_eq!(gradient.sum(), 0.0);
        }
    }

    /// τ = 1, α = log(1, 2), Z = (1/2, 1/2): α − log Z = log(2, 4), softmax (1/3, 2/3).
    #[test]
    fn the_score_of_the_concrete_density_by_hand() {
        let score = concrete_score(array![0.0, 2f64.ln()].view(), array![0.5, 0.5].view(), 1.0);
        // Sums and exponentials of two numbers: fewer than 16 roundings of numbers below 2.
        let bound = 2.0 * crate::theorem::rounding::gamma(16, crate::theorem::rounding::U64);
        assert!((score[0] - 1.0 / 3.0).abs() <= bound && (score[1] + 1.0 / 3.0).abs() <= bound);
    }
}
