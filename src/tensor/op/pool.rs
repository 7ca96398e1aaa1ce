//! 3×3 pooling, stride 1, padding 1.

use super::{Grouping, Image, Normalise};
use crate::tensor::{Element, Kernel, Memory, Var, error::Result};

/// What is taken of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolKind {
    /// The maximum; padding never wins, and the first maximum in row-major order takes the gradient.
    Max,
    /// The average over the pixels inside the image.
    Average,
}

/// A 3×3 window around each pixel.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    /// Input and output extents.
    pub image: Image,
    /// Maximum or average.
    pub kind: PoolKind,
}

/// x̂ of a pooling in one step on the tape.
#[derive(Debug, Clone, Copy)]
pub struct NormalisedPool {
    /// The pooling.
    pub pool: Pool,
    /// The norm.
    pub normalise: Normalise,
}

impl<E: Element, D: Memory<E> + Kernel<Pool, E>> Var<E, D> {
    /// `[N, H, W, C]` to the same shape.
    pub fn pool(&self, kind: PoolKind) -> Result<Self> {
        let image = Image::of("pooling", self.shape())?;
        Var::apply(Pool { image, kind }, &[self], image.shape())
    }
}

impl<E: Element, D: Memory<E> + Kernel<NormalisedPool, E>> Var<E, D> {
    /// The same, as [`pool`](Var::pool) and [`normalise`](Var::normalise) one after another.
    pub fn normalised_pool(&self, kind: PoolKind, grouping: Grouping, eps: f64) -> Result<Self> {
        let op = NormalisedPool::of(self.shape(), kind, grouping, eps)?;
        Var::apply(op, &[self], self.shape().to_vec())
    }
}

impl NormalisedPool {
    /// Of a value of the shape `x`.
    pub(super) fn of(x: &[usize], kind: PoolKind, grouping: Grouping, eps: f64) -> Result<Self> {
        let image = Image::of("pooling", x)?;
        Ok(NormalisedPool { pool: Pool { image, kind }, normalise: Normalise::of(image, grouping, eps)? })
    }
}
