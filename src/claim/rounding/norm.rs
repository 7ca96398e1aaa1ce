//! How exactly a normalisation's backward pass, as computed, hands on ε/(σ² + ε) of the cost.
//!
//! Computed are x̂ᵢ = r̂ (xᵢ − m)(1 + θ₂), m and r̂ = 1/√(σ² + ε) rounded themselves, and
//! ∂L/∂xᵢ = r̂ (gᵢ − m_g − x̂ᵢ q)(1 + θ), m_g and q the means of g and g x̂. Multiplied by xᵢ and summed,
//! that leaves
//!
//! ```text
//! n q (1 − Σ x̂²/n) − (m_g + q r̂ m) Σ x̂,      |Σ x̂| ≤ n Γ (1 + κ),   κ = r mean|x|,   Γ = γ_{4n+32}
//! ```
//!
//! so the mean's error enters once through Σ x̂, magnified by κ, and again beside r̂ m (κ²). Where κ² Γ or Γ
//! is not well below 1, σ is lost in rounding and nothing can be said: the bound is infinite. The
//! statistics are bounded in `NormStatistics.mean_computed`, `NormStatistics.mean_square_computed`; each
//! bound below names its theorem. Terms in `tiny`, which allow for underflow, are beyond the theorems'
//! model, and so is that a bound is evaluated in `f64`, from statistics that `f64` knows.

use crate::{
    claim::judgement::{Amount, Arithmetic},
    normalisation::{Grouping, Normalisation},
    tensor::{Seen, op::Image},
    theorem::rounding::norm_roundings,
};

/// max(κ², 1) Γ up to which a group's statistics are well above rounding.
const WELL_ABOVE_ROUNDING: f64 = 1.0 / 32.0;

/// One group of entries that share μ and σ².
#[derive(Debug, Clone)]
pub struct Group {
    /// x.
    pub x: Vec<f64>,
    /// x̂ as computed.
    pub xhat: Vec<f64>,
    /// γ ∂L/∂y, the gradient that reaches x̂.
    pub g: Vec<f64>,
    /// ∂L/∂x as computed.
    pub gx: Vec<f64>,
    /// ε.
    pub eps: f64,
}

/// What a bound on anything in the group is made of.
#[derive(Debug, Clone, Copy)]
pub struct Conditioning {
    /// Entries.
    pub n: usize,
    /// μ.
    pub mean: f64,
    /// 1/√(σ² + ε), 0 where σ² + ε = 0.
    pub rstd: f64,
    /// ε/(σ² + ε), 0 where σ² + ε = 0.
    pub share: f64,
    /// κ = r mean|x|.
    pub kappa: f64,
    /// mean |g|.
    pub g: f64,
    /// mean |g x̂|.
    pub gxhat: f64,
}

/// The groups of a layer, from what a probing pass saw before and after the normalisation.
pub fn groups(kind: Normalisation, eps: f64, input: &Seen, normalised: &Seen) -> Vec<Group> {
    let [n, h, w, c] = *input.shape else { unreachable!("an activation") };
    let image = Image { n, h, w, c };
    let Some(grouping) = kind.grouping(c) else { return Vec::new() };
    let empty = Group { x: vec![], xhat: vec![], g: vec![], gx: vec![], eps };
    let mut groups = vec![empty; grouping.count(image)];
    for i in 0..input.value.len() {
        let group = &mut groups[index(grouping, image, i)];
        group.x.push(input.value[i]);
        group.gx.push(input.gradient[i]);
        group.xhat.push(normalised.value[i]);
        group.g.push(normalised.gradient[i]);
    }
    groups
}

/// The group of the row-major entry `i`.
pub fn index(grouping: Grouping, image: Image, i: usize) -> usize {
    grouping.index(image, i / image.per_sample(), i % image.c)
}

impl Conditioning {
    /// Γ = γ_{4n+32}.
    fn gamma(&self, a: Arithmetic) -> f64 {
        a.gamma(norm_roundings(self.n))
    }

    /// How far Σ x̂ may be from 0: n Γ (1 + κ) (`NormRounding.xhat_sum_bound`).
    pub fn xhat_sum(&self, a: Arithmetic) -> f64 {
        self.n as f64 * self.gamma(a) * (1.0 + self.kappa)
    }

    /// The noise behind the normalisation where `flat` reaches every entry but for `noise`, and no |x̂| is
    /// above `largest` (`FlatRounding.flat_gradient_bound`).
    pub fn through_flat(&self, a: Arithmetic, flat: f64, noise: f64, largest: f64) -> f64 {
        let (gamma, square) = (self.gamma(a), 2.0 + largest * largest);
        self.rstd * (flat * gamma * (square + largest * (1.0 + self.kappa)) + noise * square * (1.0 + 2.0 * gamma))
    }
}

impl Group {
    /// Statistics, computed anew from x.
    pub fn conditioning(&self) -> Conditioning {
        let n = self.x.len() as f64;
        let average = |terms: &mut dyn Iterator<Item = f64>| terms.sum::<f64>() / n;
        let mean = average(&mut self.x.iter().copied());
        let spread = average(&mut self.x.iter().map(|x| (x - mean).powi(2))) + self.eps;
        let rstd = if spread > 0.0 { spread.sqrt().recip() } else { 0.0 };
        Conditioning {
            n: self.x.len(),
            mean,
            rstd,
            share: if spread > 0.0 { self.eps / spread } else { 0.0 },
            kappa: rstd * average(&mut self.x.iter().map(|x| x.abs())),
            g: average(&mut self.g.iter().map(|g| g.abs())),
            gxhat: average(&mut self.g.iter().zip(&self.xhat).map(|(g, xhat)| (g * xhat).abs())),
        }
    }

