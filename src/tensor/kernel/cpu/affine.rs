//! y = γ x̂ + β.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    Generic, add, buffers, done, each_chunk,
    image::{Products, Scale, Shift, Total, spread},
    room, sum_over, zeroed,
};
use crate::tensor::{
    Element, Error,
    op::{Affine, AffineLayout},
};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Generic<Affine, E> for Cpu {
    type Saved = [Arc<Buf<E, Cpu>>; 2];
    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Affine, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let [x, gamma, beta] = xs else { unreachable!("three inputs") };
        let per_sample = op.image.per_sample();
        let mut y = buffers::take(self, x.len()).map_err(Error::device)?;
        if op.layout == AffineLayout::Channel {
            let (level, by, to) = (Vectors::current(), spread(gamma), spread(beta));
            each_chunk(&mut y, per_sample, x.len(), |n, out| {
                run(level, Shift { x: &x[n * per_sample..][..per_sample], by: &by, to: &to, out });
            });
            return Ok((Arc::new(y), [(*x).clone(), (*gamma).clone()]));
        }
        each_chunk(&mut y, per_sample, x.len(), |n, y| {
            for (i, (y, &x)) in y.iter_mut().zip(&x[n * per_sample..]).enumerate() {
                let at = op.index(n, i);
                *y = gamma[at] * x + beta[at];
            }
        });
        Ok((Arc::new(y), [(*x).clone(), (*gamma).clone()]))
    }

    fn backward(
        &self,
        op: &Affine,
        [x, gamma]: Self::Saved,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        if op.layout == AffineLayout::Channel {
            op.channel_gradients(self, &x, &gamma, gy, gxs)?;
            done(x);
            return Ok(());
        }
        let per_sample = op.image.per_sample();
        let [gx, ggamma, gbeta] = gxs else { unreachable!("three inputs") };
        for parameter in [&mut *ggamma, gbeta].into_iter().flatten() {
            zeroed(self, parameter, gamma.len())?;
        }
        if let Some(gx) = gx {
            zeroed(self, gx, gy.len())?;
            each_chunk(gx, per_sample, gy.len(), |n, gx| {
                for (i, (gx, &gy)) in gx.iter_mut().zip(&gy[n * per_sample..]).enumerate() {
                    *gx += gamma[op.index(n, i)] * gy;
                }
            });
        }
        // One pass over the batch in order: these layouts are rare.
        let each = gy.iter().zip(x.iter()).enumerate();
        let each = each.map(|(i, (&gy, &x))| (op.index(i / per_sample, i % per_sample), gy, x));
        if let Some(ggamma) = ggamma {
            each.clone().for_each(|(at, gy, x)| ggamma[at] += gy * x);
        }
        if let Some(gbeta) = gbeta {
            each.for_each(|(at, gy, _)| gbeta[at] += gy);
        }
        done(x);
        Ok(())
    }
}

impl Affine {
    /// The gradients where γ and β are `[C]`.
    fn channel_gradients<E: Element>(
        &self,
        device: &Cpu,
        x: &[E],
        gamma: &[E],
        gy: &[E],
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let (level, c, per_sample) = (Vectors::current(), self.image.c, self.image.per_sample());
        let [gx, ggamma, gbeta] = gxs else { unreachable!("three inputs") };
        let of = |n: usize| n * per_sample..(n + 1) * per_sample;
        if let Some(gx) = gx {
            let (add, by) = (room(device, gx, gy.len())?, spread(gamma));
            each_chunk(gx, per_sample, gy.len(), |n, out| run(level, Scale { x: &gy[of(n)], by: &by, out, add }));
        }
        for parameter in [&mut *ggamma, gbeta].into_iter().flatten() {
            zeroed(device, parameter, c)?;
        }
        let sums =
            |f: &(dyn Fn(usize, &mut [E]) + Sync)| sum_over(c, self.image.n, gy.len(), || (), |(), n, sums| f(n, sums));
        if let Some(ggamma) = ggamma {
            add(ggamma, &sums(&|n, sums| run(level, Products { g: &gy[of(n)], x: &x[of(n)], sums })));
        }
        if let Some(gbeta) = gbeta {
            add(gbeta, &sums(&|n, sums| run(level, Total { x: &gy[of(n)], sums })));
        }
        Ok(())
    }

    /// Where γ and β of entry `i` of sample `n` stand.
    #[inline(always)]
    fn index(&self, n: usize, i: usize) -> usize {
        match self.layout {
            AffineLayout::Channel => i % self.image.c,
            AffineLayout::Element => i,
            AffineLayout::Sample => n,
        }
    }
}
