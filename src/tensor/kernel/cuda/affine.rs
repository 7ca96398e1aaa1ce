//! y = γ x̂ + β: `affine.cu`.

use super::{
    super::*,
    Done, Real, fresh, gradient, kernel, len,
    sum::{self, Terms, fold},
};
use crate::tensor::{
    Error,
    op::{Affine, AffineLayout, Image},
};
use dfdx::tensor::Cuda;

impl<E: Real> Kernel<Affine, E> for Cuda {
    type Saved = [Arc<Buf<E, Cuda>>; 2];

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Affine, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Self::Saved> {
        let [x, gamma, beta] = xs else { unreachable!("three inputs") };
        let (n, [divisor, modulus]) = (len::<E>(x), place(op));
        let mut y = fresh::<E>(self, n).map_err(Error::device)?;
        let launch = kernel::<E>(&x.device(), "affine_forward").write(&mut y);
        let launch = launch.read(&***x).read(&***gamma).read(&***beta).ints([n, divisor, modulus]);
        launch.over(n).map_err(Error::device)?;
        Ok((Arc::new(y), [(*x).clone(), (*gamma).clone()]))
    }

    fn backward(
        &self,
        op: &Affine,
        [x, gamma]: Self::Saved,
        gy: &Buf<E, Cuda>,
        gxs: &mut [Option<Buf<E, Cuda>>],
    ) -> Done {
        let [gx, ggamma, gbeta] = gxs else { unreachable!("three inputs") };
        if let Some(gx) = gx {
            let (n, [divisor, modulus]) = (len::<E>(gy), place(op));
            let launch = gradient::<E>(self, "affine_input", gx, n)?.read(&*gamma).read(gy);
            launch.ints([n, divisor, modulus]).over(n)?;
        }
        let (image, terms) = sums(op);
        if let Some(ggamma) = ggamma {
            fold::<E>(self, ggamma, len::<E>(&gamma), &sum::products::<E>(self, image, gy, &x)?, terms)?;
        }
        if let Some(gbeta) = gbeta {
            fold::<E>(self, gbeta, len::<E>(&gamma), &sum::pixels::<E>(self, image, gy)?, terms)?;
        }
        Ok(())
    }
}

/// Entry i has γ and β at i / divisor % modulus.
fn place(op: &Affine) -> [usize; 2] {
    match op.layout {
        AffineLayout::Channel => [1, op.image.c],
        AffineLayout::Element => [1, op.image.per_sample()],
        AffineLayout::Sample => [op.image.per_sample(), op.image.n],
    }
}

/// How γ's and β's gradients sum: over the pixels of this image, and then these terms.
fn sums(op: &Affine) -> (Image, Terms) {
    let Image { n, c, .. } = op.image;
    match op.layout {
        AffineLayout::Channel => (op.image, Terms { count: n, across: 1, along: c }),
        AffineLayout::Element => {
            let size = op.image.per_sample();
            (Image { n, h: 1, w: 1, c: size }, Terms { count: n, across: 1, along: size })
        }
        AffineLayout::Sample => (op.image, Terms { count: c, across: c, along: 1 }),
    }
}