    /// Whether σ² + ε was 0 in the computation too: x̂ = 0 and no gradient passes.
    fn is_blocked(&self) -> bool {
        self.xhat.iter().chain(&self.gx).all(|v| *v == 0.0)
    }

    /// |gᵢ| + mean|g| + |x̂ᵢ| mean|g x̂|. An entry's computed gradient is within Γ of it from
    /// r (gᵢ − m_g − x̂ᵢ q), divided by r (`NormRounding.entry_within`).
    fn size(&self, i: usize, k: &Conditioning) -> f64 {
        self.g[i].abs() + k.g + self.xhat[i].abs() * k.gxhat
    }

    fn entry_error(&self, i: usize, k: &Conditioning, a: Arithmetic) -> f64 {
        k.gamma(a) * self.size(i, k) + 4.0 * a.tiny
    }

    /// Whether σ is well above rounding: max(κ², 1) Γ is small, or nothing varies at all and exactly so. Small means that
    /// Γ + (κΓ)² ≤ 1, which the bound on eq. 8 asks for (`Eq8Rounding.rel_at_most_1`).
    pub fn is_well_above_rounding(&self, a: Arithmetic) -> bool {
        let k = self.conditioning();
        let lost = k.rstd == 0.0 && k.mean != 0.0;
        self.is_blocked() || (!lost && k.kappa.powi(2).max(1.0) * k.gamma(a) <= WELL_ABOVE_ROUNDING)
    }

    /// The cost at the input: its bound is how far it may be from [`Group::lets_through`]
    /// (`NormRounding.input_cost_bound`).
    pub fn input_cost(&self, a: Arithmetic) -> Amount {
        let cost = Amount::dot(&self.gx, &self.x);
        if self.is_blocked() {
            return cost;
        }
        if !self.is_well_above_rounding(a) {
            return Amount { bound: f64::INFINITY, ..cost };
        }
        let k = self.conditioning();
        let entry = |i: usize| {
            let (x, xhat) = (self.x[i].abs(), self.xhat[i].abs());
            // The last product, by r, may underflow.
            self.entry_error(i, &k, a) * (k.rstd * x + xhat) + 4.0 * a.tiny * x
        };
        let entries: f64 = (0..k.n).map(entry).sum();
        let off_centre = k.xhat_sum(a) * (k.g + k.kappa * k.gxhat);
        let spread = k.n as f64 * k.gxhat * (k.gamma(a) + k.share * (k.gamma(a) * k.kappa).powi(2));
        // What is let through is computed too, with as large a spread.
        Amount { bound: cost.bound + entries + off_centre + 2.0 * spread, ..cost }
    }

    /// ε/(σ² + ε) · ⟨g, x̂⟩: what eq. 10 becomes for ε ≥ 0.
    pub fn lets_through(&self) -> f64 {
        self.conditioning().share * Amount::dot(&self.g, &self.xhat).value
    }

    /// How far each computed ∂L/∂xᵢ may be from eq. 8, the statistics' own errors included: they move
    /// x̂ by at most κ Γ, absolutely, and (κ Γ)² + Γ, relatively (`Eq8Rounding.gradient_bound`).
    pub fn gradient_error(&self, i: usize, a: Arithmetic) -> f64 {
        let k = self.conditioning();
        if self.is_blocked() {
            return 0.0;
        }
        if !self.is_well_above_rounding(a) {
            return f64::INFINITY;
        }
        let off = k.gamma(a) * k.kappa;
        let moved = off * (k.gxhat + self.xhat[i].abs() * k.g + off * k.g);
        let relative = k.gamma(a) + off * off;
        k.rstd * (self.entry_error(i, &k, a) + 2.0 * (moved + relative * self.size(i, &k))) + 4.0 * a.tiny
    }

    /// How far Σ ∂L/∂x may be from 0 (the part of Tian's projection along **1**, for every ε): the
    /// entries' own errors, and the mean of x̂ where 0 was meant (`NormRounding.sum_bound`).
    pub fn sum_error(&self, a: Arithmetic) -> f64 {
        let k = self.conditioning();
        if self.is_blocked() || !self.is_well_above_rounding(a) {
            return if self.is_blocked() { 0.0 } else { f64::INFINITY };
        }
        let entries: f64 = (0..k.n).map(|i| self.entry_error(i, &k, a)).sum();
        k.rstd * (entries + k.xhat_sum(a) * k.gxhat) + 4.0 * a.tiny * k.n as f64
    }

    /// How far ⟨∂L/∂x, x̂⟩ may be from 0 at ε = 0 (the part along x̂; `NormRounding.xhat_bound`).
    pub fn xhat_error(&self, a: Arithmetic) -> f64 {
        let k = self.conditioning();
        if self.is_blocked() || !self.is_well_above_rounding(a) {
            return if self.is_blocked() { 0.0 } else { f64::INFINITY };
        }
        let entries: f64 = (0..k.n).map(|i| self.entry_error(i, &k, a) * self.xhat[i].abs()).sum();
        k.rstd * (entries + k.xhat_sum(a) * k.g + k.n as f64 * k.gxhat * k.gamma(a))
            + 8.0 * a.tiny * k.n as f64 * (k.n as f64).sqrt()
    }
}
