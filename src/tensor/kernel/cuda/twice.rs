//! Two separable convolutions in a row in one step on the tape: the kernels of one after those of the other.

use super::{super::*, Done, Real, fresh, normalise::Arriving, separable};
use crate::tensor::op::{Separable, Twice};
use dfdx::tensor::Cuda;

impl<E: Real> Kernel<Twice, E> for Cuda {
    type Saved = [separable::Saved<E>; 2];

    const FILLS_EMPTY: bool = true;

    fn forward(&self, Twice(op): &Twice, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Self::Saved> {
        let [x, dw, pw, dw2, pw2] = xs else { unreachable!("five inputs") };
        let (middle, first) = Kernel::<Separable, E>::forward(self, op, &[x, dw, pw])?;
        let (y, second) = Kernel::<Separable, E>::forward(self, op, &[&middle, dw2, pw2])?;
        Ok((y, [first, second]))
    }

    fn backward(&self, op: &Twice, saved: Self::Saved, gy: &Buf<E, Cuda>, gxs: &mut [Option<Buf<E, Cuda>>]) -> Done {
        backward(op, self, saved, Arriving::from(gy), gxs)
    }
}

/// The gradients of x and of both pairs of weights.
pub(super) fn backward<E: Real>(
    Twice(op): &Twice,
    device: &Cuda,
    [first, second]: [separable::Saved<E>; 2],
    gy: Arriving<'_, E>,
    gxs: &mut [Option<Buf<E, Cuda>>],
) -> Done {
    let [gx, gdw, gpw, gdw2, gpw2] = gxs else { unreachable!("five inputs") };
    let mut gradients = [Some(fresh::<E>(device, 0)?), gdw2.take(), gpw2.take()];
    separable::backward(op, device, second, gy, &mut gradients)?;
    let middle;
    [middle, *gdw2, *gpw2] = gradients;
    let mut gradients = [gx.take(), gdw.take(), gpw.take()];
    let middle = middle.expect("asked for");
    separable::backward(op, device, first, Arriving::from(&middle), &mut gradients)?;
    [*gx, *gdw, *gpw] = gradients;
    Ok(())
}
