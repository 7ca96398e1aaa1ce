//! DSNAS, single level: one sampled operation an edge, α and θ trained on the same batch.
//!
//! The loss's gradient with respect to α is estimated from the sample s on edge e as
//! ∂L/∂α_m = (δ_sm − p_m) · C(Z_s), where C(Z_s) = ⟨∂L/∂x_j, o_s⟩ is the cost: exact as a formula for one
//! sample, biased as an estimate of ∂E\[L\]/∂α. All cells share α, so their costs add up.

use super::model::{Batch, Model};
use crate::{
    architecture::{Choice, gumbel_max, softmax_rows},
    data::Images,
    operation::Operation,
    seed::Stream,
    tensor::{Backend, Element, Pass, error::Result},
};
use ndarray::{Array2, ArrayView2, ArrayView3, Axis};

/// Samples a network, trains θ and, unless `fixed`, α on the images at `indices`.
pub fn step<E: Element, D: Backend<E>>(
    model: &mut Model<E, D>,
    images: &Images,
    indices: &[usize],
    learning_rate: f64,
    stream: &mut Stream,
    fixed: bool,
) -> Result<Batch> {
    let logits = model.alpha.logits()?;
    let sampled = gumbel_max(logits.view(), stream);
    let choice = Choice::one_hot(&model.device, &sampled)?;
    let batch = model.run(images, indices, &choice, Pass::recording())?;
    model.step_theta(learning_rate)?;
    if !fixed {
        let gradient = alpha_gradient(logits.view(), &sampled, batch.costs.view());
        model.alpha.value.set_gradient(&gradient.iter().map(|g| E::of(*g)).collect::<Vec<_>>())?;
        model.step_alpha()?;
    }
    Ok(batch)
}

/// (δ_sm − p_m) · C(Z_s) for every edge and operation m, from the logits `[edges, operations]`, the
/// sample and the costs `[cells, edges, operations]`.
pub fn alpha_gradient(logits: ArrayView2<f64>, sampled: &[Operation], costs: ArrayView3<f64>) -> Array2<f64> {
    let (p, costs) = (softmax_rows(logits), costs.sum_axis(Axis(0)));
    Array2::from_shape_fn(p.dim(), |(edge, m)| {
        let s = sampled[edge].index();
        let delta = if s == m { 1.0 } else { 0.0 };
        (delta - p[[edge, m]]) * costs[[edge, s]]
    })
}
