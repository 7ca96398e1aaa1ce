//! Global average pooling, bias, softmax and cross-entropy: `head.cu`.

use super::{
    super::*,
    Done, Real, fresh, gradient, kernel, len,
    sum::{self, Terms, fold},
};
use crate::tensor::{
    Error,
    op::{Bias, CrossEntropy, GlobalAveragePool, Softmax},
};
use dfdx::tensor::Cuda;

impl<E: Real> Kernel<GlobalAveragePool, E> for Cuda {
    type Saved = ();

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &GlobalAveragePool, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, ()> {
        let (image, n) = (op.image, op.image.n * op.image.c);
        let sums = sum::pixels::<E>(self, image, xs[0]).map_err(Error::device)?;
        let mut y = fresh::<E>(self, n).map_err(Error::device)?;
        let launch = kernel::<E>(&sums.device(), "divide").write(&mut y).read(&sums).ints([n, image.h * image.w]);
        launch.over(n).map_err(Error::device)?;
        Ok((Arc::new(y), ()))
    }

    fn backward(&self, op: &GlobalAveragePool, (): (), gy: &Buf<E, Cuda>, gxs: &mut [Option<Buf<E, Cuda>>]) -> Done {
        let (image, Some(gx)) = (op.image, &mut gxs[0]) else { return Ok(()) };
        let n = image.n * image.per_sample();
        let launch = gradient::<E>(self, "average_backward", gx, n)?.read(gy);
        Ok(launch.ints([n, image.h * image.w, image.c]).over(n)?)
    }
}

impl<E: Real> Kernel<Bias, E> for Cuda {
    type Saved = ();

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Bias, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, ()> {
        let n = len::<E>(xs[0]);
        let mut y = fresh::<E>(self, n).map_err(Error::device)?;
        let launch = kernel::<E>(&xs[0].device(), "bias_forward").write(&mut y).read(&**xs[0]).read(&**xs[1]);
        launch.ints([n, op.classes]).over(n).map_err(Error::device)?;
        Ok((Arc::new(y), ()))
    }

    fn backward(&self, op: &Bias, (): (), gy: &Buf<E, Cuda>, gxs: &mut [Option<Buf<E, Cuda>>]) -> Done {
        let [gx, gbias] = gxs else { unreachable!("two inputs") };
        if let Some(gx) = gx {
            sum::add::<E>(self, gx, gy)?;
        }
        match gbias {
            Some(gbias) => {
                let terms = Terms { count: len::<E>(gy) / op.classes, across: 1, along: op.classes };
                fold::<E>(self, gbias, op.classes, gy, terms)
            }
            None => Ok(()),
        }
    }
}

impl<E: Real> Kernel<Softmax, E> for Cuda {
    type Saved = Arc<Buf<E, Cuda>>; // y

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Softmax, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Self::Saved> {
        let (x, rows) = (xs[0], len::<E>(xs[0]) / op.classes);
        let mut y = fresh::<E>(self, len::<E>(x)).map_err(Error::device)?;
        let launch = kernel::<E>(&x.device(), "softmax_forward").write(&mut y).read(&**x);
        launch.ints([rows, op.classes]).over(rows).map_err(Error::device)?;
        let y = Arc::new(y);
        Ok((y.clone(), y))
    }

    fn backward(&self, op: &Softmax, y: Self::Saved, gy: &Buf<E, Cuda>, gxs: &mut [Option<Buf<E, Cuda>>]) -> Done {
        let (Some(gx), rows) = (&mut gxs[0], len::<E>(gy) / op.classes) else { return Ok(()) };
        let launch = gradient::<E>(self, "softmax_backward", gx, len::<E>(gy))?.read(&*y).read(gy);
        Ok(launch.ints([rows, op.classes]).over(rows)?)
    }
}

impl<E: Real> Kernel<CrossEntropy, E> for Cuda {
    type Saved = [Arc<Buf<E, Cuda>>; 2];

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &CrossEntropy, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Self::Saved> {
        let (logits, target, rows) = (xs[0], xs[1], len::<E>(xs[0]) / op.classes);
        let mut losses = fresh::<E>(self, rows).map_err(Error::device)?;
        let launch = kernel::<E>(&logits.device(), "cross_entropy_forward").write(&mut losses);
        let launch = launch.read(&**logits).read(&**target).ints([rows, op.classes]);
        launch.over(rows).map_err(Error::device)?;
        let mut y = fresh::<E>(self, 0).map_err(Error::device)?;
        let terms = Terms { count: rows, across: 0, along: 1 };
        fold::<E>(self, &mut y, 1, &losses, terms).map_err(Error::device)?;
        Ok((Arc::new(y), [logits.clone(), target.clone()]))
    }

    fn backward(
        &self,
        op: &CrossEntropy,
        [logits, target]: Self::Saved,
        gy: &Buf<E, Cuda>,
        gxs: &mut [Option<Buf<E, Cuda>>],
    ) -> Done {
        let (Some(gx), rows) = (&mut gxs[0], len::<E>(&logits) / op.classes) else { return Ok(()) };
        let launch = gradient::<E>(self, "cross_entropy_backward", gx, len::<E>(&logits))?;
        Ok(launch.read(&*logits).read(&*target).read(gy).ints([rows, op.classes]).over(rows)?)
    }
}
