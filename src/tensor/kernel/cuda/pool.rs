//! 3×3 maximum and average pooling: `pool.cu`, in one step on the tape with its norm or without.

use super::{
    super::*,
    Done, Real, driver, fresh, gradient, kernel, len,
    normalise::{self, Arriving, Moments},
};
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
        let mut taken = taps::<E>(op, x).map_err(Error::device)?;
        let launch = match &mut taken {
            Some(taken) => kernel::<E>(&x.device(), "pool_max_forward").write(&mut y).write(taken),
            None => kernel::<E>(&x.device(), "pool_average_forward").write(&mut y),
        };
        launch.read(&**x).ints(extents).over(n).map_err(Error::device)?;
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
        let mut taken = taps::<E>(&op.pool, xs[0]).map_err(Error::device)?;
        let [y, rstd] = normalised(op, self, xs[0], &mut taken).map_err(Error::device)?;
        let xhat = Arc::new(y);
        Ok((xhat.clone(), Saved { taken, xhat, rstd }))
    }

    fn backward(
        &self,
        op: &NormalisedPool,
        saved: Saved<E>,
        gy: &Buf<E, Cuda>,
        gxs: &mut [Option<Buf<E, Cuda>>],
    ) -> Done {
        backward(op, self, saved, Arriving::from(gy), &mut gxs[0])
    }
}

/// x̂ and 1/√(σ² + ε), and the taps where there is room for them.
fn normalised<E: Real>(
    op: &NormalisedPool,
    device: &Cuda,
    x: &Buf<E, Cuda>,
    taken: &mut Option<CudaSlice<u8>>,
) -> Done<[Buf<E, Cuda>; 2]> {
    let (norm, n, [_, extents @ ..]) = (&op.normalise, len::<E>(x), extents(&op.pool));
    let (mut y, [mut means, mut scatters]) = (fresh::<E>(device, n)?, normalise::strip_parts::<E>(norm, device)?);
    let launch = match taken {
        Some(taken) => kernel::<E>(&x.device(), "pool_max_moments").write(&mut y).write(taken),
        None => kernel::<E>(&x.device(), "pool_average_moments").write(&mut y),
    };
    let (strips, lanes) = normalise::blocks(norm);
    launch.write(&mut means).write(&mut scatters).read(x).ints(extents).blocks(strips, lanes)?;
    normalise::standardise_by(norm, device, &y, Moments([means, scatters]))
}

/// The gradient of x.
pub(super) fn backward<E: Real>(
    op: &NormalisedPool,
    device: &Cuda,
    Saved { taken, xhat, rstd }: Saved<E>,
    gy: Arriving<'_, E>,
    gx: &mut Option<Buf<E, Cuda>>,
) -> Done {
    let (Some(gx), n) = (gx, len::<E>(&xhat)) else { return Ok(()) };
    let through = normalise::through(&op.normalise, device, gy, &xhat, &rstd)?;
    let launch = match &taken {
        Some(taken) => gradient::<E>(device, "pool_max_through", gx, n)?.read(taken),
        None => gradient::<E>(device, "pool_average_through", gx, n)?,
    };
    Ok(launch.through(&through).ints(extents(&op.pool)).over(n)?)
}

/// Room for the tap that each output takes, where that is one.
fn taps<E: Real>(op: &Pool, x: &Buf<E, Cuda>) -> Done<Option<CudaSlice<u8>>> {
    let room = || driver::without_memset(|| x.device().alloc_zeros::<u8>(len::<E>(x)));
    Ok((op.kind == PoolKind::Max).then(room).transpose()?)
}

/// Elements, and the extents of an image.
fn extents(op: &Pool) -> [usize; 4] {
    [op.image.n * op.image.per_sample(), op.image.h, op.image.w, op.image.c]
}
