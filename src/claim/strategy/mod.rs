//! How cases are drawn, for `verify` and for tests alike. Everything shrinks towards small, and a
//! tensor's values come from a stream of its own, so that a smaller network keeps the values of what
//! is left.

pub mod histogram;
pub mod layer;
pub mod logits;
pub mod network;
pub mod norm;
pub mod plan;

use crate::{
    normalisation::{AffineLayout, NormSettings, Normalisation},
    seed::stream,
    tensor::op::Image,
};
use proptest::prelude::*;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

/// What numbers a case is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Integers from −3 to 3: maxima tie, ReLU meets 0, channels are constant.
    Integers,
    /// Standard normal.
    Reals,
    /// Standard normal, each tensor times its own power of ten from −5 to 5.
    Wide,
}

impl Style {
    /// Any style.
    pub fn any() -> impl Strategy<Value = Style> {
        prop_oneof![1 => Just(Style::Integers), 2 => Just(Style::Reals), 2 => Just(Style::Wide)]
    }

    /// `n` values of the tensor `name`.
    pub fn fill(self, seed: u64, name: &str, n: usize) -> Vec<f64> {
        let mut stream = stream(seed, name);
        match self {
            Style::Integers => (0..n).map(|_| f64::from(stream.random_range(-3..=3))).collect(),
            Style::Reals => StandardNormal.sample_iter(stream).take(n).collect(),
            Style::Wide => {
                let scale = 10f64.powf(stream.random_range(-5.0..5.0));
                StandardNormal.sample_iter(stream).take(n).map(|v: f64| scale * v).collect()
            }
        }
    }

    /// γ or β: any sign; one in four β drives its channel far below 0, so that the ReLU after it is dead.
    pub fn fill_affine(self, seed: u64, name: &str, n: usize) -> Vec<f64> {
        let mut values = self.fill(seed, name, n);
        if name.ends_with("beta") {
            let mut dead = stream(seed, &format!("dead {name}"));
            values.iter_mut().filter(|_| dead.random_bool(0.25)).for_each(|beta| *beta = -20.0 - beta.abs());
        }
        values
    }
}

/// 1 to `largest`, mostly small.
pub(crate) fn extent(largest: usize) -> impl Strategy<Value = usize> {
    prop_oneof![3 => 1..=largest.min(4), 1 => 1..=largest]
}

/// ε: 0, or anything from 1e-12 to 1 on a logarithmic scale.
pub(crate) fn eps() -> impl Strategy<Value = f64> {
    prop_oneof![1 => Just(0.0), 1 => (-12.0..=0.0f64).prop_map(|exponent| 10f64.powf(exponent))]
}

/// γ and β absent, or in one of three layouts.
pub(crate) fn affine() -> impl Strategy<Value = Option<AffineLayout>> {
    prop_oneof![
        2 => Just(None),
        2 => Just(Some(AffineLayout::Channel)),
        1 => Just(Some(AffineLayout::Element)),
        1 => Just(Some(AffineLayout::Sample)),
    ]
}

/// A normalisation that fits any number of channels: for group norm, the groups are chosen later by
/// [`fit`].
pub(crate) fn kind() -> impl Strategy<Value = Normalisation> {
    prop_oneof![
        3 => Just(Normalisation::Batch),
        2 => Just(Normalisation::Layer),
        2 => Just(Normalisation::Instance),
        2 => (2..=4usize).prop_map(Normalisation::Group),
    ]
}

/// The greatest number of groups up to the asked one that divides the channels.
pub(crate) fn fit(kind: Normalisation, channels: usize) -> Normalisation {
    match kind {
        Normalisation::Group(groups) => {
            Normalisation::Group((1..=groups).rev().find(|g| channels.is_multiple_of(*g)).unwrap_or(1))
        }
        kind => kind,
    }
}

/// ε, kind and layout together.
pub(crate) fn norm_settings() -> impl Strategy<Value = NormSettings> {
    (kind(), eps(), affine()).prop_map(|(kind, eps, affine)| NormSettings { kind, eps, affine })
}

/// Extents up to 8 × 9 × 9 × 9.
pub(crate) fn image() -> impl Strategy<Value = Image> {
    (extent(8), extent(9), extent(9), extent(9)).prop_map(|(n, h, w, c)| Image { n, h, w, c })
}
