//! y = γ x̂ + β.

use super::{super::*, each_chunk};
use crate::tensor::{
    Element, Error,
    op::{Affine, AffineLayout},
};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Kernel<Affine, E> for Cpu {
    type Saved = [Arc<Buf<E, Cpu>>; 2];

    fn forward(&self, op: &Affine, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let [x, gamma, beta] = xs else { unreachable!("three inputs") };
        let per_sample = op.image.per_sample();
        let mut y = zeros::<E, Cpu>(self, x.len()).map_err(Error::device)?;
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
        let per_sample = op.image.per_sample();
        let [gx, ggamma, gbeta] = gxs else { unreachable!("three inputs") };
        if let Some(gx) = gx {
            each_chunk(gx, per_sample, gy.len(), |n, gx| {
                for (i, (gx, &gy)) in gx.iter_mut().zip(&gy[n * per_sample..]).enumerate() {
                    *gx += gamma[op.index(n, i)] * gy;
                }
            });
        }
        // One pass over the batch in order: these sums are small beside the convolutions.
        let each = gy.iter().zip(x.iter()).enumerate();
        let each = each.map(|(i, (&gy, &x))| (op.index(i / per_sample, i % per_sample), gy, x));
        if let Some(ggamma) = ggamma {
            each.clone().for_each(|(at, gy, x)| ggamma[at] += gy * x);
        }
        if let Some(gbeta) = gbeta {
            each.for_each(|(at, gy, _)| gbeta[at] += gy);
        }
        Ok(())
    }
}

impl Affine {
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
