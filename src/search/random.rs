//! The baseline: networks drawn uniformly, θ trained, α never touched.

use super::{
    model::{Batch, Model},
    step::Method,
};
use crate::{
    architecture::Choice,
    operation::Operation,
    seed::Stream,
    tensor::{Backend, Element, Pass, error::Result},
};
use rand::seq::IndexedRandom;

/// One allowed operation an edge, each as likely.
pub struct Random;

impl<E: Element, D: Backend<E>> Method<E, D> for Random {
    fn draw(&mut self, model: &Model<E, D>, _: &Pass<E, D>, _: bool, stream: &mut Stream) -> Result<Choice<E, D>> {
        let one = |allowed: &Vec<Operation>| *allowed.choose(stream).expect("an edge has at least one operation");
        let sampled: Vec<_> = model.allowed.iter().map(one).collect();
        Choice::one_hot(&model.device, &sampled)
    }

    fn alpha_gradient(&mut self, _: &Model<E, D>, _: &Batch) -> Result<()> {
        Ok(())
    }
}
