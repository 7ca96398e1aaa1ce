//! Dense k×k convolution: `convolution.cu`.

use super::{
    super::*,
    Done, Real, fresh, gradient, kernel,
    sum::{Terms, fold},
};
use crate::tensor::{Error, op::Convolution};
use dfdx::tensor::Cuda;

/// TILE, HEIGHT and PIXELS in `convolution.cu`: of a block's tile the columns and the pixels, and how many pixels
/// a part of a weight's gradient sums.
const TILE: usize = 16;
const HEIGHT: usize = 64;
const PIXELS: usize = 256;

impl<E: Real> Kernel<Convolution, E> for Cuda {
    type Saved = [Arc<Buf<E, Cuda>>; 2];

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Convolution, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Self::Saved> {
        let (x, w) = (xs[0], xs[1]);
        let y = forward::<E>(op, self, x, w).map_err(Error::device)?;
        Ok((Arc::new(y), [x.clone(), w.clone()]))
    }

    fn backward(
        &self,
        op: &Convolution,
        [x, w]: Self::Saved,
        gy: &Buf<E, Cuda>,
        gxs: &mut [Option<Buf<E, Cuda>>],
    ) -> Done {
        let [gx, gw] = gxs else { unreachable!("two inputs") };
        if let Some(gx) = gx {
            input_gradient::<E>(op, self, &w, gy, gx)?;
        }
        match gw {
            Some(gw) => weight_gradient::<E>(op, self, &x, gy, gw),
            None => Ok(()),
        }
    }
}

fn pixels(op: &Convolution) -> usize {
    op.image.n * op.image.h * op.image.w
}

/// What all three kernels end with.
fn extents(op: &Convolution) -> [usize; 6] {
    [pixels(op), op.image.h, op.image.w, op.image.c, op.out, op.kernel]
}

/// Blocks for a product with a row for each pixel.
fn blocks(op: &Convolution, columns: usize) -> (usize, usize) {
    (pixels(op).div_ceil(HEIGHT), columns.div_ceil(TILE))
}

/// y.
pub(super) fn forward<E: Real>(
    op: &Convolution,
    device: &Cuda,
    x: &Buf<E, Cuda>,
    w: &Buf<E, Cuda>,
) -> Done<Buf<E, Cuda>> {
    let (rows, columns) = blocks(op, op.out);
    let mut y = fresh::<E>(device, pixels(op) * op.out)?;
    let launch = kernel::<E>(&x.device(), "convolution_forward").write(&mut y).read(x).read(w);
    launch.ints(extents(op)).blocks(rows, columns)?;
    Ok(y)
}

/// Adds to gx.
pub(super) fn input_gradient<E: Real>(
    op: &Convolution,
    device: &Cuda,
    w: &Buf<E, Cuda>,
    gy: &Buf<E, Cuda>,
    gx: &mut Buf<E, Cuda>,
) -> Done {
    let (rows, columns) = blocks(op, op.image.c);
    let launch = gradient::<E>(device, "convolution_input", gx, pixels(op) * op.image.c)?.read(gy).read(w);
    Ok(launch.ints(extents(op)).blocks(rows, columns)?)
}

/// Adds to gw.
pub(super) fn weight_gradient<E: Real>(
    op: &Convolution,
    device: &Cuda,
    x: &Buf<E, Cuda>,
    gy: &Buf<E, Cuda>,
    gw: &mut Buf<E, Cuda>,
) -> Done {
    let (depth, parts) = (op.kernel * op.kernel * op.image.c, pixels(op).div_ceil(PIXELS));
    let (size, tiles) = (depth * op.out, depth.div_ceil(TILE) * op.out.div_ceil(TILE));
    let mut sums = fresh::<E>(device, parts * size)?;
    let launch = kernel::<E>(&gy.device(), "convolution_weight").write(&mut sums).read(x).read(gy);
    launch.ints(extents(op)).blocks(tiles, parts)?;
    fold::<E>(device, gw, size, &sums, Terms { count: parts, across: 1, along: size })
}
