//! One comparison of a computed number with what a claim says it is.

use crate::tensor::Element;

/// The rounding behaviour of an element type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arithmetic {
    /// Unit roundoff u.
    pub unit: f64,
    /// The smallest positive number: what underflow may lose.
    pub tiny: f64,
}

impl Arithmetic {
    /// That of `E`.
    pub fn of<E: Element>() -> Self {
        Arithmetic { unit: E::UNIT_ROUNDOFF, tiny: if E::NAME == "f32" { 2f64.powi(-149) } else { f64::from_bits(1) } }
    }

    /// γ_n = n u/(1 − n u).
    pub fn gamma(self, n: usize) -> f64 {
        crate::theorem::rounding::gamma(n, self.unit)
    }
}

/// |left − right| beside what rounding alone may make of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// |left − right|.
    pub residual: f64,
    /// The derived bound; infinite where rounding drowns the statement.
    pub bound: f64,
    /// Whether the claim's condition is met.
    pub applies: bool,
}

impl Judgement {
    /// The claim says that `left` is `right`.
    pub fn equal(left: f64, right: f64, bound: f64) -> Self {
        Judgement { residual: (left - right).abs(), bound, applies: true }
    }

    /// The claim says that `value` is 0.
    pub fn zero(value: f64, bound: f64) -> Self {
        Self::equal(value, 0.0, bound)
    }

    /// The claim says that `value` is not positive.
    pub fn at_most_zero(value: f64, bound: f64) -> Self {
        Self::equal(value.max(0.0), 0.0, bound)
    }

    /// The same, under the claim's condition.
    pub fn when(self, condition: bool) -> Self {
        Judgement { applies: self.applies && condition, ..self }
    }

    /// Whether the bound leaves anything to be said.
    pub fn is_meaningful(self) -> bool {
        self.bound.is_finite()
    }

    /// residual ÷ bound; at most 1 unless the statement is violated. NaN violates.
    pub fn ratio(self) -> f64 {
        match self.residual {
            0.0 => 0.0,
            residual if residual.is_nan() || self.bound == 0.0 => f64::INFINITY,
            residual => residual / self.bound,
        }
    }
}

/// A sum with what it may be off by.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Amount {
    /// The sum.
    pub value: f64,
    /// How far rounding may have moved it.
    pub bound: f64,
    /// The sum of absolute terms.
    pub scale: f64,
}

impl Amount {
    /// Σ aᵢ bᵢ of numbers as they are, added here in f64: one rounding a product, then the sum
    /// (`Tolerance.check_bound`).
    pub fn dot(a: &[f64], b: &[f64]) -> Self {
        let sum = crate::theorem::rounding::Sum::dot(a, b);
        Amount { value: sum.value, bound: sum.bound(1, crate::theorem::rounding::U64), scale: sum.magnitude }
    }

    /// The same with a further error of `relative` times the scale.
    pub fn off_by(self, relative: f64) -> Self {
        Amount { bound: self.bound + relative * self.scale, ..self }
    }
}

impl std::ops::Add for Amount {
    type Output = Amount;

    fn add(self, other: Amount) -> Amount {
        Amount { value: self.value + other.value, bound: self.bound + other.bound, scale: self.scale + other.scale }
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Amount>>(amounts: I) -> Amount {
        amounts.fold(Amount::default(), |a, b| a + b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_above_one_is_a_violation() {
        assert_eq!(Judgement::equal(1.0, 1.0, 0.0).ratio(), 0.0);
        assert_eq!(Judgement::zero(2.0, 4.0).ratio(), 0.5);
        assert_eq!(Judgement::zero(1e-300, 0.0).ratio(), f64::INFINITY);
        assert_eq!(Judgement::zero(f64::NAN, 1.0).ratio(), f64::INFINITY);
        assert_eq!(Judgement::at_most_zero(-3.0, 0.0).ratio(), 0.0);
        assert!(!Judgement::zero(1.0, f64::INFINITY).is_meaningful());
    }
}
