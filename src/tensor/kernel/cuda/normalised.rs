//! Dense convolution → x̂ in one step on the tape, perhaps of relu(x), which is computed anew on the way back: the single
//! operations' kernels.

use super::{super::*, Done, Real, convolution, fresh, normalise, relu};
use crate::tensor::{Error, op::NormalisedConvolution};
use dfdx::tensor::Cuda;

/// What the backward pass needs: x and the weights, x̂, and 1/√(σ² + ε) for each group.
pub struct Saved<E: Real> {
    inputs: [Arc<Buf<E, Cuda>>; 2],
    xhat: Arc<Buf<E, Cuda>>,
    rstd: Buf<E, Cuda>,
}

impl<E: Real> Kernel<NormalisedConvolution, E> for Cuda {
    type Saved = Saved<E>;

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &NormalisedConvolution, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Saved<E>> {
        let [x, w] = xs else { unreachable!("two inputs") };
        let compute = || -> Done<_> {
            let rectified = rectified::<E>(op, self, x)?;
            let y = convolution::forward::<E>(&op.convolution, self, rectified.as_ref().unwrap_or(x), w)?;
            normalise::forward::<E>(&op.normalise, self, &y)
        };
        let [y, rstd] = compute().map_err(Error::device)?;
        let xhat = Arc::new(y);
        Ok((xhat.clone(), Saved { inputs: [(*x).clone(), (*w).clone()], xhat, rstd }))
    }

    fn backward(
        &self,
        op: &NormalisedConvolution,
        Saved { inputs: [x, w], xhat, rstd }: Saved<E>,
        gy: &Buf<E, Cuda>,
        gxs: &mut [Option<Buf<E, Cuda>>],
    ) -> Done {
        let [gx, gw] = gxs else { unreachable!("two inputs") };
        let mut g = fresh::<E>(self, 0)?;
        normalise::backward::<E>(&op.normalise, self, &xhat, &rstd, gy, &mut g)?;
        let rectified = rectified::<E>(op, self, &x)?;
        match (gx, &rectified) {
            (None, _) => {}
            (Some(gx), None) => convolution::input_gradient::<E>(&op.convolution, self, &w, &g, gx)?,
            (Some(gx), Some(rectified)) => {
                let mut g_relu = fresh::<E>(self, 0)?;
                convolution::input_gradient::<E>(&op.convolution, self, &w, &g, &mut g_relu)?;
                relu::backward::<E>(self, rectified, &g_relu, gx)?;
            }
        }
        match gw {
            Some(gw) => {
                let x = rectified.as_ref().unwrap_or(&x);
                convolution::weight_gradient::<E>(&op.convolution, self, x, &g, gw)
            }
            None => Ok(()),
        }
    }
}

/// One after another.
impl<E: Real> Several<NormalisedConvolution, E> for Cuda {}

/// relu(x), where that is what is convolved.
fn rectified<E: Real>(op: &NormalisedConvolution, device: &Cuda, x: &Buf<E, Cuda>) -> Done<Option<Buf<E, Cuda>>> {
    op.relu.then(|| relu::forward::<E>(device, x)).transpose()
}
