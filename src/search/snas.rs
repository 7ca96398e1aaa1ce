//! SNAS: each edge a sample of the concrete distribution, Z = softmax((α + G)/τ) with Gumbel noise G
//! (Xie et al., 2018; eq. 4 of the paper).
//!
//! The tape carries the gradient through the softmax, so at the sampled Z
//! ∂L/∂α_m = (C_m − Z_m Σ_k C_k)/τ, with the costs C_k = Z_k ⟨∂L/∂x_j, o_k⟩. τ falls from epoch to epoch.

use super::{
    model::{Batch, Model},
    step::Method,
};
use crate::{
    architecture::{Choice, gumbel_noise},
    seed::Stream,
    tensor::{Backend, Element, Pass, Var, error::Result},
};

/// The temperature, and (α + G)/τ of the last pass that trained α.
pub struct Snas<E: Element, D: Backend<E>> {
    tau: f64,
    scaled: Option<Var<E, D>>,
}

impl<E: Element, D: Backend<E>> Snas<E, D> {
    /// At temperature τ.
    pub fn new(tau: f64) -> Self {
        Snas { tau, scaled: None }
    }
}

impl<E: Element, D: Backend<E>> Method<E, D> for Snas<E, D> {
    fn draw(&mut self, model: &Model<E, D>, pass: &Pass<E, D>, trains: bool, s: &mut Stream) -> Result<Choice<E, D>> {
        let logits = model.alpha.logits()?;
        let scaled = (&logits + &gumbel_noise(logits.dim(), s)) / self.tau;
        let host: Vec<E> = scaled.iter().map(|v| E::of(*v)).collect();
        let scaled = Var::new(&model.device, scaled.shape(), &host)?;
        let z = if trains { pass.on(&scaled).softmax()? } else { scaled.softmax()? };
        self.scaled = Some(scaled);
        Ok(Choice::restricted(z, model.allowed.clone()))
    }

    fn alpha_gradient(&mut self, model: &Model<E, D>, _: &Batch) -> Result<()> {
        let Some(gradient) = self.scaled.take().map(|scaled| scaled.take_gradient()).transpose()?.flatten() else {
            return Ok(());
        };
        let host: Vec<E> = gradient.into_iter().map(|g| E::of(g.double() / self.tau)).collect();
        model.alpha.value.set_gradient(&host)
    }
}
