//! 3×3 pooling, stride 1, padding 1.

use super::Image;
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

impl<E: Element, D: Memory<E> + Kernel<Pool, E>> Var<E, D> {
    /// `[N, H, W, C]` to the same shape.
    pub fn pool(&self, kind: PoolKind) -> Result<Self> {
        let image = Image::of("pooling", self.shape())?;
        Var::apply(Pool { image, kind }, &[self], image.shape())
    }
}
