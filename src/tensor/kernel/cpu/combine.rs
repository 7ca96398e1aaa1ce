//! Weighted sums and concatenation.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    each_chunk,
    image::{Axpy, Dot},
    sum_over,
};
use crate::tensor::{
    Element, Error,
    op::{Concatenate, WeightedSum},
};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Kernel<WeightedSum, E> for Cpu {
    /// The weights, then the terms.
    type Saved = Vec<Arc<Buf<E, Cpu>>>;

    fn forward(&self, op: &WeightedSum, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let (weights, terms) = (xs[0], &xs[1..]);
        let (level, per_sample) = (Vectors::current(), op.image.per_sample());
        let mut y = zeros::<E, Cpu>(self, terms[0].len()).map_err(Error::device)?;
        each_chunk(&mut y, per_sample, terms.len() * terms[0].len(), |n, y| {
            for (x, k) in terms.iter().zip(&op.index) {
                run(level, Axpy { s: weights[*k], x: &x[n * per_sample..][..per_sample], out: y });
            }
        });
        Ok((Arc::new(y), xs.iter().map(|x| (*x).clone()).collect()))
    }

    fn backward(
        &self,
        op: &WeightedSum,
        saved: Self::Saved,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let (weights, terms) = (&saved[0], &saved[1..]);
        let (level, per_sample) = (Vectors::current(), op.image.per_sample());
        let (gweights, gterms) = gxs.split_at_mut(1);
        if let Some(gweights) = &mut gweights[0] {
            let work = terms.len() * gy.len();
            let products = sum_over(
                terms.len(),
                op.image.n,
                work,
                || (),
                |(), n, products| {
                    let g = &gy[n * per_sample..][..per_sample];
                    for (x, product) in terms.iter().zip(products) {
                        *product += run(level, Dot { x: &x[n * per_sample..][..per_sample], y: g });
                    }
                },
            );
            op.index.iter().zip(products).for_each(|(k, product)| gweights[*k] += product);
        }
        for (gx, k) in gterms.iter_mut().zip(&op.index) {
            if let Some(gx) = gx {
                each_chunk(gx, per_sample, gy.len(), |n, out| {
                    run(level, Axpy { s: weights[*k], x: &gy[n * per_sample..][..per_sample], out });
                });
            }
        }
        Ok(())
    }
}

impl<E: Element> Kernel<Concatenate, E> for Cpu {
    type Saved = ();

    fn forward(&self, op: &Concatenate, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, ()> {
        let mut y = zeros::<E, Cpu>(self, op.image.n * op.image.per_sample()).map_err(Error::device)?;
        let size = y.len();
        each_chunk(&mut y, op.image.c, size, |pixel, mut y| {
            for (x, c) in xs.iter().zip(&op.channels) {
                let (head, tail) = y.split_at_mut(*c);
                head.copy_from_slice(&x[pixel * c..][..*c]);
                y = tail;
            }
        });
        Ok((Arc::new(y), ()))
    }

    fn backward(
        &self,
        op: &Concatenate,
        (): (),
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let mut offset = 0;
        for (gx, c) in gxs.iter_mut().zip(&op.channels) {
            if let Some(gx) = gx {
                for (gx, gy) in gx.chunks_exact_mut(*c).zip(gy.chunks_exact(op.image.c)) {
                    super::add(gx, &gy[offset..][..*c]);
                }
            }
            offset += c;
        }
        Ok(())
    }
}
