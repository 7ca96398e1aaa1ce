//! Dense k×k convolution: `convolution.cu`.

use super::{
    super::*,
    Done, Real, fresh, gradient, kernel,
    normalise::{self, Moments, Through},
    sum::{Parts, fold_parts},
};
use crate::tensor::{
    Error,
    op::{Convolution, Normalise},
};
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
            Some(gw) => fold_parts(self, gw, weight_parts::<E>(op, self, &x, gy)?),
            None => Ok(()),
        }
    }
}

fn pixels(op: &Convolution) -> usize {
    op.image.n * op.image.h * op.image.w
}

/// Pixels, and the extents of an image and of the weights.
fn extents(op: &Convolution) -> [usize; 6] {
    [pixels(op), op.image.h, op.image.w, op.image.c, op.out, op.kernel]
}

/// Blocks for a product with a row for each pixel.
fn blocks(op: &Convolution, columns: usize) -> (usize, usize) {
    (pixels(op).div_ceil(HEIGHT), columns.div_ceil(TILE))
}

/// y.
fn forward<E: Real>(op: &Convolution, device: &Cuda, x: &Buf<E, Cuda>, w: &Buf<E, Cuda>) -> Done<Buf<E, Cuda>> {
    let (rows, columns) = blocks(op, op.out);
    let mut y = fresh::<E>(device, pixels(op) * op.out)?;
    let launch = kernel::<E>(&x.device(), "convolution_forward").write(&mut y).read(x).read(w);
    launch.ints(extents(op)).blocks(rows, columns)?;
    Ok(y)
}

/// x̂ of y, perhaps with max(x, 0) for x, and 1/√(σ² + ε).
pub(super) fn normalised<E: Real>(
    op: &Convolution,
    norm: &Normalise,
    device: &Cuda,
    (x, relu): (&Buf<E, Cuda>, bool),
    w: &Buf<E, Cuda>,
) -> Done<[Buf<E, Cuda>; 2]> {
    let [mut means, mut scatters] = normalise::strip_parts::<E>(norm, device)?;
    let mut y = fresh::<E>(device, pixels(op) * op.out)?;
    let launch = kernel::<E>(&x.device(), "convolution_moments").write(&mut y).write(&mut means).write(&mut scatters);
    let ([_, extents @ ..], (strips, lanes)) = (extents(op), normalise::blocks(norm));
    launch.read(x).read(w).ints(extents).ints([relu.into()]).blocks(strips, lanes)?;
    normalise::standardise_by(norm, device, &y, Moments([means, scatters]))
}

/// Adds to gx.
fn input_gradient<E: Real>(
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

/// The same back through a norm, and through max(x, 0) where that was convolved.
pub(super) fn input_gradient_through<E: Real>(
    op: &Convolution,
    device: &Cuda,
    x: Option<&Buf<E, Cuda>>,
    w: &Buf<E, Cuda>,
    through: &Through<'_, E>,
    gx: &mut Buf<E, Cuda>,
) -> Done {
    let (rows, columns) = blocks(op, op.image.c);
    let launch = gradient::<E>(device, "convolution_input_through", gx, pixels(op) * op.image.c)?;
    Ok(launch.read_if(x).through(through).read(w).ints(extents(op)).blocks(rows, columns)?)
}

/// The terms of gw.
fn weight_parts<E: Real>(op: &Convolution, device: &Cuda, x: &Buf<E, Cuda>, gy: &Buf<E, Cuda>) -> Done<Parts<E>> {
    let (mut parts, (tiles, count)) = parts(op, device)?;
    let launch = kernel::<E>(&gy.device(), "convolution_weight").write(&mut parts.terms).read(x).read(gy);
    launch.ints(extents(op)).blocks(tiles, count)?;
    Ok(parts)
}

/// The same back through a norm, perhaps with max(x, 0) for x.
pub(super) fn weight_parts_through<E: Real>(
    op: &Convolution,
    device: &Cuda,
    (x, relu): (&Buf<E, Cuda>, bool),
    through: &Through<'_, E>,
) -> Done<Parts<E>> {
    let (mut parts, (tiles, count)) = parts(op, device)?;
    let launch = kernel::<E>(&x.device(), "convolution_weight_through").write(&mut parts.terms).read(x);
    launch.through(through).ints(extents(op)).ints([relu.into()]).blocks(tiles, count)?;
    Ok(parts)
}

/// Room for the terms of a weight's gradient, and the blocks that compute them.
fn parts<E: Real>(op: &Convolution, device: &Cuda) -> Done<(Parts<E>, (usize, usize))> {
    let (depth, count) = (op.kernel * op.kernel * op.image.c, pixels(op).div_ceil(PIXELS));
    let n = depth * op.out;
    let parts = Parts { terms: fresh::<E>(device, count * n)?, count, n };
    Ok((parts, (depth.div_ceil(TILE) * op.out.div_ceil(TILE), count)))
}
