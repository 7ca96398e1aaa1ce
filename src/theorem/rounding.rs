//! How far a computed sum of products may be from the exact one.
//!
//! One rounding multiplies by 1 + δ with |δ| ≤ u. A term that goes through n roundings is multiplied
//! by 1 + θ with |θ| ≤ γ_n = n u/(1 − n u), and γ_m + γ_n + γ_m γ_n ≤ γ_{m+n} (Higham, *Accuracy and
//! Stability of Numerical Algorithms*, 2nd ed., lemmas 3.1 and 3.3). In a sum of n products, each
//! product is rounded once and takes part in at most n − 1 additions, in whatever order: so
//! |fl(Σ xᵢyᵢ) − Σ xᵢyᵢ| ≤ γ_n Σ|xᵢyᵢ| (eq. 3.5 there). Machine-checked: `Rounding.computed_sum_gamma`,
//! `Rounding.gamma_compose`.

use ndarray::ArrayView1;

/// u of `f32`, rounding to nearest: 2⁻²⁴.
pub const U32: f64 = f32::EPSILON as f64 / 2.0;
/// u of `f64`, rounding to nearest: 2⁻⁵³.
pub const U64: f64 = f64::EPSILON / 2.0;

/// γ_n = n u/(1 − n u), what n roundings grow to at most (`Rounding.growth_le_gamma`); infinite from
/// n u = 1 on, where nothing is known.
pub fn gamma(n: usize, u: f64) -> f64 {
    let nu = n as f64 * u;
    if nu < 1.0 { nu / (1.0 - nu) } else { f64::INFINITY }
}

/// The roundings that the bounds of a normalisation count over a group of n entries, from its statistics
/// to its backward pass: enough for each step of their proofs (`NormRounding.gamma_norm_ge`).
pub fn norm_roundings(n: usize) -> usize {
    4 * n + 32
}

/// The roundings, relatively, that a computed softmax of so many numbers is off by, none of them more than `range`
/// below the largest (`SoftmaxRounding.softmax_near`). Of exp and log it asks for results within 4 roundings, two
/// units in the last place.
pub fn softmax_roundings(numbers: usize, range: f64) -> usize {
    4 * numbers + 4 * range.ceil() as usize + 9
}

/// The range of a softmax's exponents, from its outputs.
pub fn range(p: ArrayView1<f64>) -> f64 {
    p.iter().map(|p| p.max(f64::MIN_POSITIVE).ln().abs()).fold(0.0, f64::max)
}

/// The roundings that the bound of an α-gradient counts: costs of so many products each, so many operations, and the
/// roundings of the softmax (`AlphaRounding.alpha_check_bound`).
pub fn alpha_roundings(products: usize, operations: usize, softmax: usize) -> usize {
    2 * products + 4 * softmax + operations + 10
}

/// A sum with what its bound needs: Σ xᵢ, Σ|xᵢ| and the number of terms.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sum {
    /// Σ xᵢ, added in order.
    pub value: f64,
    /// Σ |xᵢ|.
    pub magnitude: f64,
    /// The number of terms.
    pub terms: usize,
}

impl Sum {
    /// Σ xᵢ yᵢ.
    pub fn dot(x: &[f64], y: &[f64]) -> Self {
        assert_eq!(x.len(), y.len(), "vectors of one length");
        x.iter().zip(y).map(|(x, y)| x * y).collect()
    }

    /// Adds a term.
    pub fn add(&mut self, term: f64) {
        self.value += term;
        self.magnitude += term.abs();
        self.terms += 1;
    }

    /// How far the sum, computed in any order with unit roundoff `u`, may be from the exact one, where
    /// each term went through `before` roundings: γ_m Σ|xᵢ|, m = before + n. It allows for Σ|xᵢ| being
    /// computed too, while m (m − 1) u ≤ 1 (`Tolerance.check_bound`).
    pub fn bound(self, before: usize, u: f64) -> f64 {
        gamma(before + self.terms, u) * self.magnitude
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<T: IntoIterator<Item = f64>>(terms: T) -> Self {
        let mut sum = Sum::default();
        terms.into_iter().for_each(|term| sum.add(term));
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_roundoff_is_half_the_gap_after_one() {
        assert_eq!(1.0 + U64, 1.0);
        assert_ne!(1.0 + 2.0 * U64, 1.0);
        assert_eq!(U32, 2f64.powi(-24));
    }

    #[test]
    fn gamma_of_a_dyadic_unit_by_hand() {
        assert_eq!(gamma(0, U64), 0.0);
        assert_eq!(gamma(1, 0.25), 1.0 / 3.0);
        assert_eq!(gamma(2, 0.25), 1.0);
        assert_eq!(gamma(4, 0.25), f64::INFINITY);
    }

    #[test]
    fn a_sum_keeps_its_magnitude() {
        let sum = Sum::dot(&[1.0, -2.0, 3.0], &[4.0, 5.0, 2.0]);
        assert_eq!(sum, Sum { value: 0.0, magnitude: 20.0, terms: 3 });
        assert_eq!(sum.bound(1, 0.125), 20.0);
    }

    /// 1 + u + u + u rounds to 1 from the left, and to more from the right.
    #[test]
    fn the_bound_covers_both_orders() {
        let terms = [1.0, U64, U64, U64];
        let forth: Sum = terms.into_iter().collect();
        let back: Sum = terms.into_iter().rev().collect();
        assert_ne!(forth.value, back.value);
        assert!((forth.value - back.value).abs() <= 2.0 * forth.bound(0, U64));
        assert!((forth.value - back.value).abs() > U64, "an error of one rounding would be too small a bound");
    }
}
