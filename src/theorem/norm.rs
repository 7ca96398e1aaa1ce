//! Normalisation over groups of entries, its backward pass, and the cost that it hands on
//! (eq. 6–10, 14, 15).
//!
//! Throughout, g = γ ∂L/∂y, entry by entry: no statement depends on what γ is indexed by. A group is
//! the set of entries that share μ and σ²; n is its size; the paper's BD or CD.

use super::rounding::{gamma, norm_roundings};
use ndarray::{Array4, Zip};

/// The groups of an activation `[N, H, W, C]`, as lists of row-major indices. Batch norm (eq. 7) is
/// `(false, 1)`, layer norm (eq. 14) `(true, C)`, instance norm `(true, 1)`, group norm `(true, C/G)`.
pub fn groups([n, h, w, c]: [usize; 4], per_sample: bool, channels: usize) -> Vec<Vec<usize>> {
    assert!(channels > 0 && c % channels == 0, "{c} channels in groups of {channels}");
    let size = if per_sample { 1 } else { n.max(1) };
    let group = |first: usize, block: usize| {
        let pixels = first * h * w..(first + size) * h * w;
        pixels.flat_map(|pixel| (block * channels..(block + 1) * channels).map(move |i| pixel * c + i)).collect()
    };
    (0..n).step_by(size).flat_map(|first| (0..c / channels).map(move |block| group(first, block))).collect()
}

/// A normalised activation with its statistics, one entry for each group.
#[derive(Debug, Clone)]
pub struct Normalised {
    /// Row-major indices of each group.
    pub groups: Vec<Vec<usize>>,
    /// ε ≥ 0; the paper has 0.
    pub eps: f64,
    /// μ.
    pub mean: Vec<f64>,
    /// σ², biased.
    pub variance: Vec<f64>,
    /// 1/√(σ² + ε), and 0 where σ² + ε = 0.
    pub rstd: Vec<f64>,
    /// x − μ.
    pub centred: Array4<f64>,
    /// x̂ = (x − μ)/√(σ² + ε).
    pub xhat: Array4<f64>,
}

/// The three terms of eq. 8: straight, through μ, through σ².
#[derive(Debug, Clone)]
pub struct Terms {
    /// g/√(σ² + ε).
    pub straight: Array4<f64>,
    /// ∂L/∂μ · 1/n.
    pub through_mean: Array4<f64>,
    /// ∂L/∂σ² · 2(x − μ)/n.
    pub through_variance: Array4<f64>,
}

impl Terms {
    /// ∂L/∂x.
    pub fn sum(&self) -> Array4<f64> {
        &self.straight + &self.through_mean + &self.through_variance
    }
}

impl Normalised {
    /// Normalises `x` over `groups` (eq. 7, 14).
    pub fn new(x: &Array4<f64>, groups: Vec<Vec<usize>>, eps: f64) -> Self {
        let flat: Vec<f64> = x.iter().copied().collect();
        let (mut mean, mut variance, mut rstd) = (Vec::new(), Vec::new(), Vec::new());
        let (mut centred, mut xhat) = (vec![0.0; flat.len()], vec![0.0; flat.len()]);
        for group in &groups {
            let mu = average(group, |i| flat[i]);
            let sigma2 = average(group, |i| (flat[i] - mu).powi(2));
            let r = if sigma2 + eps > 0.0 { 1.0 / (sigma2 + eps).sqrt() } else { 0.0 };
            for &i in group {
                centred[i] = flat[i] - mu;
                xhat[i] = centred[i] * r;
            }
            mean.push(mu);
            variance.push(sigma2);
            rstd.push(r);
        }
        let shaped = |flat| Array4::from_shape_vec(x.raw_dim(), flat).expect("as many entries");
        Normalised { groups, eps, mean, variance, rstd, centred: shaped(centred), xhat: shaped(xhat) }
    }

    /// ∂L/∂σ² = −½ Σ g (x − μ)/(σ² + ε)^{3/2} for each group (eq. 9).
    pub fn gradient_variance(&self, g: &Array4<f64>) -> Vec<f64> {
        let inner = self.sums(&[g, &self.centred]);
        inner.iter().zip(&self.rstd).map(|(inner, r)| -0.5 * inner * r.powi(3)).collect()
    }

    /// ∂L/∂μ = −Σ g/√(σ² + ε) for each group (eq. 9), whose second term is 0 since Σ(x − μ) = 0.
    pub fn gradient_mean(&self, g: &Array4<f64>) -> Vec<f64> {
        self.sums(&[g]).iter().zip(&self.rstd).map(|(sum, r)| -sum * r).collect()
    }

    /// Eq. 8, second line: the chain rule through x̂, μ and σ².
    pub fn terms(&self, g: &Array4<f64>) -> Terms {
        let n = self.sizes();
        let (by_mean, by_variance) = (self.gradient_mean(g), self.gradient_variance(g));
        Terms {
            straight: self.map(g, |group, g| g * self.rstd[group]),
            through_mean: self.map(g, |group, _| by_mean[group] / n[group]),
            through_variance: self.map(&self.centred, |group, d| by_variance[group] * 2.0 * d / n[group]),
        }
    }

    /// Eq. 8, last line, in which the last term is divided by `last`: the paper prints CD, where n (BD
    /// for batch norm) is right.
    pub fn printed_backward(&self, g: &Array4<f64>, last: f64) -> Array4<f64> {
        let (sum, inner) = (self.sums(&[g]), self.sums(&[g, &self.xhat]));
        let n = self.sizes();
        let first = self.map(g, |group, g| self.rstd[group] * (g - sum[group] / n[group]));
        first - self.map(&self.xhat, |group, xhat| self.rstd[group] * inner[group] * xhat / last)
    }

