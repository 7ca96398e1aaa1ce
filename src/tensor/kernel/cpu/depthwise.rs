//! Depthwise k×k convolution with dilation.

use super::{super::*, each_chunk, mul_add, sum_over, window};
use crate::tensor::{Element, Error, op::Depthwise};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Kernel<Depthwise, E> for Cpu {
    type Saved = [Arc<Buf<E, Cpu>>; 2];

    fn forward(&self, op: &Depthwise, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let (c, per_sample) = (op.image.c, op.image.per_sample());
        let (x, w) = (xs[0], xs[1]);
        let mut y = zeros::<E, Cpu>(self, x.len()).map_err(Error::device)?;
        each_chunk(&mut y, per_sample, x.len() * w.len() / c, |n, y| {
            let x = &x[n * per_sample..][..per_sample];
            for (pixel, y) in y.chunks_exact_mut(c).enumerate() {
                for (tap, from) in op.window(pixel) {
                    mul_add(y, &x[from * c..][..c], &w[tap * c..][..c]);
                }
            }
        });
        Ok((Arc::new(y), [x.clone(), w.clone()]))
    }

    fn backward(
        &self,
        op: &Depthwise,
        [x, w]: Self::Saved,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let (c, per_sample) = (op.image.c, op.image.per_sample());
        let work = x.len() * w.len() / c;
        let gy_of = |n: usize| gy[n * per_sample..][..per_sample].chunks_exact(c).enumerate();
        let [gx, gw] = gxs else { unreachable!("two inputs") };
        if let Some(gx) = gx {
            each_chunk(gx, per_sample, work, |n, gx| {
                for (pixel, gy) in gy_of(n) {
                    for (tap, from) in op.window(pixel) {
                        mul_add(&mut gx[from * c..][..c], gy, &w[tap * c..][..c]);
                    }
                }
            });
        }
        if let Some(gw) = gw {
            sum_over(gw, op.image.n, work, |n| {
                let x = &x[n * per_sample..][..per_sample];
                let mut gw = vec![E::zero(); w.len()];
                for (pixel, gy) in gy_of(n) {
                    for (tap, from) in op.window(pixel) {
                        mul_add(&mut gw[tap * c..][..c], gy, &x[from * c..][..c]);
                    }
                }
                gw
            });
        }
        Ok(())
    }
}

impl Depthwise {
    fn window(&self, pixel: usize) -> impl Iterator<Item = (usize, usize)> {
        let (h, w) = (self.image.h, self.image.w);
        window((h, w), (pixel / w, pixel % w), self.kernel, self.dilation)
    }
}
