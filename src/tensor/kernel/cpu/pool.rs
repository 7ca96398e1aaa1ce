//! 3×3 maximum and average pooling, alone and in one step with its norm.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    Generic, buffers, done, each_chunk_with,
    image::{Aligned, Apportion, Frame, Maximum, MaximumGradient, Shares, Total, WindowSums},
    normalise::Gradient,
    room,
};
use crate::tensor::{
    Element, Error,
    op::{Image, NormalisedPool, Pool, PoolKind},
};
use dfdx::tensor::{Cpu, CpuError};

/// What no tap is.
const NONE: u32 = 9;

impl<E: Element> Generic<Pool, E> for Cpu {
    type Saved = Taken;
    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Pool, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Taken> {
        let mut y = buffers::take(self, xs[0].len()).map_err(Error::device)?;
        let (taken, _) = op.pool(xs[0], &mut y, false);
        Ok((Arc::new(y), taken))
    }

    fn backward(
        &self,
        op: &Pool,
        taken: Taken,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        op.gradient(self, &taken, Arriving::Here(gy), &mut gxs[0])
    }
}

/// What the backward pass of a normalised pooling needs: the taps, x̂, and 1/√(σ² + ε) for each (sample, channel).
pub struct Saved<E: Element> {
    taken: Taken,
    xhat: Arc<Buf<E, Cpu>>,
    rstd: Vec<E>,
}

impl<E: Element> Generic<NormalisedPool, E> for Cpu {
    type Saved = Saved<E>;
    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &NormalisedPool, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Saved<E>> {
        let mut y = buffers::take(self, xs[0].len()).map_err(Error::device)?;
        let (taken, sums) = op.pool.pool(xs[0], &mut y, true);
        let rstd = op.normalise.standardise(None, &mut y, sums);
        let xhat = Arc::new(y);
        Ok((xhat.clone(), Saved { taken, xhat, rstd }))
    }

    fn backward(
        &self,
        op: &NormalisedPool,
        Saved { taken, xhat, rstd }: Saved<E>,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let means = op.normalise.gradient_means(gy, &xhat);
        let gradient = op.normalise.gradient(op.normalise.through(gy, &xhat, &means, &rstd));
        op.pool.gradient(self, &taken, Arriving::Beyond(gradient), &mut gxs[0])?;
        done(xhat);
        Ok(())
    }
}

/// For the maximum, the tap that each output took, image by image; empty for the average.
pub(super) type Taken = Vec<Vec<u8>>;

/// The gradient of a pooling's result.
pub(super) enum Arriving<'a, E> {
    /// As it is.
    Here(&'a [E]),
    /// Still to go through the norm that follows.
    Beyond(Gradient<'a, E>),
}

impl<E: Element> Arriving<'_, E> {
    /// Of image `n`, perhaps put into `space`, which has room for just that.
    fn of<'s>(&'s self, n: usize, space: &'s mut [E]) -> &'s [E] {
        match self {
            Arriving::Here(g) => &g[n * space.len()..][..space.len()],
            Arriving::Beyond(gradient) => {
                gradient.of(n, space, false);
                space
            }
        }
    }
}

impl Pool {
    /// Writes the result to `y`; where the `sums` are wanted, they are taken for each (sample, channel).
    pub(super) fn pool<E: Element>(&self, x: &[E], y: &mut [E], sums: bool) -> (Taken, Vec<E>) {
        let (level, c) = (Vectors::current(), self.image.c);
        let total = |x: &[E]| {
            let mut totals = vec![E::zero(); if sums { c } else { 0 }];
            if sums {
                run(level, Total { x, sums: &mut totals });
            }
            totals
        };
        let (taken, sums): (_, Vec<_>) = match self.kind {
            PoolKind::Max => self.maximum(x, y, total).into_iter().unzip(),
            PoolKind::Average => (Vec::new(), self.average(x, y, total)),
        };
        (taken, sums.concat())
    }

    /// Writes the gradient of x, or adds it.
    pub(super) fn gradient<E: Element>(
        &self,
        device: &Cpu,
        taken: &Taken,
        gy: Arriving<'_, E>,
        gx: &mut Option<Buf<E, Cpu>>,
    ) -> std::result::Result<(), CpuError> {
        let Some(gx) = gx else { return Ok(()) };
        let add = room(device, gx, self.image.n * self.image.per_sample())?;
        match self.kind {
            PoolKind::Max => self.maximum_gradient(gy, taken, gx, add),
            PoolKind::Average => self.average_gradient(gy, gx, add),
        }
        Ok(())
    }

