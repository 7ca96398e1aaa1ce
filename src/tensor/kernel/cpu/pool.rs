//! 3×3 maximum and average pooling.

use super::{super::*, add, axpy, each_chunk, window};
use crate::tensor::{
    Element, Error,
    op::{Pool, PoolKind},
};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Kernel<Pool, E> for Cpu {
    /// For the maximum, the pixel that each output took; empty for the average.
    type Saved = Vec<u32>;

    fn forward(&self, op: &Pool, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let (x, c, per_sample) = (xs[0], op.image.c, op.image.per_sample());
        let mut y = zeros::<E, Cpu>(self, x.len()).map_err(Error::device)?;
        let saved = each_chunk(&mut y, per_sample, x.len() * 9, |n, y| {
            let x = &x[n * per_sample..][..per_sample];
            match op.kind {
                PoolKind::Max => op.max(x, y),
                PoolKind::Average => {
                    for (pixel, y) in y.chunks_exact_mut(c).enumerate() {
                        op.window(pixel).for_each(|from| add(y, &x[from * c..][..c]));
                        let share = op.share::<E>(pixel);
                        y.iter_mut().for_each(|y| *y *= share);
                    }
                    Vec::new()
                }
            }
        });
        Ok((Arc::new(y), saved.concat()))
    }

    fn backward(
        &self,
        op: &Pool,
        taken: Self::Saved,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let (c, per_sample) = (op.image.c, op.image.per_sample());
        let Some(gx) = &mut gxs[0] else { return Ok(()) };
        each_chunk(gx, per_sample, gy.len() * 9, |n, gx| {
            let gy = &gy[n * per_sample..][..per_sample];
            match op.kind {
                PoolKind::Max => {
                    for (i, (gy, from)) in gy.iter().zip(&taken[n * per_sample..]).enumerate() {
                        gx[*from as usize * c + i % c] += *gy;
                    }
                }
                PoolKind::Average => {
                    for (pixel, gy) in gy.chunks_exact(c).enumerate() {
                        let share = op.share::<E>(pixel);
                        op.window(pixel).for_each(|from| axpy(&mut gx[from * c..][..c], share, gy));
                    }
                }
            }
        });
        Ok(())
    }
}

impl Pool {
    fn window(&self, pixel: usize) -> impl Iterator<Item = usize> {
        let (h, w) = (self.image.h, self.image.w);
        window((h, w), (pixel / w, pixel % w), 3, 1).map(|(_, from)| from)
    }

    /// One over the number of pixels of the window that lie inside the image.
    fn share<E: Element>(&self, pixel: usize) -> E {
        E::of(self.window(pixel).count() as f64).recip()
    }

    /// The maximum of each window and the first pixel that has it; NaN counts as greater than all.
    fn max<E: Element>(&self, x: &[E], y: &mut [E]) -> Vec<u32> {
        let c = self.image.c;
        let mut taken = vec![0; y.len()];
        for (pixel, (y, taken)) in y.chunks_exact_mut(c).zip(taken.chunks_exact_mut(c)).enumerate() {
            for (i, from) in self.window(pixel).enumerate() {
                for ((y, taken), &x) in y.iter_mut().zip(taken.iter_mut()).zip(&x[from * c..][..c]) {
                    if i == 0 || x > *y || x.is_nan() {
                        *y = x;
                        *taken = from as u32;
                    }
                }
            }
        }
        taken
    }
}
