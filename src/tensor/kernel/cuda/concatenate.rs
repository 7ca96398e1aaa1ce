//! Concatenation: `combine.cu`.

use super::{super::*, Done, Real, fresh, gradient, kernel, len};
use crate::tensor::{Error, op::Concatenate};
use dfdx::tensor::Cuda;

impl<E: Real> Kernel<Concatenate, E> for Cuda {
    type Saved = ();

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Concatenate, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, ()> {
        let mut y = fresh::<E>(self, op.image.n * op.image.per_sample()).map_err(Error::device)?;
        let mut offset = 0;
        for (x, c) in xs.iter().zip(&op.channels) {
            let n = len::<E>(x);
            let launch = kernel::<E>(&x.device(), "concatenate_forward").write(&mut y).read(&***x);
            launch.ints([n, *c, offset, op.image.c]).over(n).map_err(Error::device)?;
            offset += c;
        }
        Ok((Arc::new(y), ()))
    }

    fn backward(&self, op: &Concatenate, (): (), gy: &Buf<E, Cuda>, gxs: &mut [Option<Buf<E, Cuda>>]) -> Done {
        let mut offset = 0;
        for (gx, c) in gxs.iter_mut().zip(&op.channels) {
            if let Some(gx) = gx {
                let n = len::<E>(gy) / op.image.c * c;
                let launch = gradient::<E>(self, "concatenate_backward", gx, n)?.read(gy);
                launch.ints([n, *c, offset, op.image.c]).over(n)?;
            }
            offset += c;
        }
        Ok(())
    }
}
