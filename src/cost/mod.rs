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
    tensor::{Backend, Element, Var, Watch, error::Result},
};
use ndarray::{Array1, Array2, Array3, ArrayView2, Axis};

/// C of operation k on edge e of cell t, `[cells, edges, operations]`: after a recorded forward pass and
/// its backward pass.
pub fn operation_costs<E: Element, D: Backend<E>>(output: &Output<E, D>) -> Result<Array3<f64>> {
    costs_and_gradients(output).map(|[costs, _]| costs)
}

/// ∂L/∂Z, `[cells, edges, operations]`; zero for an operation that did not run.
pub fn weight_gradients<E: Element, D: Backend<E>>(output: &Output<E, D>) -> Result<Array3<f64>> {
    costs_and_gradients(output).map(|[_, gradients]| gradients)
}

/// C and ∂L/∂Z, as above; the host waits for both together.
pub fn costs_and_gradients<E: Element, D: Backend<E>>(output: &Output<E, D>) -> Result<[Array3<f64>; 2]> {
    let gradients: Vec<_> = output.weights.iter().map(Watch::gradient_value).collect();
    let values: Vec<_> = output.weights.iter().map(Watch::value).chain(gradients.iter().flatten()).collect();
    let mut host = Var::all_to_host(&values)?.into_iter();
    let z: Vec<E> = host.by_ref().take(gradients.len()).flatten().collect();
    let none = || vec![E::zero(); z.len() / gradients.len()];
    let g = gradients.iter().flat_map(|g| g.as_ref().and_then(|_| host.next()).unwrap_or_else(none));
    let g: Vec<f64> = g.map(E::double).collect();
    let costs = z.iter().zip(&g).map(|(z, g)| z.double() * g).collect();
    let shape = output.weights[0].value().shape();
    let array = |all| Array3::from_shape_vec((gradients.len(), shape[0], shape[1]), all).expect("one Z a cell");
    Ok([array(costs), array(g)])
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
