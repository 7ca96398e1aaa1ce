//! y = max(x, 0), alone and with the pointwise convolution after it: `relu.cu`.

use super::{super::*, Done, Real, convolution, fresh, gradient, kernel, len};
use crate::tensor::{
    Error,
    op::{Relu, ReluPointwise},
};
use dfdx::tensor::Cuda;

impl<E: Real> Kernel<Relu, E> for Cuda {
    type Saved = Arc<Buf<E, Cuda>>; // y: its sign is all that is needed

    const FILLS_EMPTY: bool = true;

    fn forward(&self, _: &Relu, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Self::Saved> {
        let y = Arc::new(forward::<E>(self, xs[0]).map_err(Error::device)?);
        Ok((y.clone(), y))
    }

    fn backward(&self, _: &Relu, y: Self::Saved, gy: &Buf<E, Cuda>, gxs: &mut [Option<Buf<E, Cuda>>]) -> Done {
        match &mut gxs[0] {
            Some(gx) => backward::<E>(self, &y, gy, gx),
            None => Ok(()),
        }
    }
}

/// relu(x) is computed anew on the way back.
impl<E: Real> Kernel<ReluPointwise, E> for Cuda {
    type Saved = [Arc<Buf<E, Cuda>>; 2];

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &ReluPointwise, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Self::Saved> {
        let (x, w) = (xs[0], xs[1]);
        let compute = || convolution::forward::<E>(&op.convolution, self, &forward::<E>(self, x)?, w);
        Ok((Arc::new(compute().map_err(Error::device)?), [x.clone(), w.clone()]))
    }

    fn backward(
        &self,
        op: &ReluPointwise,
        [x, w]: Self::Saved,
        gy: &Buf<E, Cuda>,
        gxs: &mut [Option<Buf<E, Cuda>>],
    ) -> Done {
        let [gx, gw] = gxs else { unreachable!("two inputs") };
        let y = forward::<E>(self, &x)?;
        if let Some(gx) = gx {
            let mut gy_relu = fresh::<E>(self, 0)?;
            convolution::input_gradient::<E>(&op.convolution, self, &w, gy, &mut gy_relu)?;
            backward::<E>(self, &y, &gy_relu, gx)?;
        }
        match gw {
            Some(gw) => convolution::weight_gradient::<E>(&op.convolution, self, &y, gy, gw),
            None => Ok(()),
        }
    }
}

/// max(x, 0).
fn forward<E: Real>(device: &Cuda, x: &Buf<E, Cuda>) -> Done<Buf<E, Cuda>> {
    let n = len::<E>(x);
    let mut y = fresh::<E>(device, n)?;
    kernel::<E>(&x.device(), "relu_forward").write(&mut y).read(x).ints([n]).over(n)?;
    Ok(y)
}

/// gx += gy where y > 0.
fn backward<E: Real>(device: &Cuda, y: &Buf<E, Cuda>, gy: &Buf<E, Cuda>, gx: &mut Buf<E, Cuda>) -> Done {
    let n = len::<E>(gy);
    Ok(gradient::<E>(device, "relu_backward", gx, n)?.read(y).read(gy).ints([n]).over(n)?)
}
