//! Dense k×k convolution; k = 1 is the pointwise one and the linear head.

use super::{super::*, axpy, each_chunk, sum_over, window};
use crate::tensor::{Element, Error, op::Convolution};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Kernel<Convolution, E> for Cpu {
    type Saved = [Arc<Buf<E, Cpu>>; 2];

    fn forward(&self, op: &Convolution, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let (image, co) = (op.image, op.out);
        let (ci, per_sample) = (image.c, image.h * image.w * co);
        let (x, w) = (xs[0], xs[1]);
        let mut y = zeros::<E, Cpu>(self, image.n * per_sample).map_err(Error::device)?;
        each_chunk(&mut y, per_sample, image.n * per_sample * ci, |n, y| {
            let x = &x[n * image.per_sample()..][..image.per_sample()];
            for (pixel, y) in y.chunks_exact_mut(co).enumerate() {
                for (tap, from) in op.window(pixel) {
                    for (x, w) in x[from * ci..][..ci].iter().zip(w[tap * ci * co..].chunks_exact(co)) {
                        axpy(y, *x, w);
                    }
                }
            }
        });
        Ok((Arc::new(y), [x.clone(), w.clone()]))
    }

    fn backward(
        &self,
        op: &Convolution,
        [x, w]: Self::Saved,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let (image, co) = (op.image, op.out);
        let (ci, per_sample) = (image.c, image.per_sample());
        let work = gy.len() * ci;
        let gy_of = |n: usize| gy[n * image.h * image.w * co..].chunks_exact(co).take(image.h * image.w).enumerate();
        let [gx, gw] = gxs else { unreachable!("two inputs") };
        if let Some(gx) = gx {
            // Transposed to [tap, co, ci], so that the innermost loop runs over neighbours.
            let transposed: Vec<E> = w
                .chunks_exact(ci * co)
                .flat_map(|w| (0..co).flat_map(move |o| (0..ci).map(move |i| w[i * co + o])))
                .collect();
            each_chunk(gx, per_sample, work, |n, gx| {
                for (pixel, gy) in gy_of(n) {
                    for (tap, from) in op.window(pixel) {
                        let gx = &mut gx[from * ci..][..ci];
                        for (gy, w) in gy.iter().zip(transposed[tap * ci * co..].chunks_exact(ci)) {
                            axpy(gx, *gy, w);
                        }
                    }
                }
            });
        }
        if let Some(gw) = gw {
            sum_over(gw, image.n, work, |n| {
                let x = &x[n * per_sample..][..per_sample];
                let mut gw = vec![E::zero(); w.len()];
                for (pixel, gy) in gy_of(n) {
                    for (tap, from) in op.window(pixel) {
                        let gw = gw[tap * ci * co..].chunks_exact_mut(co);
                        x[from * ci..][..ci].iter().zip(gw).for_each(|(x, gw)| axpy(gw, *x, gy));
                    }
                }
                gw
            });
        }
        Ok(())
    }
}

impl Convolution {
    fn window(&self, pixel: usize) -> impl Iterator<Item = (usize, usize)> {
        let (h, w) = (self.image.h, self.image.w);
        window((h, w), (pixel / w, pixel % w), self.kernel, 1)
    }
}
