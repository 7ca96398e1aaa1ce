//! Numbers that know how far rounding may have moved them.
//!
//! Each operation returns the exact result times 1 + δ, |δ| ≤ u. So a product of a and b, each off by
//! some, is off by |b| off_a + |a| off_b, and by u |ab| more; a sum of n terms, added in any order, by
//! Σ off, and by γ_n Σ|terms| more. Nothing depends on which computation it was: the bound on a number
//! is one for the tape and for the closed forms, which both run through these operations.

use crate::formulas::Vector;
use std::{iter::Sum, ops};
use wirecost::theorem::rounding::{U64, gamma};

#[derive(Debug, Clone, Copy)]
pub struct Near {
    pub value: f64,
    /// |computed − exact| at most.
    off: f64,
}

impl Near {
    /// p/q, rounded once; 0 is exact.
    fn given(value: f64) -> Self {
        Near { value, off: U64 * value.abs() }
    }

    /// The exact number and every computed one are at most this.
    fn size(self) -> f64 {
        self.value.abs() + 2.0 * self.off
    }

    /// How far another computation of this number may be from the stored p/q, which is rounded too.
    pub fn bound(self) -> f64 {
        self.off + U64 * self.size()
    }

    /// 1/√v. A relative error t of v, |t| ≤ ½, moves it by at most |t|; root and reciprocal round. Twice
    /// that, for the products of errors.
    fn reciprocal_root(self) -> Self {
        let t = self.off / (self.value - self.off);
        assert!((0.0..=0.5).contains(&t), "a variance well above rounding");
        let value = self.value.sqrt().recip();
        Near { value, off: 2.0 * value * (t + gamma(2, U64)) }
    }

    /// The larger bound of two ways to compute the same number.
    fn or(self, other: Self) -> Self {
        Near { off: self.off.max(other.off), ..self }
    }
}

impl ops::Add for Near {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        [self, other].into_iter().sum()
    }
}

impl ops::Neg for Near {
    type Output = Self;
    fn neg(self) -> Self {
        Near { value: -self.value, ..self }
    }
}

impl ops::Mul for Near {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let (a, b) = (self.size(), other.size());
        Near { value: self.value * other.value, off: self.off * b + a * other.off + U64 * a * b }
    }
}

impl Sum for Near {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        let terms: Vec<Near> = terms.collect();
        let sum = |of: fn(&Near) -> f64| terms.iter().map(of).sum::<f64>();
        let (value, off, size) = (sum(|t| t.value), sum(|t| t.off), sum(|t| t.size()));
        Near { value, off: off + gamma(terms.len(), U64) * size }
    }
}

fn mean(terms: impl ExactSizeIterator<Item = Near>) -> Near {
    let n = terms.len() as f64;
    terms.sum::<Near>() * Near::given(1.0 / n)
}

/// x̂ and 1/√(σ² + ε).
fn normalised(x: &[Near], eps: f64) -> (Vec<Near>, Near) {
    let [mu, variance] = x.to_vec().statistics();
    let r = (variance + Near::given(eps)).reciprocal_root();
    (x.iter().map(|x| (*x + -mu) * r).collect(), r)
}

impl Vector for Vec<Near> {
    type Number = Near;

    fn of(x: &[f64]) -> Self {
        x.iter().map(|x| Near::given(*x)).collect()
    }

    fn entries(&self) -> Vec<Near> {
        self.clone()
    }

    fn plus(&self, other: &Self) -> Self {
        self.iter().zip(other).map(|(a, b)| *a + *b).collect()
    }

    fn times(&self, k: f64) -> Self {
        self.iter().map(|a| *a * Near::given(k)).collect()
    }

    fn dot(&self, other: &Self) -> Near {
        self.iter().zip(other).map(|(a, b)| *a * *b).sum()
    }

    fn where_positive(&self, g: &Self) -> Self {
        self.iter().zip(g).map(|(x, g)| if x.value > 0.0 { *g } else { Near::given(0.0) }).collect()
    }

    fn statistics(&self) -> [Near; 2] {
        let mu = mean(self.iter().copied());
        let centred: Vec<Near> = self.iter().map(|x| *x + -mu).collect();
        [mu, mean(centred.iter().map(|d| *d * *d))]
    }

    fn norm(&self, [gamma, beta, eps]: [f64; 3]) -> Self {
        normalised(self, eps).0.into_iter().map(|h| h * Near::given(gamma) + Near::given(beta)).collect()
    }

    fn norm_backward(&self, [gamma, _, eps]: [f64; 3], g: &Self) -> Self {
        let ((xhat, r), g) = (normalised(self, eps), g.times(gamma));
        let (m, q) = (mean(g.iter().copied()), mean(g.iter().zip(&xhat).map(|(g, h)| *g * *h)));
        g.iter().zip(&xhat).map(|(g, h)| [*g, -m, -(*h * q)].into_iter().sum::<Near>() * r).collect()
    }

    /// By eq. 10, or as the cost at the input, whichever rounds more.
    fn residual(&self, [gamma, beta, eps]: [f64; 3], g: &Self) -> Near {
        let (xhat, r) = normalised(self, eps);
        let closed = Near::given(eps) * r * r * g.times(gamma).dot(&xhat);
        closed.or(self.norm_backward([gamma, beta, eps], g).dot(self))
    }
}
