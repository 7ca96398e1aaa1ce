//! Two separable convolutions in a row where a device has no kernel for both together.

use super::{Buf, Forward, Kernel, cuda::Real, zeros};
use crate::tensor::op::{Separable, Twice};
use dfdx::tensor::{Cuda, CudaError};
use std::sync::Arc;

impl<E: Real> Kernel<Twice, E> for Cuda {
    type Saved = [<Cuda as Kernel<Separable, E>>::Saved; 2];

    const FILLS_EMPTY: bool = <Cuda as Kernel<Separable, E>>::FILLS_EMPTY;

    fn forward(&self, Twice(op): &Twice, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Self::Saved> {
        let [x, dw, pw, dw2, pw2] = xs else { unreachable!("five inputs") };
        let (middle, first) = Kernel::<Separable, E>::forward(self, op, &[x, dw, pw])?;
        let (y, second) = Kernel::<Separable, E>::forward(self, op, &[&middle, dw2, pw2])?;
        Ok((y, [first, second]))
    }

    fn backward(
        &self,
        Twice(op): &Twice,
        [first, second]: Self::Saved,
        gy: &Buf<E, Cuda>,
        gxs: &mut [Option<Buf<E, Cuda>>],
    ) -> std::result::Result<(), CudaError> {
        let [gx, gdw, gpw, gdw2, gpw2] = gxs else { unreachable!("five inputs") };
        let mut gradients = [Some(zeros::<E, Cuda>(self, 0)?), gdw2.take(), gpw2.take()];
        Kernel::<Separable, E>::backward(self, op, second, gy, &mut gradients)?;
        let middle;
        [middle, *gdw2, *gpw2] = gradients;
        let mut gradients = [gx.take(), gdw.take(), gpw.take()];
        Kernel::<Separable, E>::backward(self, op, first, &middle.expect("asked for"), &mut gradients)?;
        [*gx, *gdw, *gpw] = gradients;
        Ok(())
    }
}
