//! Concatenation.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    Generic, buffers, each_chunk,
    image::Strided,
    room,
};
use crate::tensor::{Element, Error, op::Concatenate};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Generic<Concatenate, E> for Cpu {
    type Saved = ();
    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Concatenate, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, ()> {
        let (level, per_sample, c) = (Vectors::current(), op.image.per_sample(), op.image.c);
        let mut y = buffers::take(self, op.image.n * per_sample).map_err(Error::device)?;
        let size = y.len();
        each_chunk(&mut y, per_sample, size, |n, y| {
            let mut offset = 0;
            for (x, part) in xs.iter().zip(&op.channels) {
                let x = &x[n * per_sample / c * part..];
                run(level, Strided { x, every: *part, out: &mut y[offset..], out_every: c, n: *part, add: false });
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
        let (level, pixels, c) = (Vectors::current(), op.image.h * op.image.w, op.image.c);
        let mut offset = 0;
        for (gx, part) in gxs.iter_mut().zip(&op.channels) {
            if let Some(gx) = gx {
                let size = op.image.n * pixels * part;
                let add = room(self, gx, size)?;
                each_chunk(gx, pixels * part, size, |n, out| {
                    let x = &gy[n * pixels * c + offset..];
                    run(level, Strided { x, every: c, out, out_every: *part, n: *part, add });
                });
            }
            offset += part;
        }
        Ok(())
    }
}
