//! SGD, Adam and the norm of gradients: `optimise.cu`.

use super::{super::*, Done, Real, kernel, len, sum::BLOCK};
use crate::tensor::{Error, error::Result};
use dfdx::tensor::Cuda;

impl<E: Real> Optimise<E> for Cuda {
    fn sgd(&self, step: SgdStep, p: &mut Buf<E, Self>, velocity: &mut Buf<E, Self>, g: &Buf<E, Self>) -> Done {
        let n = len::<E>(g);
        let launch = kernel::<E>(&g.device(), "sgd").write(p).write(velocity).read(g).ints([n]);
        Ok(launch.scalars([step.rate, step.momentum, step.decay].map(E::of)).over(n)?)
    }

    fn adam(
        &self,
        step: AdamStep,
        p: &mut Buf<E, Self>,
        [first, second]: &mut [Buf<E, Self>; 2],
        g: &Buf<E, Self>,
    ) -> Done {
        let n = len::<E>(g);
        let beta = step.betas.map(E::of);
        let [a, b] = beta.map(|beta| (E::one() - beta.powi(step.steps)).recip());
        let launch = kernel::<E>(&g.device(), "adam").write(p).write(first).write(second).read(g).ints([n]);
        let [rate, eps, decay] = [step.rate, step.eps, step.decay].map(E::of);
        Ok(launch.scalars([rate, beta[0], beta[1], eps, decay, a, b]).over(n)?)
    }

    fn square_sum(&self, gs: &[&Buf<E, Self>]) -> Result<f64> {
        let blocks: usize = gs.iter().map(|g| len::<E>(g).div_ceil(BLOCK)).sum();
        let Some(device) = gs.first().map(|g| g.device()) else { return Ok(0.0) };
        let mut parts = device.alloc_zeros::<f64>(blocks).map_err(Error::device)?;
        let mut at = 0;
        for g in gs {
            let (n, blocks) = (len::<E>(g), len::<E>(g).div_ceil(BLOCK));
            let launch = kernel::<E>(&device, "squares").write(&mut parts).read(*g).ints([n, at]);
            launch.blocks(blocks, 1).map_err(Error::device)?;
            at += blocks;
        }
        Ok(device.dtoh_sync_copy(&parts).map_err(Error::device)?.iter().sum())
    }

    fn scale(&self, a: &mut Buf<E, Self>, by: E) -> Done {
        let (n, device) = (len::<E>(a), a.device());
        Ok(kernel::<E>(&device, "scale").write(a).ints([n]).scalars([by]).over(n)?)
    }
}
