//! SGD, Adam and clipping: `optimise.cu`.

use super::{super::*, Done, Real, argument::Gradients, driver, fresh, kernel, launch::THREADS, len, sum::BLOCK};
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

    fn clip(&self, gs: &mut [&mut Buf<E, Self>], limit: f64) -> Result<()> {
        clip::<E>(self, gs, limit).map_err(Error::device)
    }
}

/// The factor stays on the device, so the host need not wait for the norm.
fn clip<E: Real>(device: &Cuda, gs: &mut [&mut Buf<E, Cuda>], limit: f64) -> Done {
    let Some(longest) = gs.iter().map(|g| len::<E>(g)).max() else { return Ok(()) };
    let (cuda, blocks) = (gs[0].device(), longest.div_ceil(BLOCK));
    let mut parts = driver::without_memset(|| cuda.alloc_zeros::<f64>(gs.len() * blocks))?;
    for (i, some) in gs.chunks_mut(Gradients::MOST).enumerate() {
        let (count, at) = (some.len(), i * Gradients::MOST);
        let launch = kernel::<E>(&cuda, "squares").write(&mut parts).gradients::<E>(some).ints([at]);
        launch.blocks(blocks, count)?;
    }
    let mut factor = fresh::<E>(device, 1)?;
    let launch = kernel::<E>(&cuda, "clip_factor").write(&mut factor).read(&parts).ints([gs.len() * blocks]);
    launch.scalars([limit]).blocks(1, 1)?;
    for some in gs.chunks_mut(Gradients::MOST) {
        let count = some.len();
        let launch = kernel::<E>(&cuda, "scale").gradients::<E>(some).read(&factor);
        launch.blocks(longest.div_ceil(THREADS), count)?;
    }
    Ok(())
}
