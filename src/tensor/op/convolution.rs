//! Convolutions without bias, stride 1, zero padding that keeps the image's size.

use super::Image;
use crate::tensor::{Element, Error, Kernel, Memory, Var, error::Result};

/// Dense k×k: y[o, co] = Σ_{tap, ci} x[o + tap, ci] · w[tap, ci, co] (eq. 5, as cross-correlation).
#[derive(Debug, Clone, Copy)]
pub struct Convolution {
    /// Input extents.
    pub image: Image,
    /// Kernel size k, odd.
    pub kernel: usize,
    /// Output channels.
    pub out: usize,
}

/// One k×k filter a channel: y[o, c] = Σ_tap x[o + d·tap, c] · w[tap, c].
#[derive(Debug, Clone, Copy)]
pub struct Depthwise {
    /// Input and output extents.
    pub image: Image,
    /// Kernel size k, odd.
    pub kernel: usize,
    /// Dilation d.
    pub dilation: usize,
}

impl<E: Element, D: Memory<E> + Kernel<Convolution, E>> Var<E, D> {
    /// `[N, H, W, Ci]` with weights `[k, k, Ci, Co]` to `[N, H, W, Co]`.
    pub fn convolution(&self, weight: &Self) -> Result<Self> {
        let image = Image::of("convolution", self.shape())?;
        match *weight.shape() {
            [k, k2, ci, out] if k == k2 && k % 2 == 1 && ci == image.c && out > 0 => {
                let op = Convolution { image, kernel: k, out };
                Var::apply(op, &[self, weight], image.with_channels(out).shape())
            }
            _ => Err(Error::Shape {
                op: "convolution weight",
                expected: format!("[k, k, {}, out] with k odd and out at least 1", image.c),
                found: weight.shape().to_vec(),
            }),
        }
    }
}

impl<E: Element, D: Memory<E> + Kernel<Depthwise, E>> Var<E, D> {
    /// `[N, H, W, C]` with weights `[k, k, C]` to the same shape.
    pub fn depthwise(&self, weight: &Self, dilation: usize) -> Result<Self> {
        let image = Image::of("depthwise convolution", self.shape())?;
        match *weight.shape() {
            [k, k2, c] if k == k2 && k % 2 == 1 && c == image.c && dilation > 0 => {
                Var::apply(Depthwise { image, kernel: k, dilation }, &[self, weight], image.shape())
            }
            _ => Err(Error::Shape {
                op: "depthwise weight",
                expected: format!("[k, k, {}] with k odd, and a dilation of at least 1", image.c),
                found: weight.shape().to_vec(),
            }),
        }
    }
}
