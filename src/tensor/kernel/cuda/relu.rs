//! y = max(x, 0): `relu.cu`.

use super::{super::*, Done, Real, fresh, gradient, kernel, len};
use crate::tensor::{Error, op::Relu};
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

/// max(x, 0).
pub(super) fn forward<E: Real>(device: &Cuda, x: &Buf<E, Cuda>) -> Done<Buf<E, Cuda>> {
    let n = len::<E>(x);
    let mut y = fresh::<E>(device, n)?;
    kernel::<E>(&x.device(), "relu_forward").write(&mut y).read(x).ints([n]).over(n)?;
    Ok(y)
}

/// gx += gy where y > 0.
pub(super) fn backward<E: Real>(device: &Cuda, y: &Buf<E, Cuda>, gy: &Buf<E, Cuda>, gx: &mut Buf<E, Cuda>) -> Done {
    let n = len::<E>(gy);
    Ok(gradient::<E>(device, "relu_backward", gx, n)?.read(y).read(gy).ints([n]).over(n)?)
}
