//! ReLU, alone and with the pointwise convolution after it.

use super::Convolution;
use crate::tensor::{Element, Error, Kernel, Memory, Var, error::Result, op::Image};

/// y = max(x, 0); the derivative at 0 is 0.
#[derive(Debug, Clone, Copy)]
pub struct Relu;

/// y = w · max(x, 0): a cell's preprocessing without its norm. relu(x) is not kept.
#[derive(Debug, Clone, Copy)]
pub struct ReluPointwise {
    /// The convolution, of kernel size 1.
    pub convolution: Convolution,
}

impl<E: Element, D: Memory<E> + Kernel<Relu, E>> Var<E, D> {
    /// max(x, 0), any shape.
    pub fn relu(&self) -> Result<Self> {
        Var::apply(Relu, &[self], self.shape().to_vec())
    }
}

impl<E: Element, D: Memory<E> + Kernel<ReluPointwise, E>> Var<E, D> {
    /// `[N, H, W, Ci]` with weights `[1, 1, Ci, Co]` to `[N, H, W, Co]`: as [`relu`](Var::relu) and
    /// [`convolution`](Var::convolution) one after another.
    pub fn relu_pointwise(&self, weight: &Self) -> Result<Self> {
        let image = Image::of("pointwise convolution", self.shape())?;
        match *weight.shape() {
            [1, 1, ci, out] if ci == image.c && out > 0 => {
                let op = ReluPointwise { convolution: Convolution { image, kernel: 1, out } };
                Var::apply(op, &[self, weight], image.with_channels(out).shape())
            }
            _ => Err(Error::Shape {
                op: "pointwise weight",
                expected: format!("[1, 1, {}, out] with out at least 1", image.c),
                found: weight.shape().to_vec(),
            }),
        }
    }
}
