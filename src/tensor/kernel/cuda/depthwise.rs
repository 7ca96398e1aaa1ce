//! Depthwise k×k convolution with dilation: `depthwise.cu`. With `rectify` all is of the convolution of
//! max(x, 0).

use super::{
    super::*,
    Done, Real, fresh, gradient, kernel,
    sum::{LANES, Terms, fold},
};
use crate::tensor::{Error, op::Depthwise};
use dfdx::tensor::Cuda;

/// STEPS and RUNS in `depthwise.cu`: pixels of a run, and over how many runs a part of a weight's gradient sums.
const STEPS: usize = 8;
const RUNS: usize = 32;

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
            Some(gw) => weight_gradient::<E>(op, self, &x, gy, gw, false),
            None => Ok(()),
        }
    }
}

/// What all three kernels end with, after their count.
fn extents(op: &Depthwise, n: usize, rectify: bool) -> [usize; 7] {
    [n, op.image.h, op.image.w, op.image.c, op.kernel, op.dilation, rectify.into()]
}

/// Rows of all images together.
fn rows(op: &Depthwise) -> usize {
    op.image.n * op.image.h
}

/// Runs of pixels in all rows.
fn runs(op: &Depthwise) -> usize {
    rows(op) * op.image.w.div_ceil(STEPS * op.dilation) * op.dilation
}

/// y.
pub(super) fn forward<E: Real>(
    op: &Depthwise,
    device: &Cuda,
    x: &Buf<E, Cuda>,
    w: &Buf<E, Cuda>,
    rectify: bool,
) -> Done<Buf<E, Cuda>> {
    let n = runs(op) * op.image.c;
    let mut y = fresh::<E>(device, rows(op) * op.image.w * op.image.c)?;
    let launch = kernel::<E>(&x.device(), "depthwise_forward").write(&mut y).read(x).read(w);
    launch.ints(extents(op, n, rectify)).over(n)?;
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
    let n = runs(op) * op.image.c;
    let launch =
        gradient::<E>(device, "depthwise_input", gx, rows(op) * op.image.w * op.image.c)?.read(x).read(gy).read(w);
    Ok(launch.ints(extents(op, n, rectify)).over(n)?)
}

/// Adds to gw.
pub(super) fn weight_gradient<E: Real>(
    op: &Depthwise,
    device: &Cuda,
    x: &Buf<E, Cuda>,
    gy: &Buf<E, Cuda>,
    gw: &mut Buf<E, Cuda>,
    rectify: bool,
) -> Done {
    let (parts, size) = (runs(op).div_ceil(RUNS), op.kernel * op.kernel * op.image.c);
    let mut sums = fresh::<E>(device, parts * size)?;
    let launch = kernel::<E>(&gy.device(), "depthwise_weight").write(&mut sums).read(x).read(gy);
    launch.ints(extents(op, rows(op), rectify)).blocks(op.image.c.div_ceil(LANES), parts)?;
    fold::<E>(device, gw, size, &sums, Terms { count: parts, across: 1, along: size })
}