    fn frame(&self) -> Frame {
        Frame::new(self.image, 1)
    }

    /// One image of the batch.
    fn sample<'a, E>(&self, all: &'a [E], n: usize) -> &'a [E] {
        &all[n * self.image.per_sample()..][..self.image.per_sample()]
    }

    /// What `then` gives of each image's result.
    fn average<E: Element, R: Send>(&self, x: &[E], y: &mut [E], then: impl Fn(&[E]) -> R + Sync) -> Vec<R> {
        let (level, frame, shares) = (Vectors::current(), self.frame(), self.shares());
        let space = || (frame.empty(), Aligned::zeros(frame.stride()));
        each_chunk_with(y, self.image.per_sample(), 9 * x.len(), space, |(padded, space), n, out| {
            frame.fill(self.sample(x, n), padded);
            run(level, WindowSums { frame, x: padded, shares: Some(&shares), out: &mut *out, add: false, space });
            then(out)
        })
    }

    fn average_gradient<E: Element>(&self, gy: Arriving<'_, E>, gx: &mut [E], add: bool) {
        let (level, frame, image, shares) = (Vectors::current(), self.frame(), self.image, self.shares());
        let space = || (frame.empty(), Aligned::zeros(frame.stride()), Aligned::zeros(image.per_sample()));
        let work = 9 * gx.len();
        each_chunk_with(gx, image.per_sample(), work, space, |(padded, space, g), n, out| {
            run(level, Apportion { frame, shares: &shares, g: gy.of(n, g), out: padded });
            run(level, WindowSums { frame, x: padded, shares: None, out, add, space });
        });
    }

    /// One over the number of pixels under each window.
    fn shares<E: Element>(&self) -> Shares<E> {
        let Image { h, w, c, .. } = self.image;
        let under = |at: usize, end: usize| 1 + usize::from(at > 0) + usize::from(at + 1 < end);
        let share = |rows: usize, x: usize| E::of((rows * under(x, w)) as f64).recip();
        let row = |rows: usize| (0..w).flat_map(|x| std::iter::repeat_n(share(rows, x), c)).collect();
        Shares { last: h - 1, edge: row(under(0, h)), inner: row(3) }
    }

    /// The maximum of each window; returns the taps that have it, image by image, and what `then` gives of its result.
    fn maximum<E: Element, R: Send>(&self, x: &[E], y: &mut [E], then: impl Fn(&[E]) -> R + Sync) -> Vec<(Vec<u8>, R)> {
        let (level, frame, per_sample) = (Vectors::current(), self.frame(), self.image.per_sample());
        let space = || {
            let mut padded = frame.empty();
            padded.fill(E::neg_infinity());
            (padded, vec![0; frame.row()])
        };
        each_chunk_with(y, per_sample, 9 * x.len(), space, |(padded, space), n, out| {
            let mut taken = vec![0; per_sample];
            frame.fill(self.sample(x, n), padded);
            run(level, Maximum { frame, x: padded, out: &mut *out, taken: &mut taken, space });
            (taken, then(out))
        })
    }

    fn maximum_gradient<E: Element>(&self, gy: Arriving<'_, E>, taken: &[Vec<u8>], gx: &mut [E], add: bool) {
        let (level, frame, image) = (Vectors::current(), self.frame(), self.image);
        let space = || (frame.empty(), vec![NONE; frame.len()], Aligned::zeros(image.per_sample()));
        let work = 9 * gx.len();
        each_chunk_with(gx, image.per_sample(), work, space, |(padded, taps, g), n, out| {
            frame.fill(gy.of(n, g), padded);
            let rows = taps[frame.stride()..].chunks_exact_mut(frame.stride());
            for (taps, taken) in rows.zip(taken[n].chunks_exact(frame.row())) {
                taps[frame.c..].iter_mut().zip(taken).for_each(|(tap, taken)| *tap = u32::from(*taken));
            }
            if !add {
                out.fill(E::zero());
            }
            run(level, MaximumGradient { frame, g: padded, taken: taps, out });
        });
    }
}
