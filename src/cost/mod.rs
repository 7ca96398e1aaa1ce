//! The cost C(X) = ⟨∂L/∂X, X⟩ of everything in a network.
//!
//! Operation k on edge e enters its node as Z_k o_k, and the backward pass computes
//! ∂L/∂Z_k = ⟨∂L/∂x_j, o_k⟩ anyway, because that is the architecture gradient. So its cost is
//! Z_k · ∂L/∂Z_k, and [`operation_costs`] reads it off at no expense; an edge's cost is the sum over its
//! operations, a node's the sum over its incoming edges, a cell's the sum over its edges.
//!
//! [`Trace`] measures the same costs a second way, from the values and gradients themselves, together
//! with what only a closer look shows: the cost along one path, and what each norm lets through.
//! [`case`] reads networks from oracle files and recomputes every number in them.

pub mod case;
mod trace;

pub use trace::{NormResidual, Trace};

use crate::{
    cell::Topology,
    network::Output,
    tensor::{Backend, Element, error::Result},
};
use ndarray::{Array1, Array2, Array3, ArrayView2, Axis};

/// C of operation k on edge e of cell t, `[cells, edges, operations]`: after a recorded forward pass and
/// its backward pass.
pub fn operation_costs<E: Element, D: Backend<E>>(output: &Output<E, D>) -> Result<Array3<f64>> {
    weights_and(output, |z, g| z * g)
}

/// ∂L/∂Z, `[cells, edges, operations]`; zero for an operation that did not run.
pub fn weight_gradients<E: Element, D: Backend<E>>(output: &Output<E, D>) -> Result<Array3<f64>> {
    weights_and(output, |_, g| g)
}

fn weights_and<E: Element, D: Backend<E>>(output: &Output<E, D>, f: impl Fn(f64, f64) -> f64) -> Result<Array3<f64>> {
    let mut all = Vec::new();
    for watch in &output.weights {
        let z = watch.value().to_host()?;
        let g = watch.gradient()?.unwrap_or_else(|| vec![E::zero(); z.len()]);
        all.extend(z.iter().zip(g).map(|(z, g)| f(z.double(), g.double())));
    }
    let shape = output.weights[0].value().shape();
    Ok(Array3::from_shape_vec((output.weights.len(), shape[0], shape[1]), all).expect("one Z a cell"))
}

/// C of each edge, `[cells, edges]`.
pub fn edge_costs(operations: &Array3<f64>) -> Array2<f64> {
    operations.sum_axis(Axis(2))
}

/// C of each node, `[cells, nodes]`, from the edges' costs: what flows in. Zero for the input nodes.
pub fn node_costs(edges: ArrayView2<f64>, topology: &Topology) -> Array2<f64> {
    Array2::from_shape_fn((edges.nrows(), topology.nodes()), |(t, j)| {
        topology.into_node(j).map(|edge| edges[[t, edge]]).sum()
    })
}

/// The sum of each cell's edge costs, `[cells]`.
pub fn cell_costs(edges: ArrayView2<f64>) -> Array1<f64> {
    edges.sum_axis(Axis(1))
}