    /// ∂L/∂x = (g − mean g − x̂ mean(g x̂))/√(σ² + ε), with means over the group.
    pub fn backward(&self, g: &Array4<f64>) -> Array4<f64> {
        let (sum, inner) = (self.sums(&[g]), self.sums(&[g, &self.xhat]));
        let n = self.sizes();
        let centred = self.map(g, |group, g| g - sum[group] / n[group]);
        let rest = self.map(&self.xhat, |group, xhat| xhat * inner[group] / n[group]);
        self.map(&(centred - rest), |group, g| g * self.rstd[group])
    }

    /// ⟨∂L/∂x, x⟩ for each group by the last line of eq. 10 and 15, with the square that is missing in
    /// print: ⟨g, x̂⟩ (1 − Σ x̂²/n).
    pub fn input_cost(&self, g: &Array4<f64>) -> Vec<f64> {
        let (inner, square) = (self.sums(&[g, &self.xhat]), self.sums(&[&self.xhat, &self.xhat]));
        (0..self.groups.len()).map(|i| inner[i] * (1.0 - square[i] / self.groups[i].len() as f64)).collect()
    }

    /// The same, exactly, for every ε: ε/(σ² + ε) · ⟨g, x̂⟩. It is 0 at ε = 0.
    pub fn residual(&self, g: &Array4<f64>) -> Vec<f64> {
        let share = |variance: f64| if variance + self.eps > 0.0 { self.eps / (variance + self.eps) } else { 0.0 };
        self.sums(&[g, &self.xhat]).iter().zip(&self.variance).map(|(inner, v)| share(*v) * inner).collect()
    }

    /// How far ⟨∂L/∂x, x⟩ of each group, computed with unit roundoff `u`, may be from [`residual`]: the
    /// sum Σ |x| r (|g| + mean|g| + X mean(|g| X)) of absolute values, with X = r (|x| + mean|x|) for the
    /// difference in x̂, times γ_{4n + 32}. A product goes through n + 4 operations in each of x̂, the
    /// two means and the sum, and 16 more at most in r and γ. Higher orders are left out: it holds
    /// while r u |x| is small beside 1. Terms that err by γ_k on scales of their own:
    /// `IdentityBounds.check_after_k_roundings`.
    ///
    /// [`residual`]: Normalised::residual
    pub fn cost_bound(&self, x: &Array4<f64>, g: &Array4<f64>, u: f64) -> Vec<f64> {
        let (x, g, n) = (x.mapv(f64::abs), g.mapv(f64::abs), self.sizes());
        let mean = |sums: Vec<f64>| sums.iter().zip(&n).map(|(sum, n)| sum / n).collect::<Vec<_>>();
        let (mean_x, mean_g) = (mean(self.sums(&[&x])), mean(self.sums(&[&g])));
        let spread = self.map(&x, |group, x| self.rstd[group] * (x + mean_x[group]));
        let inner = mean(self.sums(&[&g, &spread]));
        let gx = self.map(&g, |group, g| g + mean_g[group]) + self.map(&spread, |group, s| s * inner[group]);
        let terms = self.sums(&[&x, &self.map(&gx, |group, gx| self.rstd[group] * gx)]);
        terms.iter().zip(&self.groups).map(|(terms, group)| gamma(norm_roundings(group.len()), u) * terms).collect()
    }

    /// ⟨∂L/∂x, 1⟩ and ⟨∂L/∂x, x̂⟩ for each group: at ε = 0 both are 0, for the backward pass projects
    /// on the complement of 1 and x̂ (the remark after eq. 10).
    pub fn projections(&self, gx: &Array4<f64>) -> Vec<[f64; 2]> {
        self.sums(&[gx]).into_iter().zip(self.sums(&[gx, &self.xhat])).map(|(one, xhat)| [one, xhat]).collect()
    }

    /// Σ over each group of the product of `factors`: with (∂L/∂x, x), the group's cost.
    pub fn sums(&self, factors: &[&Array4<f64>]) -> Vec<f64> {
        let mut product = Array4::ones(self.xhat.raw_dim());
        factors.iter().for_each(|factor| product *= *factor);
        let flat: Vec<f64> = product.iter().copied().collect();
        self.groups.iter().map(|group| group.iter().map(|i| flat[*i]).sum()).collect()
    }

    fn sizes(&self) -> Vec<f64> {
        self.groups.iter().map(|group| group.len() as f64).collect()
    }

    /// `f(group, entry)` for every entry.
    fn map(&self, x: &Array4<f64>, f: impl Fn(usize, f64) -> f64) -> Array4<f64> {
        let mut group_of = vec![0; x.len()];
        for (group, members) in self.groups.iter().enumerate() {
            members.iter().for_each(|i| group_of[*i] = group);
        }
        let group_of = Array4::from_shape_vec(x.raw_dim(), group_of).expect("as many entries");
        Zip::from(x).and(&group_of).map_collect(|x, group| f(*group, *x))
    }
}

fn average(group: &[usize], f: impl Fn(usize) -> f64) -> f64 {
    group.iter().map(|i| f(*i)).sum::<f64>() / group.len() as f64
}

#[cfg(test)]
mod tests;
