//! y = max(x, 0). NaN stays NaN, so that the loss shows it.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    each_chunk,
    image::{ReluGradient, relu},
};
use crate::tensor::{Element, Error, op::Relu};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Kernel<Relu, E> for Cpu {
    type Saved = Arc<Buf<E, Cpu>>; // y: its sign is all that is needed

    fn forward(&self, _: &Relu, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let x = xs[0];
        let mut y = zeros::<E, Cpu>(self, x.len()).map_err(Error::device)?;
        each_chunk(&mut y, CHUNK, x.len(), |i, y| {
            y.iter_mut().zip(&x[i * CHUNK..]).for_each(|(y, &x)| *y = relu(x));
        });
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
        let level = Vectors::current();
        each_chunk(gx, CHUNK, gy.len(), |i, out| {
            run(level, ReluGradient { x: &y[i * CHUNK..], g: &gy[i * CHUNK..], out });
        });
        Ok(())
    }
}

/// Elements handed to a thread at a time.
const CHUNK: usize = 4096;
