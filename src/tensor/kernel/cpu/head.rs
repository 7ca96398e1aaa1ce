//! Global average pooling and bias.

use super::{super::*, Generic, add, each_chunk, room};
use crate::tensor::{
    Element, Error,
    op::{Bias, GlobalAveragePool},
};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Generic<GlobalAveragePool, E> for Cpu {
    type Saved = ();
    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &GlobalAveragePool, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, ()> {
        let (image, x) = (op.image, xs[0]);
        let mut y = zeros::<E, Cpu>(self, image.n * image.c).map_err(Error::device)?;
        each_chunk(&mut y, image.c, x.len(), |n, y| {
            x[n * image.per_sample()..][..image.per_sample()].chunks_exact(image.c).for_each(|x| add(y, x));
            y.iter_mut().for_each(|y| *y /= E::of((image.h * image.w) as f64));
        });
        Ok((Arc::new(y), ()))
    }

    fn backward(
        &self,
        op: &GlobalAveragePool,
        (): (),
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let (image, Some(gx)) = (op.image, &mut gxs[0]) else { return Ok(()) };
        let share = E::of((image.h * image.w) as f64).recip();
        let size = image.n * image.per_sample();
        let more = room(self, gx, size)?;
        each_chunk(gx, image.per_sample(), size, |n, gx| {
            let shared: Vec<E> = gy[n * image.c..][..image.c].iter().map(|gy| share * *gy).collect();
            match more {
                true => gx.chunks_exact_mut(image.c).for_each(|gx| add(gx, &shared)),
                false => gx.chunks_exact_mut(image.c).for_each(|gx| gx.copy_from_slice(&shared)),
            }
        });
        Ok(())
    }
}

impl<E: Element> Generic<Bias, E> for Cpu {
    type Saved = ();

    fn forward(&self, op: &Bias, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, ()> {
        let mut y = (**xs[0]).clone();
        y.chunks_exact_mut(op.classes).for_each(|y| add(y, xs[1]));
        Ok((Arc::new(y), ()))
    }

    fn backward(
        &self,
        op: &Bias,
        (): (),
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let [gx, gbias] = gxs else { unreachable!("two inputs") };
        if let Some(gx) = gx {
            add(gx, gy);
        }
        if let Some(gbias) = gbias {
            gy.chunks_exact(op.classes).for_each(|gy| add(gbias, gy));
        }
        Ok(())
    }
}
