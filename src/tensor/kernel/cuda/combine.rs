//! Weighted sums and concatenation: `combine.cu`.

use super::{super::*, Done, Real, fresh, gradient, kernel, launch::Inputs, len, sum::BLOCK, zeroed};
use crate::tensor::{
    Error,
    op::{Concatenate, WeightedSum},
};
use dfdx::tensor::Cuda;

impl<E: Real> Kernel<WeightedSum, E> for Cuda {
    /// The weights, then the terms.
    type Saved = Vec<Arc<Buf<E, Cuda>>>;

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &WeightedSum, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Self::Saved> {
        let (weights, terms) = (xs[0], &xs[1..]);
        let n = len::<E>(terms[0]);
        let mut y = fresh::<E>(self, n).map_err(Error::device)?;
        for (part, terms) in terms.chunks(Inputs::MOST).enumerate() {
            let launch = kernel::<E>(&weights.device(), "weighted_sum_forward").write(&mut y).read(&**weights);
            let index = op.index[part * Inputs::MOST..].iter().copied();
            let launch = launch.inputs::<E>(terms.iter().map(|x| &***x).zip(index));
            launch.ints([terms.len(), n, part.min(1)]).over(n).map_err(Error::device)?;
        }
        Ok((Arc::new(y), xs.iter().map(|x| (*x).clone()).collect()))
    }

    fn backward(
        &self,
        op: &WeightedSum,
        saved: Self::Saved,
        gy: &Buf<E, Cuda>,
        gxs: &mut [Option<Buf<E, Cuda>>],
    ) -> Done {
        let (weights, terms) = (&saved[0], &saved[1..]);
        let (gweights, gterms) = gxs.split_at_mut(1);
        let (cuda, n) = (gy.device(), len::<E>(gy));
        if let Some(gweights) = &mut gweights[0] {
            zeroed::<E>(self, gweights, len::<E>(weights))?;
            let blocks = n.div_ceil(BLOCK);
            for (terms, index) in terms.chunks(Inputs::MOST).zip(op.index.chunks(Inputs::MOST)) {
                let mut parts = fresh::<E>(self, blocks * terms.len())?;
                let launch = kernel::<E>(&cuda, "weighted_sum_weight").write(&mut parts).read(gy);
                let launch = launch.inputs::<E>(terms.iter().map(|x| &**x).zip(index.iter().copied()));
                launch.ints([n]).blocks(blocks, terms.len())?;
                // One launch a term: two may share a weight.
                for (k, at) in index.iter().enumerate() {
                    let launch = kernel::<E>(&cuda, "weighted_sum_fold").write(gweights).read(&parts);
                    launch.ints([k * blocks, blocks, *at]).blocks(1, 1)?;
                }
            }
        }
        for (gx, at) in gterms.iter_mut().zip(&op.index) {
            if let Some(gx) = gx {
                let launch = gradient::<E>(self, "weighted_sum_input", gx, n)?.read(&**weights).read(gy);
                launch.ints([n, *at]).over(n)?;
            }
        }
        Ok(())
    }
}

impl<E: Real> Kernel<Concatenate, E> for Cuda {
    type Saved = ();

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Concatenate, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, ()> {
        let mut y = fresh::<E>(self, op.image.n * op.image.per_sample()).map_err(Error::device)?;
        let mut offset = 0;
        for (x, c) in xs.iter().zip(&op.channels) {
            let n = len::<E>(x);
            let launch = kernel::<E>(&x.device(), "concatenate_forward").write(&mut y).read(&***x);
            launch.ints([n, *c, offset, op.image.c]).over(n).map_err(Error::device)?;
            offset += c;
        }
        Ok((Arc::new(y), ()))
    }

    fn backward(&self, op: &Concatenate, (): (), gy: &Buf<E, Cuda>, gxs: &mut [Option<Buf<E, Cuda>>]) -> Done {
        let mut offset = 0;
        for (gx, c) in gxs.iter_mut().zip(&op.channels) {
            if let Some(gx) = gx {
                let n = len::<E>(gy) / op.image.c * c;
                let launch = gradient::<E>(self, "concatenate_backward", gx, n)?.read(gy);
                launch.ints([n, *c, offset, op.image.c]).over(n)?;
            }
            offset += c;
        }
        Ok(())
    }
}
