//! Normalisation to zero mean and unit variance over groups of entries, and the affine map after it.

use super::Image;
use crate::tensor::{Element, Error, Kernel, Memory, Var, error::Result};

/// Which entries share their statistics: all of a sample or of the batch, and how many channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grouping {
    /// One group a sample (layer, instance, group norm), or one for the whole batch (batch norm).
    pub per_sample: bool,
    /// Consecutive channels that share statistics; divides C.
    pub channels: usize,
}

impl Grouping {
    /// How many groups an activation has.
    pub fn count(self, image: Image) -> usize {
        let samples = if self.per_sample { image.n } else { 1 };
        samples * (image.c / self.channels)
    }

    /// The group of channel `c` of sample `n`.
    pub fn index(self, image: Image, n: usize, c: usize) -> usize {
        let sample = if self.per_sample { n } else { 0 };
        sample * (image.c / self.channels) + c / self.channels
    }

    /// Entries in each group.
    pub fn size(self, image: Image) -> usize {
        image.n * image.per_sample() / self.count(image)
    }
}

/// x̂ = (x − μ)/√(σ² + ε) with the group's mean and biased variance; x̂ = 0 where σ² + ε = 0.
#[derive(Debug, Clone, Copy)]
pub struct Normalise {
    /// Extents.
    pub image: Image,
    /// Which entries share statistics.
    pub grouping: Grouping,
    /// ε ≥ 0.
    pub eps: f64,
}

/// What γ and β are indexed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AffineLayout {
    /// `[C]`, as in batch norm (eq. 7).
    Channel,
    /// `[H, W, C]`.
    Element,
    /// `[N]`, as layer norm is printed in eq. 14.
    Sample,
}

/// y = γ x̂ + β.
#[derive(Debug, Clone, Copy)]
pub struct Affine {
    /// Extents.
    pub image: Image,
    /// What γ and β are indexed by.
    pub layout: AffineLayout,
}

impl AffineLayout {
    /// The shape of γ and β.
    pub fn shape(self, image: Image) -> Vec<usize> {
        match self {
            AffineLayout::Channel => vec![image.c],
            AffineLayout::Element => vec![image.h, image.w, image.c],
            AffineLayout::Sample => vec![image.n],
        }
    }
}

impl<E: Element, D: Memory<E> + Kernel<Normalise, E>> Var<E, D> {
    /// `[N, H, W, C]` to the same shape.
    pub fn normalise(&self, grouping: Grouping, eps: f64) -> Result<Self> {
        let image = Image::of("normalisation", self.shape())?;
        Var::apply(Normalise::of(image, grouping, eps)?, &[self], image.shape())
    }
}

impl Normalise {
    /// Of a value of the extents `image`.
    pub(super) fn of(image: Image, grouping: Grouping, eps: f64) -> Result<Self> {
        if grouping.channels == 0 || !image.c.is_multiple_of(grouping.channels) {
            let expected = format!("channels in groups of {}", grouping.channels);
            return Err(Error::Shape { op: "normalisation", expected, found: image.shape() });
        }
        Ok(Normalise { image, grouping, eps })
    }
}

impl<E: Element, D: Memory<E> + Kernel<Affine, E>> Var<E, D> {
    /// γ x + β for x `[N, H, W, C]` and γ, β of the layout's shape.
    pub fn affine(&self, layout: AffineLayout, gamma: &Self, beta: &Self) -> Result<Self> {
        let image = Image::of("affine", self.shape())?;
        for parameter in [gamma, beta] {
            if parameter.shape() != layout.shape(image) {
                let expected = format!("{:?}", layout.shape(image));
                return Err(Error::Shape { op: "gamma or beta", expected, found: parameter.shape().to_vec() });
            }
        }
        Var::apply(Affine { image, layout }, &[self, gamma, beta], image.shape())
    }
}
