//! SGD and Adam by dfdx, and clipping.
//!
//! `sgd_kernel` and `adam_kernel` belong to traits that dfdx does not export, yet a bound on its device
//! trait brings their methods into scope; hence the free functions.

use super::super::{AdamStep, Buf, Optimise, SgdStep};
use crate::tensor::{Element, error::Result};
use dfdx::{
    prelude::{AdamConfig, Momentum, SgdConfig, WeightDecay},
    tensor::{Cpu, CpuError},
    tensor_ops::Device,
};

macro_rules! optimise {
    ($element:ty) => {
        impl Optimise<$element> for Cpu {
            fn sgd(
                &self,
                step: SgdStep,
                p: &mut Buf<$element, Cpu>,
                velocity: &mut Buf<$element, Cpu>,
                g: &Buf<$element, Cpu>,
            ) -> std::result::Result<(), CpuError> {
                sgd(self, step, p, velocity, g)
            }

            fn adam(
                &self,
                step: AdamStep,
                p: &mut Buf<$element, Cpu>,
                moments: &mut [Buf<$element, Cpu>; 2],
                g: &Buf<$element, Cpu>,
            ) -> std::result::Result<(), CpuError> {
                adam(self, step, p, moments, g)
            }

            fn clip(&self, gs: &mut [&mut Buf<$element, Cpu>], limit: f64) -> Result<()> {
                clip::<$element>(gs, limit);
                Ok(())
            }
        }
    };
}

optimise!(f32);
optimise!(f64);

fn clip<E: Element>(gs: &mut [&mut Buf<E, Cpu>], limit: f64) {
    let norm = gs.iter().map(|g| g.iter().map(|g| g.double().powi(2)).sum::<f64>()).sum::<f64>().sqrt();
    if norm > limit {
        let scale = E::of(limit / norm);
        gs.iter_mut().for_each(|g| g.iter_mut().for_each(|g| *g *= scale));
    }
}

fn sgd<E: Element, D: Device<E>>(
    device: &D,
    step: SgdStep,
    p: &mut Buf<E, D>,
    velocity: &mut Buf<E, D>,
    g: &Buf<E, D>,
) -> std::result::Result<(), D::Err> {
    let config = SgdConfig {
        lr: step.rate,
        momentum: Some(Momentum::Classic(step.momentum)),
        weight_decay: Some(WeightDecay::L2(step.decay)),
    };
    device.sgd_kernel(&config, p, velocity, g)
}

fn adam<E: Element, D: Device<E>>(
    device: &D,
    step: AdamStep,
    p: &mut Buf<E, D>,
    [first, second]: &mut [Buf<E, D>; 2],
    g: &Buf<E, D>,
) -> std::result::Result<(), D::Err> {
    let AdamStep { steps, rate: lr, betas, eps, decay } = step;
    let config = AdamConfig { lr, betas, eps, weight_decay: Some(WeightDecay::L2(decay)) };
    device.adam_kernel(steps, &config, p, first, second, g)
}
