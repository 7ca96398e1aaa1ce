//! DSNAS: one sampled operation an edge, α and θ trained on the same batch.
//!
//! The loss's gradient with respect to α is estimated from the sample s on edge e as
//! ∂L/∂α_m = (δ_sm − p_m) · C(Z_s), where C(Z_s) = ⟨∂L/∂x_j, o_s⟩ is the cost: exact as a formula for one
//! sample, biased as an estimate of ∂E\[L\]/∂α. All cells share α, so their costs add up.

use super::{
    model::{Batch, Model},
    step::Method,
};
use crate::{
    architecture::{Choice, gumbel_max, softmax_rows},
    operation::Operation,
    seed::Stream,
    tensor::{Backend, Element, Pass, error::Result},
};
use ndarray::{Array2, ArrayView2, ArrayView3, Axis};

/// The sample of the last pass.
#[derive(Default)]
pub struct Dsnas {
    sampled: Vec<Operation>,
}

impl<E: Element, D: Backend<E>> Method<E, D> for Dsnas {
    fn draw(&mut self, model: &Model<E, D>, _: &Pass<E, D>, _: bool, stream: &mut Stream) -> Result<Choice<E, D>> {
        self.sampled = gumbel_max(model.alpha.logits()?.view(), stream);
        Choice::one_hot(&model.device, &self.sampled)
    }

    fn alpha_gradient(&mut self, model: &Model<E, D>, batch: &Batch) -> Result<()> {
        let gradient = alpha_gradient(model.alpha.logits()?.view(), &self.sampled, batch.costs.view());
        model.set_alpha_gradient(&gradient)
    }
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
