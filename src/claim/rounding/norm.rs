//! How exactly a normalisation's backward pass, as computed, hands on ε/(σ² + ε) of the cost.
//!
//! Computed are x̂ᵢ = r̂ (xᵢ − μ − δ)(1 + θ₂), where |δ| ≤ γₙ mean|x| is the mean's own error, and
//! ∂L/∂xᵢ = r̂ (gᵢ − m_g − x̂ᵢ q)(1 + θ), m_g and q the means of g and g x̂. Multiplied by xᵢ and
//! summed, with r̂ xᵢ = x̂ᵢ + r̂ (μ + δ) to first order, that is
//!
//! ```text
//! n q (1 − Σ x̂²/n) − (m_g + q r̂ μ) Σ x̂,      |Σ x̂| ≤ n κ γ,   κ = r̂ mean|x|
//! ```
//!
//! so apart from the rounding of each entry's gradient (times |x|: a factor κ) the mean's error enters
//! a second time through Σ x̂ (κ²). Where κ² γ is not well below 1, σ is lost in rounding and nothing
//! can be said: the bound is infinite. What inexact statistics leave of the cost is exactly a sum of
//! their defects (`InexactStatistics.norm_cost_inexact_statistics`); the entries' own rounding is
//! `InexactStatistics.norm_backward_rounding`.

use crate::{
    claim::judgement::{Amount, Arithmetic},
    normalisation::{Grouping, Normalisation},
    tensor::{Seen, op::Image},
};

/// κ² γₙ up to which a group's statistics are well above rounding.
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

    /// How far an entry's computed gradient may be from r (gᵢ − m_g − x̂ᵢ q), divided by r, apart from
    /// the statistics' errors: γ (|gᵢ| + mean|g| + |x̂ᵢ| mean|g x̂|).
    fn entry_error(&self, i: usize, k: &Conditioning, a: Arithmetic) -> f64 {
        a.gamma(k.n + 6) * (self.g[i].abs() + k.g + self.xhat[i].abs() * k.gxhat) + 4.0 * a.tiny
    }

    /// Whether σ is well above rounding: κ² γₙ is small, or nothing varies at all and exactly so.
    pub fn is_well_above_rounding(&self, a: Arithmetic) -> bool {
        let k = self.conditioning();
        let lost = k.rstd == 0.0 && k.mean != 0.0;
        self.is_blocked() || (!lost && k.kappa.powi(2) * a.gamma(k.n + 8) <= WELL_ABOVE_ROUNDING)
    }

    /// The cost at the input: its bound is how far it may be from [`Group::lets_through`].
    pub fn input_cost(&self, a: Arithmetic) -> Amount {
        let cost = Amount::dot(&self.gx, &self.x);
        if self.is_blocked() {
            return cost;
        }
        if !self.is_well_above_rounding(a) {
            return Amount { bound: f64::INFINITY, ..cost };
        }
        let k = self.conditioning();
        let gamma = a.gamma(k.n + 8);
        let entries: f64 =
            (0..k.n).map(|i| self.entry_error(i, &k, a) * (k.rstd * self.x[i].abs() + self.xhat[i].abs())).sum();
        let mean_g = self.g.iter().sum::<f64>().abs() / k.n as f64;
        let off_centre = (mean_g + k.gxhat * k.rstd * k.mean.abs()) * k.n as f64 * gamma * k.kappa;
        let spread = k.n as f64 * k.gxhat * (gamma + 2.0 * k.share * (gamma * k.kappa).powi(2));
        Amount { bound: cost.bound + entries + off_centre + spread, ..cost }
    }

    /// ε/(σ² + ε) · ⟨g, x̂⟩: what eq. 10 becomes for ε ≥ 0.
    pub fn lets_through(&self) -> f64 {
        self.conditioning().share * Amount::dot(&self.g, &self.xhat).value
    }

    /// How far each computed ∂L/∂xᵢ may be from eq. 8, the statistics' own errors included: they move
    /// x̂ by at most κ γ, absolutely, and (κ γ)² + γ, relatively.
    pub fn gradient_error(&self, i: usize, a: Arithmetic) -> f64 {
        let k = self.conditioning();
        if self.is_blocked() {
            return 0.0;
        }
        if !self.is_well_above_rounding(a) {
            return f64::INFINITY;
        }
        let gamma = a.gamma(k.n + 8);
        let (off, size) = (gamma * k.kappa, self.g[i].abs() + k.g + self.xhat[i].abs() * k.gxhat);
        let moved = off * (k.gxhat + self.xhat[i].abs() * k.g + off * k.g);
        k.rstd * (self.entry_error(i, &k, a) + 2.0 * (moved + (gamma + off * off) * size))
    }

    /// How far Σ ∂L/∂x may be from 0 (the part of Tian's projection along **1**, for every ε): the
    /// entries' own errors, and the mean of x̂ where 0 was meant.
    pub fn sum_error(&self, a: Arithmetic) -> f64 {
        let k = self.conditioning();
        if self.is_blocked() || !self.is_well_above_rounding(a) {
            return if self.is_blocked() { 0.0 } else { f64::INFINITY };
        }
        let entries: f64 = (0..k.n).map(|i| self.entry_error(i, &k, a)).sum();
        k.rstd * (entries + k.n as f64 * k.gxhat * a.gamma(k.n + 8) * (1.0 + k.kappa))
    }

    /// How far ⟨∂L/∂x, x̂⟩ may be from ε/(σ² + ε) · r ⟨g, x̂⟩ (the part along x̂).
    pub fn xhat_error(&self, a: Arithmetic) -> f64 {
        let k = self.conditioning();
        if self.is_blocked() || !self.is_well_above_rounding(a) {
            return if self.is_blocked() { 0.0 } else { f64::INFINITY };
        }
        let gamma = a.gamma(k.n + 8);
        let entries: f64 = (0..k.n).map(|i| self.entry_error(i, &k, a) * self.xhat[i].abs()).sum();
        let spread = k.n as f64 * k.gxhat * (gamma + 2.0 * k.share * (gamma * k.kappa).powi(2));
        k.rstd * (entries + k.n as f64 * k.g * gamma * k.kappa + spread)
    }
}
