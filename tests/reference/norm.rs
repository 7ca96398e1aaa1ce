//! Normalisation over groups (eq. 7, 14) and the affine map.

use super::{Shape, Sum, indices};
use wirecost::theorem::rounding::gamma;

/// The group of each entry: its sample or the whole batch, and its block of `channels`.
pub fn group([_, _, _, c]: Shape, [n, _, _, channel]: Shape, per_sample: bool, channels: usize) -> usize {
    let sample = if per_sample { n } else { 0 };
    sample * (c / channels) + channel / channels
}

/// The entries of each group.
pub fn members(shape: Shape, per_sample: bool, channels: usize) -> Vec<Vec<usize>> {
    let groups: Vec<usize> = indices(shape).map(|i| group(shape, i, per_sample, channels)).collect();
    let mut members = vec![Vec::new(); groups.iter().max().map_or(0, |last| last + 1)];
    groups.iter().enumerate().for_each(|(i, group)| members[*group].push(i));
    members
}

/// x̂, and for each entry how far a computation with unit roundoff `u` may be from it.
///
/// For a group of n entries, the computed mean is off by at most e = γ_n mean|x|. The variance around
/// that mean is larger by its square, and rounded n + 4 times; adding ε, the root, the reciprocal and
/// the last two operations give six more. So to first order |δx̂| ≤ r e + |x̂| ((r e)² + γ_{n+10})/2 +
/// |x̂| γ_4 with r = 1/√(σ² + ε). Twice that covers the higher orders while r e ≤ 1/8; beyond, nothing
/// is claimed.
pub fn normalise(shape: Shape, x: &[f64], per_sample: bool, channels: usize, eps: f64, u: f64) -> (Vec<f64>, Vec<f64>) {
    let (mut xhat, mut bound) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    for members in members(shape, per_sample, channels) {
        let n = members.len();
        let mean = members.iter().map(|i| x[*i]).sum::<f64>() / n as f64;
        let magnitude = members.iter().map(|i| x[*i].abs()).sum::<f64>() / n as f64;
        let variance = members.iter().map(|i| (x[*i] - mean).powi(2)).sum::<f64>() / n as f64;
        if variance + eps == 0.0 {
            continue;
        }
        let r = 1.0 / (variance + eps).sqrt();
        let shift = r * gamma(n, u) * magnitude;
        for i in members {
            xhat[i] = (x[i] - mean) * r;
            let first = shift + xhat[i].abs() * ((shift * shift + gamma(n + 10, u)) / 2.0 + gamma(4, u));
            bound[i] = if shift <= 0.125 { 2.0 * first } else { f64::INFINITY };
        }
    }
    (xhat, bound)
}

/// What γ and β are indexed by.
#[derive(Debug, Clone, Copy)]
pub enum Layout {
    Channel,
    Element,
    Sample,
}

impl Layout {
    /// Where γ and β of an entry stand.
    pub fn place(self, [_, _, width, c]: Shape, [n, h, w, channel]: Shape) -> usize {
        match self {
            Layout::Channel => channel,
            Layout::Element => (h * width + w) * c + channel,
            Layout::Sample => n,
        }
    }
}

/// y = γ x + β.
pub fn affine(shape: Shape, x: &[f64], gamma: &[f64], beta: &[f64], layout: Layout) -> Vec<Sum> {
    let entry = |(index, &x): (Shape, &f64)| {
        let i = layout.place(shape, index);
        [gamma[i] * x, beta[i]].into_iter().collect()
    };
    indices(shape).zip(x).map(entry).collect()
}
