//! DARTS, first order: each edge a mixture with weights Ẑ = softmax(α) (section 2.1).
//!
//! The tape carries the gradient through the softmax: ∂L/∂α_m = C_m − Ẑ_m Σ_k C_k, with the costs
//! C_k = Ẑ_k ⟨∂L/∂x_j, o_k⟩.

use super::{
    model::{Batch, Model},
    step::Method,
};
use crate::{
    architecture::Choice,
    seed::Stream,
    tensor::{Backend, Element, Pass, error::Result},
};

/// Nothing is drawn: Ẑ follows from α.
pub struct Darts;

impl<E: Element, D: Backend<E>> Method<E, D> for Darts {
    fn draw(&mut self, model: &Model<E, D>, pass: &Pass<E, D>, trains: bool, _: &mut Stream) -> Result<Choice<E, D>> {
        let alpha = if trains { pass.on(&model.alpha.value) } else { model.alpha.value.clone() };
        Ok(Choice::restricted(alpha.softmax()?, model.allowed.clone()))
    }

    /// The backward pass has left it there.
    fn alpha_gradient(&mut self, _: &Model<E, D>, _: &Batch) -> Result<()> {
        Ok(())
    }
}
