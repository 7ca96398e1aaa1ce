//! What a cell computes in one pass: Z and the operations that have to run.

use crate::{
    operation::Operation,
    tensor::{Backend, Element, Var, error::Result},
};
use ndarray::Array2;

/// Z, `[edges, operations]`, and for each edge the operations with a part in it. The gradient of Z is
/// ⟨∂L/∂x_j, o_k⟩ for every operation that ran, and Z times it is the cost (section 2).
pub struct Choice<E: Element, D: Backend<E>> {
    weights: Var<E, D>,
    active: Vec<Vec<Operation>>,
}

impl<E: Element, D: Backend<E>> Choice<E, D> {
    /// One operation an edge, Z one-hot.
    pub fn one_hot(device: &D, operations: &[Operation]) -> Result<Self> {
        let mut weights = Array2::zeros((operations.len(), Operation::ALL.len()));
        operations.iter().enumerate().for_each(|(edge, operation)| weights[[edge, operation.index()]] = 1.0);
        Self::weighted(device, &weights)
    }

    /// Any weights; an operation with weight 0 does not run.
    pub fn weighted(device: &D, weights: &Array2<f64>) -> Result<Self> {
        let active = weights
            .outer_iter()
            .map(|row| Operation::ALL.into_iter().filter(|operation| row[operation.index()] != 0.0).collect())
            .collect();
        let host: Vec<E> = weights.iter().map(|z| E::of(*z)).collect();
        Ok(Choice { weights: Var::new(device, weights.shape(), &host)?, active })
    }

    /// Z on a tape, `[edges, operations]`, all operations running: softmax of α in DARTS.
    pub fn mixture(weights: Var<E, D>) -> Self {
        let edges = weights.shape()[0];
        Choice { weights, active: vec![Operation::ALL.to_vec(); edges] }
    }

    /// Any Z, with what runs on each edge; an operation may run with weight 0, for its gradient.
    pub fn restricted(weights: Var<E, D>, active: Vec<Vec<Operation>>) -> Self {
        Choice { weights, active }
    }

    /// Z.
    pub fn weights(&self) -> &Var<E, D> {
        &self.weights
    }

    /// The operations that run on each edge.
    pub fn active(&self) -> &[Vec<Operation>] {
        &self.active
    }
}
