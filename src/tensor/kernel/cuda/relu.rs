//! y = max(x, 0): `relu.cu`.

use super::{super::*, Done, Real, fresh, gradient, kernel, len};
use crate::tensor::{Error, op::Relu};
use dfdx::tensor::Cuda;

impl<E: Real> Kernel<Relu, E> for Cuda {
    type Saved = Arc<Buf<E, Cuda>>; // y: its sign is all that is needed

    const FILLS_EMPTY: bool = true;

    fn forward(&self, _: &Relu, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Self::Saved> {
        let (x, n) = (xs[0], len::<E>(xs[0]));
        let mut y = fresh::<E>(self, n).map_err(Error::device)?;
        let launch = kernel::<E>(&x.device(), "relu_forward").write(&mut y).read(&**x).ints([n]);
        launch.over(n).map_err(Error::device)?;
        let y = Arc::new(y);
        Ok((y.clone(), y))
    }

    fn backward(&self, _: &Relu, y: Self::Saved, gy: &Buf<E, Cuda>, gxs: &mut [Option<Buf<E, Cuda>>]) -> Done {
        let (Some(gx), n) = (&mut gxs[0], len::<E>(gy)) else { return Ok(()) };
        Ok(gradient::<E>(self, "relu_backward", gx, n)?.read(&*y).read(gy).ints([n]).over(n)?)
    }
}
