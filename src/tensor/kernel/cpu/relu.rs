//! y = max(x, 0). NaN stays NaN, so that the loss shows it.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    CHUNK, Generic, buffers, done, each_chunk,
    image::{ReluGradient, ReluOf},
    room,
};
use crate::tensor::{Element, Error, op::Relu};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Generic<Relu, E> for Cpu {
    type Saved = Arc<Buf<E, Cpu>>; // y: its sign is all that is needed
    const FILLS_EMPTY: bool = true;

    fn forward(&self, _: &Relu, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let (level, x) = (Vectors::current(), xs[0]);
        let mut y = buffers::take(self, x.len()).map_err(Error::device)?;
        each_chunk(&mut y, CHUNK, x.len(), |i, out| run(level, ReluOf { x: &x[i * CHUNK..], out }));
        let y = Arc::new(y);
        Ok((y.clone(), y))
    }

    fn backward(
        &self,
        _: &Relu,
        y: Self::Saved,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let Some(gx) = &mut gxs[0] else { return Ok(()) };
        let (level, add) = (Vectors::current(), room(self, gx, gy.len())?);
        each_chunk(gx, CHUNK, gy.len(), |i, out| {
            run(level, ReluGradient { x: &y[i * CHUNK..], g: &gy[i * CHUNK..], out, add });
        });
        done(y);
        Ok(())
    }
}
