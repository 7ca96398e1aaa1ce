//! SGD and Adam on our parameters. A parameter that received no gradient in a step is left alone: no
//! decay, no momentum.

use super::{
    Backend, Element, Var,
    error::{Error, Result},
    kernel::{AdamStep, Buf, SgdStep, zeros},
};
use std::sync::Arc;

/// Stochastic gradient descent with momentum and L2 weight decay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdRule {
    /// Momentum μ.
    pub momentum: f64,
    /// Decay λ: λ·p is added to the gradient.
    pub weight_decay: f64,
}

/// Adam with L2 weight decay (added to the gradient, as in the original method).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamRule {
    /// Learning rate.
    pub learning_rate: f64,
    /// β₁, β₂.
    pub betas: [f64; 2],
    /// Decay λ: λ·p is added to the gradient.
    pub weight_decay: f64,
}

/// The state of SGD for a list of parameters, always passed in the same order.
pub struct Sgd<E: Element, D: Backend<E>> {
    rule: SgdRule,
    velocity: Vec<Option<Buf<E, D>>>,
}

impl<E: Element, D: Backend<E>> Sgd<E, D> {
    /// No momentum gathered yet.
    pub fn new(rule: SgdRule) -> Self {
        Sgd { rule, velocity: Vec::new() }
    }

    /// One step with the gradients that the last backward pass left; takes them.
    pub fn step(&mut self, parameters: &mut [&mut Var<E, D>], learning_rate: f64) -> Result<()> {
        self.velocity.resize_with(parameters.len(), || None);
        let step = SgdStep { rate: learning_rate, momentum: self.rule.momentum, decay: self.rule.weight_decay };
        for (parameter, velocity) in parameters.iter_mut().zip(&mut self.velocity) {
            let Some(g) = parameter.slot.take() else { continue };
            let device = parameter.device.clone();
            if velocity.is_none() {
                *velocity = Some(zeros::<E, D>(&device, parameter.shape.iter().product()).map_err(Error::device)?);
            }
            let velocity = velocity.as_mut().expect("just filled");
            device.sgd(step, Arc::make_mut(&mut parameter.data), velocity, &g).map_err(Error::device)?;
        }
        Ok(())
    }

    /// The velocity of each parameter on the host, `None` where no step has been made.
    pub fn velocity(&self, device: &D) -> Result<Vec<Option<Vec<E>>>> {
        self.velocity.iter().map(|v| v.as_ref().map(|v| device.download(v)).transpose()).collect()
    }

    /// Goes on from velocities that [`velocity`](Sgd::velocity) gave.
    pub fn set_velocity(&mut self, device: &D, velocity: &[Option<Vec<E>>]) -> Result<()> {
        let upload = |v: &Option<Vec<E>>| v.as_ref().map(|v| device.upload(v)).transpose();
        self.velocity = velocity.iter().map(upload).collect::<Result<_>>()?;
        Ok(())
    }
}

/// What Adam has gathered, on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments<E> {
    /// Steps made.
    pub steps: i32,
    /// Running mean of the gradient.
    pub first: Vec<E>,
    /// Running mean of its square.
    pub second: Vec<E>,
}

/// The state of Adam for one parameter.
pub struct Adam<E: Element, D: Backend<E>> {
    rule: AdamRule,
    steps: i32,
    moments: Option<[Buf<E, D>; 2]>,
}

impl<E: Element, D: Backend<E>> Adam<E, D> {
    /// No moments gathered yet.
    pub fn new(rule: AdamRule) -> Self {
        Adam { rule, steps: 0, moments: None }
    }

    /// What has been gathered, `None` before the first step.
    pub fn moments(&self, device: &D) -> Result<Option<Moments<E>>> {
        let Some([first, second]) = &self.moments else { return Ok(None) };
        Ok(Some(Moments { steps: self.steps, first: device.download(first)?, second: device.download(second)? }))
    }

    /// Goes on from what [`moments`](Adam::moments) gave.
    pub fn set_moments(&mut self, device: &D, moments: Option<Moments<E>>) -> Result<()> {
        self.steps = moments.as_ref().map_or(0, |m| m.steps);
        let upload = |m: Moments<E>| Ok([device.upload(&m.first)?, device.upload(&m.second)?]);
        self.moments = moments.map(upload).transpose()?;
        Ok(())
    }

    /// One step with the gradient in the parameter's slot; takes it. Without one, nothing happens.
    pub fn step(&mut self, parameter: &mut Var<E, D>) -> Result<()> {
        let Some(g) = parameter.slot.take() else { return Ok(()) };
        let device = parameter.device.clone();
        let zero = || zeros::<E, D>(&device, parameter.shape.iter().product()).map_err(Error::device);
        if self.moments.is_none() {
            self.moments = Some([zero()?, zero()?]);
        }
        let moments = self.moments.as_mut().expect("just filled");
        self.steps += 1;
        let step = AdamStep {
            steps: self.steps,
            rate: self.rule.learning_rate,
            betas: self.rule.betas,
            eps: 1e-8,
            decay: self.rule.weight_decay,
        };
        device.adam(step, Arc::make_mut(&mut parameter.data), moments, &g).map_err(Error::device)
    }
}

/// Scales all gradients down so that their joint Euclidean norm is at most `limit`. Parameters without a
/// gradient count as zero.
pub fn clip<E: Element, D: Backend<E>>(parameters: &[&mut Var<E, D>], limit: f64) -> Result<()> {
    let Some(device) = parameters.first().map(|parameter| &parameter.device) else { return Ok(()) };
    let mut slots: Vec<_> = parameters.iter().map(|parameter| parameter.slot.borrow_mut()).collect();
    let mut gradients: Vec<_> = slots.iter_mut().filter_map(|slot| slot.as_mut()).map(Arc::make_mut).collect();
    device.clip(&mut gradients, limit)
}
