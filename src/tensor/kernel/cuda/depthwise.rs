//! Depthwise k×k convolution with dilation: `depthwise.cu`. With `rectify` all is of the convolution of
//! max(x, 0).

use super::{
    super::*,
    Done, Real, fresh, gradient, kernel,
    sum::{LANES, Parts, fold_parts},
};
use crate::tensor::{Error, op::Depthwise};
use dfdx::tensor::Cuda;

/// DOWN, ACROSS and TILES in `depthwise.cu`: rows and columns of a block's tile, and over how many tiles a part of a
/// weight's gradient sums.
const DOWN: usize = 8;
const ACROSS: usize = 16;
const TILES: usize = 2;

impl<E: Real> Kernel<Depthwise, E> for Cuda {
    type Saved = [Arc<Buf<E, Cuda>>; 2];

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Depthwise, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Self::Saved> {
        let (x, w) = (xs[0], xs[1]);
        let y = forward::<E>(op, self, x, w, false).map_err(Error::device)?;
        Ok((Arc::new(y), [x.clone(), w.clone()]))
    }

    fn backward(
        &self,
        op: &Depthwise,
        [x, w]: Self::Saved,
        gy: &Buf<E, Cuda>,
        gxs: &mut [Option<Buf<E, Cuda>>],
    ) -> Done {
        let [gx, gw] = gxs else { unreachable!("two inputs") };
        if let Some(gx) = gx {
            input_gradient::<E>(op, self, &x, &w, gy, gx, false)?;
        }
        match gw {
            Some(gw) => fold_parts(self, gw, weight_parts::<E>(op, self, &x, gy, false)?),
            None => Ok(()),
        }
    }
}

/// What all three kernels end with.
fn extents(op: &Depthwise, rectify: bool) -> [usize; 6] {
    [op.image.h, op.image.w, op.image.c, op.kernel, op.dilation, rectify.into()]
}

/// Tiles of all images together.
fn tiles(op: &Depthwise) -> usize {
    op.image.n * op.image.h.div_ceil(DOWN) * op.image.w.div_ceil(ACROSS)
}

/// Blocks across channels.
fn lanes(op: &Depthwise) -> usize {
    op.image.c.div_ceil(LANES)
}

/// y.
pub(super) fn forward<E: Real>(
    op: &Depthwise,
    device: &Cuda,
    x: &Buf<E, Cuda>,
    w: &Buf<E, Cuda>,
    rectify: bool,
) -> Done<Buf<E, Cuda>> {
    let mut y = fresh::<E>(device, op.image.n * op.image.per_sample())?;
    let launch = kernel::<E>(&x.device(), "depthwise_forward").write(&mut y).read(x).read(w);
    launch.ints(extents(op, rectify)).blocks(tiles(op), lanes(op))?;
    Ok(y)
}

/// Adds to gx.
pub(super) fn input_gradient<E: Real>(
    op: &Depthwise,
    device: &Cuda,
    x: &Buf<E, Cuda>,
    w: &Buf<E, Cuda>,
    gy: &Buf<E, Cuda>,
    gx: &mut Buf<E, Cuda>,
    rectify: bool,
) -> Done {
    let launch = gradient::<E>(device, "depthwise_input", gx, op.image.n * op.image.per_sample())?;
    Ok(launch.read(x).read(gy).read(w).ints(extents(op, rectify)).blocks(tiles(op), lanes(op))?)
}

/// The terms of gw.
pub(super) fn weight_parts<E: Real>(
    op: &Depthwise,
    device: &Cuda,
    x: &Buf<E, Cuda>,
    gy: &Buf<E, Cuda>,
    rectify: bool,
) -> Done<Parts<E>> {
    let (count, n) = (tiles(op).div_ceil(TILES), op.kernel * op.kernel * op.image.c);
    let mut parts = Parts { terms: fresh::<E>(device, count * n)?, count, n };
    let launch = kernel::<E>(&gy.device(), "depthwise_weight").write(&mut parts.terms).read(x).read(gy);
    launch.ints([tiles(op)]).ints(extents(op, rectify)).blocks(count, lanes(op))?;
    Ok(parts)
}
