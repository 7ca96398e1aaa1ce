//! ReLU → depthwise → pointwise → x̂ in one step on the tape: ReLU is taken while the depthwise
//! convolution reads; the rest is the single operations' kernels.

use super::{super::*, Done, Real, convolution, depthwise, fresh, normalise};
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
            let z = convolution::forward::<E>(&pointwise(op), self, &middle, pw)?;
            Ok((middle, normalise::forward::<E>(&op.normalise, self, &z)?))
        };
        let (middle, [y, rstd]) = compute().map_err(Error::device)?;
        let xhat = Arc::new(y);
        Ok((xhat.clone(), Saved { inputs: [(*x).clone(), (*dw).clone(), (*pw).clone()], middle, xhat, rstd }))
    }

    fn backward(&self, op: &Separable, saved: Saved<E>, gy: &Buf<E, Cuda>, gxs: &mut [Option<Buf<E, Cuda>>]) -> Done {
        let ([x, dw, pw], pointwise) = (&saved.inputs, pointwise(op));
        let [gx, gdw, gpw] = gxs else { unreachable!("three inputs") };
        let mut gz = fresh::<E>(self, 0)?;
        normalise::backward::<E>(&op.normalise, self, &saved.xhat, &saved.rstd, gy, &mut gz)?;
        if let Some(gpw) = gpw {
            convolution::weight_gradient::<E>(&pointwise, self, &saved.middle, &gz, gpw)?;
        }
        let mut gmiddle = fresh::<E>(self, 0)?;
        convolution::input_gradient::<E>(&pointwise, self, pw, &gz, &mut gmiddle)?;
        if let Some(gdw) = gdw {
            depthwise::weight_gradient::<E>(&op.depthwise, self, x, &gmiddle, gdw, true)?;
        }
        match gx {
            Some(gx) => depthwise::input_gradient::<E>(&op.depthwise, self, x, dw, &gmiddle, gx, true),
            None => Ok(()),
        }
    }
}

fn pointwise(op: &Separable) -> Convolution {
    let image = op.depthwise.image;
    Convolution { image, kernel: 1, out: image.c }
}
