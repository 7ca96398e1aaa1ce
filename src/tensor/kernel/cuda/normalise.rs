//! x̂ = (x − μ)/√(σ² + ε) over groups, and its gradient (eq. 8): `normalise.cu`.

use super::{super::*, Done, Real, fresh, gradient, kernel, len, sum::LANES};
use crate::tensor::{Error, op::Normalise};
use dfdx::tensor::Cuda;

impl<E: Real> Kernel<Normalise, E> for Cuda {
    /// x̂, and 1/√(σ² + ε) for each group.
    type Saved = (Arc<Buf<E, Cuda>>, Buf<E, Cuda>);

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Normalise, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Self::Saved> {
        let [y, rstd] = forward::<E>(op, self, xs[0]).map_err(Error::device)?;
        let y = Arc::new(y);
        Ok((y.clone(), (y, rstd)))
    }

    fn backward(
        &self,
        op: &Normalise,
        (xhat, rstd): Self::Saved,
        gy: &Buf<E, Cuda>,
        gxs: &mut [Option<Buf<E, Cuda>>],
    ) -> Done {
        match &mut gxs[0] {
            Some(gx) => backward::<E>(op, self, &xhat, &rstd, gy, gx),
            None => Ok(()),
        }
    }
}

/// STRIP in `normalise.cu`.
const STRIP: usize = 256;

/// What the kernels take of an image and its groups: pixels, C, and which entries share a group.
fn extents(op: &Normalise) -> [usize; 4] {
    [op.image.h * op.image.w, op.image.c, op.grouping.per_sample.into(), op.grouping.channels]
}

/// Strips in all samples.
fn strips(op: &Normalise) -> usize {
    op.image.n * (op.image.h * op.image.w).div_ceil(STRIP)
}

/// Blocks that work on strips.
fn blocks(op: &Normalise) -> (usize, usize) {
    (strips(op), op.image.c.div_ceil(LANES))
}

/// Parts that a group is put together from.
fn parts(op: &Normalise) -> usize {
    strips(op) * op.image.c / op.grouping.count(op.image)
}

/// x̂ and 1/√(σ² + ε).
pub(super) fn forward<E: Real>(op: &Normalise, device: &Cuda, x: &Buf<E, Cuda>) -> Done<[Buf<E, Cuda>; 2]> {
    let (cuda, (strips, lanes), groups) = (x.device(), blocks(op), op.grouping.count(op.image));
    let [mut part_means, mut scatters] = pair::<E>(device, strips * op.image.c)?;
    let launch = kernel::<E>(&cuda, "strip_moments").write(&mut part_means).write(&mut scatters).read(x);
    launch.ints(extents(op)).blocks(strips, lanes)?;

    let [mut means, mut rstds] = pair::<E>(device, groups)?;
    let launch = kernel::<E>(&cuda, "group_moments").write(&mut means).write(&mut rstds);
    let launch = launch.read(&part_means).read(&scatters).ints([parts(op)]).ints(extents(op));
    launch.scalars([E::of(op.eps)]).blocks(groups, 1)?;

    let mut y = fresh::<E>(device, len::<E>(x))?;
    let launch = kernel::<E>(&cuda, "standardise").write(&mut y).read(x).read(&means).read(&rstds);
    launch.ints(extents(op)).blocks(strips, lanes)?;
    Ok([y, rstds])
}

/// gx += rstd · (gy − mean(gy) − x̂ · mean(gy x̂)), for every ε.
pub(super) fn backward<E: Real>(
    op: &Normalise,
    device: &Cuda,
    xhat: &Buf<E, Cuda>,
    rstds: &Buf<E, Cuda>,
    gy: &Buf<E, Cuda>,
    gx: &mut Buf<E, Cuda>,
) -> Done {
    let (cuda, (strips, lanes), groups) = (gy.device(), blocks(op), op.grouping.count(op.image));
    let [mut sums, mut part_products] = pair::<E>(device, strips * op.image.c)?;
    let launch = kernel::<E>(&cuda, "strip_gradients").write(&mut sums).write(&mut part_products);
    launch.read(gy).read(xhat).ints(extents(op)).blocks(strips, lanes)?;

    let [mut means, mut products] = pair::<E>(device, groups)?;
    let launch = kernel::<E>(&cuda, "group_gradients").write(&mut means).write(&mut products);
    let launch = launch.read(&sums).read(&part_products).ints([parts(op), op.grouping.size(op.image)]);
    launch.ints(extents(op)).blocks(groups, 1)?;

    let launch = gradient::<E>(device, "standardise_gradient", gx, len::<E>(gy))?.read(gy).read(xhat);
    let launch = launch.read(&means).read(&products).read(rstds);
    Ok(launch.ints(extents(op)).blocks(strips, lanes)?)
}

/// Two buffers of `n` elements.
fn pair<E: Real>(device: &Cuda, n: usize) -> Done<[Buf<E, Cuda>; 2]> {
    Ok([fresh::<E>(device, n)?, fresh::<E>(device, n)?])
}
