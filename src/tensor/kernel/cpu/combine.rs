//! Weighted sums and concatenation.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    GROUP, Generic, add, buffers, done, each_chunk,
    image::{Axpy, Dot, Multiple},
    room, zeroed,
};
use crate::tensor::{
    Element, Error,
    op::{Concatenate, WeightedSum},
};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Generic<WeightedSum, E> for Cpu {
    /// The weights, then the terms.
    type Saved = Vec<Arc<Buf<E, Cpu>>>;
    const FILLS_EMPTY: bool = true;

    /// Of a term with weight 1.
    fn passes_on(&self, op: &WeightedSum, saved: &Self::Saved, i: usize) -> bool {
        i.checked_sub(1).is_some_and(|term| saved[0][op.index[term]] == E::one())
    }

    fn forward(&self, op: &WeightedSum, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let (weights, terms) = (xs[0], &xs[1..]);
        let level = Vectors::current();
        let mut y = buffers::take(self, terms[0].len()).map_err(Error::device)?;
        each_chunk(&mut y, PART, terms.len() * terms[0].len(), |part, out| {
            for (i, (x, k)) in terms.iter().zip(&op.index).enumerate() {
                let (s, x) = (weights[*k], &x[part * PART..][..out.len()]);
                match i {
                    0 => run(level, Multiple { s, x, out }),
                    _ => run(level, Axpy { s, x, out }),
                }
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
        let (level, per_sample, size) = (Vectors::current(), op.image.per_sample(), GROUP * op.image.per_sample());
        let (gweights, gterms) = gxs.split_at_mut(1);
        // Group by group of images their part of each gradient and whether to add to it: g is read once.
        let mut parts: Vec<Vec<_>> = (0..op.image.n.div_ceil(GROUP)).map(|_| Vec::with_capacity(terms.len())).collect();
        for gx in gterms {
            let Some(gx) = gx else {
                parts.iter_mut().for_each(|part| part.push(None));
                continue;
            };
            let add = room(self, gx, gy.len())?;
            parts.iter_mut().zip(gx.chunks_mut(size)).for_each(|(part, gx)| part.push(Some((gx, add))));
        }
        let weighted = gweights[0].is_some();
        let products = each_chunk(&mut parts, 1, terms.len() * gy.len(), |group, part| {
            let mut products = vec![E::zero(); terms.len()];
            for (n, g) in gy[group * size..].chunks_exact(per_sample).take(GROUP).enumerate() {
                for (term, gx) in part[0].iter_mut().enumerate() {
                    let x = &terms[term][group * size + n * per_sample..][..per_sample];
                    if weighted {
                        products[term] += run(level, Dot { x, y: g });
                    }
                    let Some((gx, add)) = gx else { continue };
                    let (s, x, out) = (weights[op.index[term]], g, &mut gx[n * per_sample..][..per_sample]);
                    if *add { run(level, Axpy { s, x, out }) } else { run(level, Multiple { s, x, out }) }
                }
            }
            products
        });
        if let Some(gweights) = &mut gweights[0] {
            zeroed(self, gweights, weights.len())?;
            let mut total = vec![E::zero(); terms.len()];
            products.iter().for_each(|products| add(&mut total, products));
            op.index.iter().zip(total).for_each(|(k, product)| gweights[*k] += product);
        }
        saved.into_iter().for_each(done);
        Ok(())
    }
}

impl<E: Element> Generic<Concatenate, E> for Cpu {
    type Saved = ();
    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Concatenate, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, ()> {
        let (per_sample, c) = (op.image.per_sample(), op.image.c);
        let mut y = buffers::take(self, op.image.n * per_sample).map_err(Error::device)?;
        let size = y.len();
        each_chunk(&mut y, per_sample, size, |n, y| {
            let mut offset = 0;
            for (x, part) in xs.iter().zip(&op.channels) {
                let x = x[n * per_sample / c * part..].chunks_exact(*part);
                y.chunks_exact_mut(c).zip(x).for_each(|(y, x)| copy(&mut y[offset..][..*part], x));
                offset += part;
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
        let (pixels, c) = (op.image.h * op.image.w, op.image.c);
        let mut offset = 0;
        for (gx, part) in gxs.iter_mut().zip(&op.channels) {
            if let Some(gx) = gx {
                let size = op.image.n * pixels * part;
                let add = room(self, gx, size)?;
                each_chunk(gx, pixels * part, size, |n, gx| {
                    let gy = gy[n * pixels * c..].chunks_exact(c).map(|gy| &gy[offset..][..*part]);
                    match add {
                        true => gx.chunks_exact_mut(*part).zip(gy).for_each(|(gx, gy)| super::add(gx, gy)),
                        false => gx.chunks_exact_mut(*part).zip(gy).for_each(|(gx, gy)| copy(gx, gy)),
                    }
                });
            }
            offset += part;
        }
        Ok(())
    }
}

/// Elements of a sum that stay in the nearest cache while terms are added.
const PART: usize = 2048;

/// Copies a pixel: too little for the system's copy to be worth its call.
#[inline(always)]
fn copy<E: Element>(to: &mut [E], from: &[E]) {
    let ((to, rest_to), (from, rest_from)) = (to.as_chunks_mut::<8>(), from.as_chunks::<8>());
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    rest_to.iter_mut().zip(rest_from).for_each(|(to, from)| *to = *from);
}
