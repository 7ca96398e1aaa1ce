//! 3×3 maximum and average pooling.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    Generic, buffers, each_chunk_with,
    image::{Aligned, Frame, Maximum, MaximumGradient, WindowSums},
    room,
};
use crate::tensor::{
    Element, Error,
    op::{Pool, PoolKind},
};
use dfdx::tensor::{Cpu, CpuError};

/// What no tap is.
const NONE: u32 = 9;

impl<E: Element> Generic<Pool, E> for Cpu {
    /// For the maximum, the tap that each output took, image by image; empty for the average.
    type Saved = Vec<Vec<u8>>;
    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Pool, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let mut y = buffers::take(self, xs[0].len()).map_err(Error::device)?;
        let taken = match op.kind {
            PoolKind::Max => op.maximum(xs[0], &mut y),
            PoolKind::Average => {
                op.average(xs[0], &mut y);
                Vec::new()
            }
        };
        Ok((Arc::new(y), taken))
    }

    fn backward(
        &self,
        op: &Pool,
        taken: Self::Saved,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let Some(gx) = &mut gxs[0] else { return Ok(()) };
        let add = room(self, gx, gy.len())?;
        match op.kind {
            PoolKind::Max => op.maximum_gradient(gy, &taken, gx, add),
            PoolKind::Average => op.average_gradient(gy, gx, add),
        }
        Ok(())
    }
}

impl Pool {
    fn frame(&self) -> Frame {
        Frame::new(self.image, 1)
    }

    /// One image of the batch.
    fn sample<'a, E>(&self, all: &'a [E], n: usize) -> &'a [E] {
        &all[n * self.image.per_sample()..][..self.image.per_sample()]
    }

    fn average<E: Element>(&self, x: &[E], y: &mut [E]) {
        let (level, frame, shares) = (Vectors::current(), self.frame(), self.shares());
        let space = || (frame.empty(), Aligned::zeros(frame.stride()));
        each_chunk_with(y, self.image.per_sample(), 9 * x.len(), space, |(padded, space), n, out| {
            frame.fill(self.sample(x, n), padded);
            run(level, WindowSums { frame, x: padded, share: Some(&shares), out, add: false, space });
        });
    }

    fn average_gradient<E: Element>(&self, gy: &[E], gx: &mut [E], add: bool) {
        let (level, frame, shares) = (Vectors::current(), self.frame(), self.shares());
        let space = || (frame.empty(), Aligned::zeros(frame.stride()), Aligned::zeros(self.image.per_sample()));
        each_chunk_with(gx, self.image.per_sample(), 9 * gy.len(), space, |(padded, space, shared), n, out| {
            let all = shared.iter_mut().zip(self.sample(gy, n)).zip(&shares);
            all.for_each(|((shared, g), share)| *shared = *g * *share);
            frame.fill(shared, padded);
            run(level, WindowSums { frame, x: padded, share: None, out, add, space });
        });
    }

    /// For each element of an image one over the number of pixels under its window.
    fn shares<E: Element>(&self) -> Vec<E> {
        let (h, w, c) = (self.image.h, self.image.w, self.image.c);
        let under = |at: usize, end: usize| 1 + usize::from(at > 0) + usize::from(at + 1 < end);
        let share = |pixel: usize| E::of((under(pixel / w, h) * under(pixel % w, w)) as f64).recip();
        (0..h * w).flat_map(|pixel| std::iter::repeat_n(share(pixel), c)).collect()
    }

    /// The maximum of each window; returns the taps that have it, image by image.
    fn maximum<E: Element>(&self, x: &[E], y: &mut [E]) -> Vec<Vec<u8>> {
        let (level, frame, per_sample) = (Vectors::current(), self.frame(), self.image.per_sample());
        let space = || {
            let mut padded = frame.empty();
            padded.fill(E::neg_infinity());
            (padded, vec![0; frame.row()])
        };
        each_chunk_with(y, per_sample, 9 * x.len(), space, |(padded, space), n, out| {
            let mut taken = vec![0; per_sample];
            frame.fill(self.sample(x, n), padded);
            run(level, Maximum { frame, x: padded, out, taken: &mut taken, space });
            taken
        })
    }

    fn maximum_gradient<E: Element>(&self, gy: &[E], taken: &[Vec<u8>], gx: &mut [E], add: bool) {
        let (level, frame) = (Vectors::current(), self.frame());
        let space = || (frame.empty(), vec![NONE; frame.len()]);
        each_chunk_with(gx, self.image.per_sample(), 9 * gy.len(), space, |(padded, taps), n, out| {
            frame.fill(self.sample(gy, n), padded);
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
