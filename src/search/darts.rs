//! DARTS, first order: each edge a mixture with weights Ẑ = softmax(α) (section 2.1).
//!
//! The tape carries the gradient through the softmax: ∂L/∂α_m = C_m − Ẑ_m Σ_k C_k, with the costs
//! C_k = Ẑ_k ⟨∂L/∂x_j, o_k⟩. Bi-level: α on a batch of the search set with θ held still, then θ on a
//! batch of the training set with α held still. Single level: both on one batch.

use super::model::{Batch, Model};
use crate::{
    architecture::Choice,
    data::Images,
    tensor::{Backend, Element, Pass, error::Result},
};

/// The images of one set at these positions.
pub struct From<'a> {
    /// The set.
    pub images: &'a Images,
    /// Positions in it.
    pub indices: &'a [usize],
}

/// Trains θ on `training` and, unless `fixed`, α on `search`, or on `training` where there is none.
/// Returns what each set's pass gave.
pub fn step<E: Element, D: Backend<E>>(
    model: &mut Model<E, D>,
    training: From,
    search: Option<From>,
    learning_rate: f64,
    fixed: bool,
) -> Result<(Batch, Option<Batch>)> {
    let mut searched = None;
    if let Some(From { images, indices }) = &search {
        let pass = Pass::frozen();
        let choice = Choice::mixture(pass.on(&model.alpha.value).softmax()?);
        searched = Some(model.run(images, indices, &choice, pass)?);
        train_alpha(model, fixed)?;
    }
    let pass = Pass::recording();
    // α takes part in this pass only where it is trained on it.
    let alpha = if search.is_none() { pass.on(&model.alpha.value) } else { model.alpha.value.clone() };
    let choice = Choice::mixture(alpha.softmax()?);
    let trained = model.run(training.images, training.indices, &choice, pass)?;
    model.step_theta(learning_rate)?;
    if search.is_none() {
        train_alpha(model, fixed)?;
    }
    Ok((trained, searched))
}

fn train_alpha<E: Element, D: Backend<E>>(model: &mut Model<E, D>, fixed: bool) -> Result<()> {
    match fixed {
        true => model.alpha.value.take_gradient().map(|_| ()),
        false => model.step_alpha(),
    }
}
