//! x̂ = (x − μ)/√(σ² + ε) over groups, and its gradient (eq. 8): `normalise.cu`.

use super::{super::*, Done, Real, fresh, gradient, kernel, len, sum::LANES};
use crate::tensor::{Error, op::Normalise};
use dfdx::tensor::Cuda;

impl<E: Real> Kernel<Normalise, E> for Cuda {
    /// x̂, and 1/√(σ² + ε) for each group.
    type Saved = (Arc<Buf<E, Cuda>>, Buf<E, Cuda>);

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Normalise, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Self::Saved> {
        let [y, rstd] = standardise::<E>(op, self, xs[0]).map_err(Error::device)?;
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
        let Some(gx) = &mut gxs[0] else { return Ok(()) };
        let through = through(op, self, Arriving::from(gy), &xhat, &rstd)?;
        let (strips, lanes) = blocks(op);
        let launch = gradient::<E>(self, "standardise_gradient", gx, len::<E>(gy))?;
        Ok(launch.through(&through).blocks(strips, lanes)?)
    }
}

/// STRIP in `normalise.cu`.
const STRIP: usize = 256;

/// Of each strip and channel the mean and the scatter.
pub(super) struct Moments<E: Real>(pub [Buf<E, Cuda>; 2]);

/// What arrives at a result: a gradient, or as the term of a sum that times one of the weights.
#[derive(Clone, Copy)]
pub struct Arriving<'a, E: Real> {
    /// The gradient.
    pub g: &'a Buf<E, Cuda>,
    /// The weights, and which.
    pub weight: Option<(&'a Buf<E, Cuda>, usize)>,
}

impl<'a, E: Real> From<&'a Buf<E, Cuda>> for Arriving<'a, E> {
    fn from(g: &'a Buf<E, Cuda>) -> Self {
        Arriving { g, weight: None }
    }
}

/// The gradient before a norm, rstd · (gy − mean(gy) − x̂ · mean(gy x̂)) for every ε, to be computed where it is read.
pub struct Through<'a, E: Real> {
    /// The norm.
    pub op: &'a Normalise,
    /// What arrives.
    pub gy: Arriving<'a, E>,
    /// x̂.
    pub xhat: &'a Buf<E, Cuda>,
    /// mean(gy) and mean(gy x̂) of each group.
    pub means: [Buf<E, Cuda>; 2],
    /// 1/√(σ² + ε) of each group.
    pub rstd: &'a Buf<E, Cuda>,
}

/// What the kernels take of an image and its groups: pixels, C, and which entries share a group.
pub(super) fn extents(op: &Normalise) -> [usize; 4] {
    [op.image.h * op.image.w, op.image.c, op.grouping.per_sample.into(), op.grouping.channels]
}

/// Strips in all samples.
fn strips(op: &Normalise) -> usize {
    op.image.n * (op.image.h * op.image.w).div_ceil(STRIP)
}

/// Blocks that work on strips.
pub(super) fn blocks(op: &Normalise) -> (usize, usize) {
    (strips(op), op.image.c.div_ceil(LANES))
}

/// Parts that a group is put together from.
fn parts(op: &Normalise) -> usize {
    strips(op) * op.image.c / op.grouping.count(op.image)
}

/// Room for two numbers of each strip and channel.
pub(super) fn strip_parts<E: Real>(op: &Normalise, device: &Cuda) -> Done<[Buf<E, Cuda>; 2]> {
    pair::<E>(device, strips(op) * op.image.c)
}

/// x̂ and 1/√(σ² + ε).
fn standardise<E: Real>(op: &Normalise, device: &Cuda, x: &Buf<E, Cuda>) -> Done<[Buf<E, Cuda>; 2]> {
    standardise_by(op, device, x, moments(op, device, x)?)
}

/// The moments of x in each strip.
pub(super) fn moments<E: Real>(op: &Normalise, device: &Cuda, x: &Buf<E, Cuda>) -> Done<Moments<E>> {
    let [mut means, mut scatters] = strip_parts::<E>(op, device)?;
    let launch = kernel::<E>(&x.device(), "strip_moments").write(&mut means).write(&mut scatters).read(x);
    let ([pixels, c, ..], (strips, lanes)) = (extents(op), blocks(op));
    launch.ints([pixels, c]).blocks(strips, lanes)?;
    Ok(Moments([means, scatters]))
}

/// x̂ and 1/√(σ² + ε) from the moments of x.
pub(super) fn standardise_by<E: Real>(
    op: &Normalise,
    device: &Cuda,
    x: &Buf<E, Cuda>,
    Moments([part_means, scatters]): Moments<E>,
) -> Done<[Buf<E, Cuda>; 2]> {
    let (cuda, (strips, lanes), groups) = (x.device(), blocks(op), op.grouping.count(op.image));
    let [mut means, mut rstds] = pair::<E>(device, groups)?;
    let launch = kernel::<E>(&cuda, "group_moments").write(&mut means).write(&mut rstds);
    let launch = launch.read(&part_means).read(&scatters).ints([parts(op)]).ints(extents(op));
    launch.scalars([E::of(op.eps)]).blocks(groups, 1)?;

    let mut y = fresh::<E>(device, len::<E>(x))?;
    let launch = kernel::<E>(&cuda, "standardise").write(&mut y).read(x).read(&means).read(&rstds);
    launch.ints(extents(op)).blocks(strips, lanes)?;
    Ok([y, rstds])
}

/// The way back to x.
pub(super) fn through<'a, E: Real>(
    op: &'a Normalise,
    device: &Cuda,
    gy: Arriving<'a, E>,
    xhat: &'a Buf<E, Cuda>,
    rstd: &'a Buf<E, Cuda>,
) -> Done<Through<'a, E>> {
    let (cuda, (strips, lanes), groups) = (xhat.device(), blocks(op), op.grouping.count(op.image));
    let ([mut sums, mut part_products], [pixels, c, ..]) = (strip_parts::<E>(op, device)?, extents(op));
    let launch = kernel::<E>(&cuda, "strip_gradients").write(&mut sums).write(&mut part_products);
    launch.arriving(gy).read(xhat).ints([pixels, c]).blocks(strips, lanes)?;

    let [mut means, mut products] = pair::<E>(device, groups)?;
    let launch = kernel::<E>(&cuda, "group_gradients").write(&mut means).write(&mut products);
    let launch = launch.read(&sums).read(&part_products).ints([parts(op), op.grouping.size(op.image)]);
    launch.ints(extents(op)).blocks(groups, 1)?;
    Ok(Through { op, gy, xhat, means: [means, products], rstd })
}

/// Two buffers of `n` elements.
fn pair<E: Real>(device: &Cuda, n: usize) -> Done<[Buf<E, Cuda>; 2]> {
    Ok([fresh::<E>(device, n)?, fresh::<E>(device, n)?])
}
