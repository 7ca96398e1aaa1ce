//! The head's own operations: global average pooling and a bias.

use super::Image;
use crate::tensor::{Element, Error, Kernel, Memory, Var, error::Result};

/// y[n, c] = mean over H and W of x[n, h, w, c].
#[derive(Debug, Clone, Copy)]
pub struct GlobalAveragePool {
    /// Input extents.
    pub image: Image,
}

/// y[n, k] = x[n, k] + b\[k\].
#[derive(Debug, Clone, Copy)]
pub struct Bias {
    /// Length of b.
    pub classes: usize,
}

impl<E: Element, D: Memory<E> + Kernel<GlobalAveragePool, E>> Var<E, D> {
    /// `[N, H, W, C]` to `[N, 1, 1, C]`.
    pub fn global_average_pool(&self) -> Result<Self> {
        let image = Image::of("global average pooling", self.shape())?;
        Var::apply(GlobalAveragePool { image }, &[self], vec![image.n, 1, 1, image.c])
    }
}

impl<E: Element, D: Memory<E> + Kernel<Bias, E>> Var<E, D> {
    /// Adds `[K]` to the last axis.
    pub fn bias(&self, bias: &Self) -> Result<Self> {
        let classes = self.shape().last().copied().unwrap_or(0);
        if classes == 0 || bias.shape() != [classes] {
            return Err(Error::Shape {
                op: "bias",
                expected: format!("[{}]", classes.max(1)),
                found: bias.shape().to_vec(),
            });
        }
        Var::apply(Bias { classes }, &[self, bias], self.shape().to_vec())
    }
}

impl<E: Element, D: Memory<E>> Var<E, D> {
    /// The same elements under another shape; the gradient goes through unchanged.
    pub fn reshape(&self, shape: &[usize]) -> Result<Self> {
        if shape.iter().product::<usize>() != self.shape().iter().product::<usize>() {
            let expected = format!("as many elements as {shape:?}");
            return Err(Error::Shape { op: "reshape", expected, found: self.shape().to_vec() });
        }
        let mut out = self.clone();
        out.shape = shape.to_vec();
        Ok(out)
    }
}
