//! 3×3 maximum and average pooling: `pool.cu`; in one step on the tape with its norm, the single operations' kernels.

use super::{super::*, Done, Real, driver, fresh, gradient, kernel, len, normalise};
use crate::tensor::{
    Error,
    op::{NormalisedPool, Pool, PoolKind},
};
use cudarc::driver::CudaSlice;
use dfdx::tensor::Cuda;

impl<E: Real> Kernel<Pool, E> for Cuda {
    /// For the maximum, the tap that each output took.
    type Saved = Option<CudaSlice<u8>>;

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Pool, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Self::Saved> {
        let (x, n, extents) = (xs[0], len::<E>(xs[0]), extents(op));
        let mut y = fresh::<E>(self, n).map_err(Error::device)?;
        let taken = match op.kind {
            PoolKind::Max => {
                let mut taken = driver::without_memset(|| x.device().alloc_zeros::<u8>(n)).map_err(Error::device)?;
                let launch = kernel::<E>(&x.device(), "pool_max_forward").write(&mut y).write(&mut taken);
                launch.read(&**x).ints(extents).over(n).map_err(Error::device)?;
                Some(taken)
            }
            PoolKind::Average => {
                let launch = kernel::<E>(&x.device(), "pool_average_forward").write(&mut y).read(&**x);
                launch.ints(extents).over(n).map_err(Error::device)?;
                None
            }
        };
        Ok((Arc::new(y), taken))
    }

    fn backward(&self, op: &Pool, taken: Self::Saved, gy: &Buf<E, Cuda>, gxs: &mut [Option<Buf<E, Cuda>>]) -> Done {
        let (Some(gx), n) = (&mut gxs[0], len::<E>(gy)) else { return Ok(()) };
        let launch = match &taken {
            Some(taken) => gradient::<E>(self, "pool_max_backward", gx, n)?.read(taken),
            None => gradient::<E>(self, "pool_average_backward", gx, n)?,
        };
        Ok(launch.read(gy).ints(extents(op)).over(n)?)
    }
}

/// What the backward pass of a normalised pooling needs: the taps, x̂, and 1/√(σ² + ε) for each group.
pub struct Saved<E: Real> {
    taken: Option<CudaSlice<u8>>,
    xhat: Arc<Buf<E, Cuda>>,
    rstd: Buf<E, Cuda>,
}

impl<E: Real> Kernel<NormalisedPool, E> for Cuda {
    type Saved = Saved<E>;

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &NormalisedPool, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Saved<E>> {
        let (y, taken) = self.forward(&op.pool, xs)?;
        let [y, rstd] = normalise::forward::<E>(&op.normalise, self, &y).map_err(Error::device)?;
        let xhat = Arc::new(y);
        Ok((xhat.clone(), Saved { taken, xhat, rstd }))
    }

    fn backward(
        &self,
        op: &NormalisedPool,
        Saved { taken, xhat, rstd }: Saved<E>,
        gy: &Buf<E, Cuda>,
        gxs: &mut [Option<Buf<E, Cuda>>],
    ) -> Done {
        let mut g = fresh::<E>(self, 0)?;
        normalise::backward::<E>(&op.normalise, self, &xhat, &rstd, gy, &mut g)?;
        self.backward(&op.pool, taken, &g, gxs)
    }
}

/// Elements, and the extents of an image.
fn extents(op: &Pool) -> [usize; 4] {
    [op.image.n * op.image.per_sample(), op.image.h, op.image.w, op.image.c]
}
