//! ReLU → depthwise → pointwise → x̂ in one step on the tape: ReLU is taken while the depthwise convolution reads, the
//! norm's moments while the pointwise one writes, and what goes back through the norm is computed where it is read.

use super::{
    super::*,
    Done, Real, convolution, depthwise, fresh,
    normalise::{self, Arriving},
    sum::{fold_both, fold_parts},
};
use crate::tensor::{
    Error,
    op::{Convolution, Separable},
};
use dfdx::tensor::Cuda;

/// What the backward pass needs: x, both weights, what is between the convolutions (kept: memory is cheaper than
/// another launch), x̂, and 1/√(σ² + ε) for each group.
pub struct Saved<E: Real> {
    inputs: [Arc<Buf<E, Cuda>>; 3],
    middle: Buf<E, Cuda>,
    xhat: Arc<Buf<E, Cuda>>,
    rstd: Buf<E, Cuda>,
}

impl<E: Real> Kernel<Separable, E> for Cuda {
    type Saved = Saved<E>;

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Separable, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Saved<E>> {
        let [x, dw, pw] = xs else { unreachable!("three inputs") };
        let compute = || -> Done<_> {
            let middle = depthwise::forward::<E>(&op.depthwise, self, x, dw, true)?;
            let results = convolution::normalised::<E>(&pointwise(op), &op.normalise, self, (&middle, false), pw)?;
            Ok((middle, results))
        };
        let (middle, [y, rstd]) = compute().map_err(Error::device)?;
        let xhat = Arc::new(y);
        Ok((xhat.clone(), Saved { inputs: [(*x).clone(), (*dw).clone(), (*pw).clone()], middle, xhat, rstd }))
    }

    fn backward(&self, op: &Separable, saved: Saved<E>, gy: &Buf<E, Cuda>, gxs: &mut [Option<Buf<E, Cuda>>]) -> Done {
        backward(op, self, saved, Arriving::from(gy), gxs)
    }
}

/// The gradients of x and of both weights.
pub(super) fn backward<E: Real>(
    op: &Separable,
    device: &Cuda,
    Saved { inputs: [x, dw, pw], middle, xhat, rstd }: Saved<E>,
    gy: Arriving<'_, E>,
    gxs: &mut [Option<Buf<E, Cuda>>],
) -> Done {
    let [gx, gdw, gpw] = gxs else { unreachable!("three inputs") };
    let (pointwise, through) = (pointwise(op), normalise::through(&op.normalise, device, gy, &xhat, &rstd)?);
    let mut gmiddle = fresh::<E>(device, 0)?;
    convolution::input_gradient_through::<E>(&pointwise, device, None, &pw, &through, &mut gmiddle)?;
    let of_dw = || depthwise::weight_parts::<E>(&op.depthwise, device, &x, &gmiddle, true);
    let of_pw = || convolution::weight_parts_through::<E>(&pointwise, device, (&middle, false), &through);
    match (gdw, gpw) {
        (Some(gdw), Some(gpw)) => fold_both(device, [gdw, gpw], [of_dw()?, of_pw()?])?,
        (Some(gdw), None) => fold_parts(device, gdw, of_dw()?)?,
        (None, Some(gpw)) => fold_parts(device, gpw, of_pw()?)?,
        (None, None) => {}
    }
    match gx {
        Some(gx) => depthwise::input_gradient::<E>(&op.depthwise, device, &x, &dw, &gmiddle, gx, true),
        None => Ok(()),
    }
}

fn pointwise(op: &Separable) -> Convolution {
    let image = op.depthwise.image;
    Convolution { image, kernel: 1, out: image.c }
}
