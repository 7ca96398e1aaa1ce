//! Dense convolution → x̂ in one step on the tape, perhaps of relu(x): `convolution.cu` and `normalise.cu`.

use super::{
    super::*,
    Done, Real, convolution,
    normalise::{self, Arriving},
    sum::fold_parts,
};
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
        let compute = || convolution::normalised::<E>(&op.convolution, &op.normalise, self, (x, op.relu), w);
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
        let through = normalise::through(&op.normalise, self, Arriving::from(gy), &xhat, &rstd)?;
        if let Some(gx) = gx {
            let x = op.relu.then_some(&*x);
            convolution::input_gradient_through::<E>(&op.convolution, self, x, &w, &through, gx)?;
        }
        let Some(gw) = gw else { return Ok(()) };
        let parts = convolution::weight_parts_through::<E>(&op.convolution, self, (&x, op.relu), &through)?;
        fold_parts(self, gw, parts)
    }
}

/// One after another.
impl<E: Real> Several<NormalisedConvolution, E> for Cuda {}
