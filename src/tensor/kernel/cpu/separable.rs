//! ReLU → depthwise → pointwise → x̂ in one step, image by image.
//!
//! The arithmetic is that of the single operations, in the same order, so both ways agree to the last bit.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    GROUP, Generic, add_parts, buffers, done, each_chunk,
    image::{Centred, Edge, EdgeBackward, EdgeForward, Frame, ThroughNorm, flipped, transposed},
    room,
};
use crate::tensor::{Element, Error, op::Separable};
use dfdx::tensor::{Cpu, CpuError};

/// What the backward pass needs: x, both weights, x̂, and 1/√(σ² + ε) for each (sample, channel).
pub struct Saved<E: Element> {
    inputs: [Arc<Buf<E, Cpu>>; 3],
    xhat: Arc<Buf<E, Cpu>>,
    rstd: Vec<E>,
}

impl<E: Element> Generic<Separable, E> for Cpu {
    type Saved = Saved<E>;
    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Separable, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Saved<E>> {
        let [x, dw, pw] = xs else { unreachable!("three inputs") };
        let mut y = buffers::take(self, x.len()).map_err(Error::device)?;
        let sums = op.convolve(x, None, [dw, pw], &mut y);
        let rstd = op.normalise.standardise(None, &mut y, sums);
        let xhat = Arc::new(y);
        Ok((xhat.clone(), Saved { inputs: [(*x).clone(), (*dw).clone(), (*pw).clone()], xhat, rstd }))
    }

    fn backward(
        &self,
        op: &Separable,
        Saved { inputs: [x, dw, pw], xhat, rstd }: Saved<E>,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let means = op.normalise.gradient_means(gy, &xhat);
        let through = op.normalise.through(gy, &xhat, &means, &rstd);
        let [gx, gweights @ ..] = gxs else { unreachable!("three inputs") };
        op.gradient(self, Half { x: &x, centred: None, weights: [&dw, &pw] }, through, gx, gweights)?;
        [x, xhat].into_iter().for_each(done);
        Ok(())
    }
}

/// What one convolution was of.
#[derive(Clone, Copy)]
pub(super) struct Half<'a, E> {
    pub x: &'a [E],
    /// Whether it was of x̂.
    pub centred: Centred<'a, E>,
    /// Depthwise and pointwise.
    pub weights: [&'a [E]; 2],
}

impl Separable {
    /// Elements that a thread takes at a time.
    fn group(&self) -> usize {
        GROUP * self.normalise.image.per_sample()
    }

    /// Elementary steps forwards.
    fn work(&self) -> usize {
        let (image, taps) = (self.normalise.image, self.depthwise.kernel * self.depthwise.kernel);
        image.n * image.per_sample() * (taps + image.c)
    }

    fn edge<'a, E>(&self, depthwise: &'a [E], pointwise: &'a [E]) -> Edge<'a, E> {
        let (kernel, dilation) = (self.depthwise.kernel, self.depthwise.dilation);
        let frame = Frame::new(self.depthwise.image, (kernel - 1) / 2 * dilation);
        Edge { frame, size: (kernel, dilation), depthwise, pointwise }
    }

    /// The convolutions of x, or of x̂; returns Σ out for each (sample, channel).
    pub(super) fn convolve<E: Element>(
        &self,
        x: &[E],
        centred: Centred<'_, E>,
        [dw, pw]: [&[E]; 2],
        out: &mut [E],
    ) -> Vec<E> {
        let (level, group) = (Vectors::current(), self.group());
        let totals = each_chunk(out, group, self.work(), |i, out| {
            let (x, centred) = (&x[i * group..][..out.len()], self.part(centred, i));
            run(level, EdgeForward { edge: self.edge(dw, pw), x, centred, out })
        });
        totals.concat()
    }

    /// What belongs to group `i` of images.
    fn part<'a, E>(&self, centred: Centred<'a, E>, i: usize) -> Centred<'a, E> {
        centred.map(|all| all.map(|all| &all[i * GROUP * self.normalise.image.c..]))
    }

    /// Writes or adds the gradients; returns Σ gx and Σ gx x of each channel of each image, x here being x̂ where
    /// that was convolved, as far as it is positive.
    pub(super) fn gradient<E: Element>(
        &self,
        device: &Cpu,
        Half { x, centred, weights: [dw, pw] }: Half<'_, E>,
        through: ThroughNorm<'_, E>,
        gx: &mut Option<Buf<E, Cpu>>,
        gweights: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<Vec<E>, CpuError> {
        let (level, image, c) = (Vectors::current(), self.normalise.image.per_sample(), self.normalise.image.c);
        let (dw_back, pw_back) = (flipped(dw, c), transposed(pw, c, c));
        let weights = gweights.iter().any(Option::is_some);
        // Where nobody asks for it, the input's gradient is computed for nothing; the network always asks.
        let mut unasked = zeros::<E, Cpu>(device, 0)?;
        let gx = gx.as_mut().unwrap_or(&mut unasked);
        let add = room(device, gx, x.len())?;
        let parts = each_chunk(gx, self.group(), 3 * self.work(), |i, gx| {
            let (x, centred) = (&x[i * self.group()..][..gx.len()], self.part(centred, i));
            let through = through.from(i * GROUP, image, c);
            let (edge, back) = (self.edge(dw, pw), self.edge(&dw_back, &pw_back));
            run(level, EdgeBackward { edge, back, x, centred, through, gx, add, weights })
        });
        for (which, (gw, w)) in gweights.iter_mut().zip([dw, pw]).enumerate() {
            let Some(gw) = gw else { continue };
            add_parts(device, gw, w.len(), parts.iter().map(|sums| &sums[which]))?;
        }
        buffers::give(&mut unasked);
        Ok(parts.iter().map(|[_, _, both]| &both[..]).collect::<Vec<_>>().concat())
    }
}
