//! One step of any method: α on its batch, θ on its own.
//!
//! A method is a way to draw Z from α and a way to hand ∂L/∂Z back to α, which section 2 shows to be
//! the same for all of them: ∂L/∂α = Σ_k ∂Z_k/∂α · ∂L/∂Z_k, and Z_k ∂L/∂Z_k is the cost.

use super::{
    Config, Method as Name,
    darts::Darts,
    dsnas::Dsnas,
    model::{Batch, Model},
    proxylessnas::ProxylessNas,
    random::Random,
    resident::Resident,
    snas::Snas,
    unrolled::Unrolled,
};
use crate::{
    architecture::Choice,
    seed::{Stream, stream},
    tensor::{Backend, Cut, Element, Pass, error::Result},
};

/// A batch of one set.
pub struct From<'a, E: Element, D: Backend<E>> {
    /// The set.
    pub images: &'a Resident<E, D>,
    /// Which of its images, and what shows of them.
    pub cuts: &'a [Cut],
}

impl<E: Element, D: Backend<E>> Clone for From<'_, E, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: Element, D: Backend<E>> Copy for From<'_, E, D> {}

/// What one step works on.
pub struct Task<'a, E: Element, D: Backend<E>> {
    /// Trains θ, and α where there is no other batch.
    pub training: From<'a, E, D>,
    /// Trains α in a bi-level search.
    pub search: Option<From<'a, E, D>>,
    /// Of θ.
    pub learning_rate: f64,
    /// Whether α stays as it is.
    pub fixed: bool,
    /// The run's seed, and which step this is: they name the random streams.
    pub seed: u64,
    /// The epoch, from 0.
    pub epoch: usize,
    /// The step in it, from 0.
    pub step: usize,
}

impl<E: Element, D: Backend<E>> Task<'_, E, D> {
    fn stream(&self, name: &str) -> Stream {
        stream(self.seed, &format!("{name} {} {}", self.epoch, self.step))
    }
}

/// How Z comes from α, and how α learns from ∂L/∂Z.
pub trait Method<E: Element, D: Backend<E>> {
    /// Z for one pass. Where α is trained on that pass, everything that its gradient needs will run.
    fn draw(
        &mut self,
        model: &Model<E, D>,
        pass: &Pass<E, D>,
        trains_alpha: bool,
        stream: &mut Stream,
    ) -> Result<Choice<E, D>>;

    /// After a pass that trains α, with the Z that was drawn last: leaves ∂L/∂α with α.
    fn alpha_gradient(&mut self, model: &Model<E, D>, batch: &Batch) -> Result<()>;

    /// The pass that trains α in a bi-level search; θ is held still.
    fn search_pass(&mut self, model: &mut Model<E, D>, task: &Task<E, D>, search: From<E, D>) -> Result<Batch> {
        let pass = Pass::frozen();
        let choice = self.draw(model, &pass, true, &mut task.stream("search sample"))?;
        let batch = model.run(search, &choice, pass)?;
        self.alpha_gradient(model, &batch)?;
        Ok(batch)
    }

    /// Adam on α with the gradient that is there.
    fn step_alpha(&mut self, model: &mut Model<E, D>) -> Result<()> {
        model.step_alpha()
    }
}

/// The method of `config`, as it works in `epoch`.
pub fn method<E: Element, D: Backend<E>>(config: &Config, epoch: usize) -> Box<dyn Method<E, D>> {
    match config.method {
        Name::Darts if config.unrolled => Box::new(Unrolled::default()),
        Name::Darts => Box::new(Darts),
        Name::Snas => Box::new(Snas::new(config.tau_at(epoch))),
        Name::Dsnas => Box::new(Dsnas::default()),
        Name::ProxylessNas => Box::new(ProxylessNas::new(config.paths)),
        Name::Random => Box::new(Random),
    }
}

/// Trains α on the search batch, or where there is none on the training batch, and θ on the training
/// batch. Returns what each set's pass gave.
pub fn step<E: Element, D: Backend<E>>(
    method: &mut dyn Method<E, D>,
    model: &mut Model<E, D>,
    task: &Task<E, D>,
) -> Result<(Batch, Option<Batch>)> {
    let mut searched = None;
    if let Some(search) = task.search {
        searched = Some(method.search_pass(model, task, search)?);
        train_alpha(method, model, task)?;
    }
    let (pass, single) = (model.training_pass(), task.search.is_none());
    let choice = method.draw(model, &pass, single, &mut task.stream("sample"))?;
    let trained = model.run(task.training, &choice, pass)?;
    model.step_theta(task.learning_rate)?;
    if single {
        method.alpha_gradient(model, &trained)?;
        train_alpha(method, model, task)?;
    }
    Ok((trained, searched))
}

fn train_alpha<E: Element, D: Backend<E>>(
    method: &mut dyn Method<E, D>,
    model: &mut Model<E, D>,
    task: &Task<E, D>,
) -> Result<()> {
    match task.fixed {
        true => model.alpha.value.take_gradient().map(|_| ()),
        false => method.step_alpha(model),
    }
}
