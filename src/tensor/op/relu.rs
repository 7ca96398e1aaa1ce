//! ReLU.

use crate::tensor::{Element, Kernel, Memory, Var, error::Result};

/// y = max(x, 0); the derivative at 0 is 0.
#[derive(Debug, Clone, Copy)]
pub struct Relu;

impl<E: Element, D: Memory<E> + Kernel<Relu, E>> Var<E, D> {
    /// max(x, 0), any shape.
    pub fn relu(&self) -> Result<Self> {
        Var::apply(Relu, &[self], self.shape().to_vec())
    }
}
