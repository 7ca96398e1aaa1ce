//! Concatenation.

use super::{super::*, Generic, buffers, each_chunk, room};
use crate::tensor::{Element, Error, op::Concatenate};
use dfdx::tensor::{Cpu, CpuError};

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

/// Copies a pixel: too little for the system's copy to be worth its call.
#[inline(always)]
fn copy<E: Element>(to: &mut [E], from: &[E]) {
    let ((to, rest_to), (from, rest_from)) = (to.as_chunks_mut::<8>(), from.as_chunks::<8>());
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    rest_to.iter_mut().zip(rest_from).for_each(|(to, from)| *to = *from);
}
