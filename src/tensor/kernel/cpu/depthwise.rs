//! Depthwise k×k convolution with dilation.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    GROUP, Generic, add, buffers, done, each_chunk,
    image::{self, DepthwiseGradient, Frame},
    room, sum_over, zeroed,
};
use crate::tensor::{Element, Error, op::Depthwise};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Generic<Depthwise, E> for Cpu {
    type Saved = [Arc<Buf<E, Cpu>>; 2];
    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Depthwise, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let (x, w) = (xs[0], xs[1]);
        let mut y = buffers::take(self, x.len()).map_err(Error::device)?;
        op.convolve(x, w, &mut y, false);
        Ok((Arc::new(y), [x.clone(), w.clone()]))
    }

    fn backward(
        &self,
        op: &Depthwise,
        [x, w]: Self::Saved,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let [gx, gw] = gxs else { unreachable!("two inputs") };
        if let Some(gx) = gx {
            let add = room(self, gx, x.len())?;
            op.convolve(gy, &image::flipped(&w, op.image.c), gx, add);
        }
        if let Some(gw) = gw {
            let (level, frame, size, image) = (Vectors::current(), op.frame(), op.size(), op.image.per_sample());
            let sums = sum_over(
                w.len(),
                op.image.n,
                op.work(),
                || (),
                |(), n, sums| {
                    let (x, g) = (&x[n * image..][..image], &gy[n * image..][..image]);
                    run(level, DepthwiseGradient { frame, size, x, g, sums });
                },
            );
            zeroed(self, gw, w.len())?;
            add(gw, &sums);
        }
        done(x);
        Ok(())
    }
}

impl Depthwise {
    fn frame(&self) -> Frame {
        Frame::new(self.image, (self.kernel - 1) / 2 * self.dilation)
    }

    fn size(&self) -> (usize, usize) {
        (self.kernel, self.dilation)
    }

    fn work(&self) -> usize {
        self.image.n * self.image.per_sample() * self.kernel * self.kernel
    }

    /// The convolution of all images of `x`, written or added to `out`.
    fn convolve<E: Element>(&self, x: &[E], w: &[E], out: &mut [E], add: bool) {
        let (level, frame, size, group) =
            (Vectors::current(), self.frame(), self.size(), GROUP * self.image.per_sample());
        each_chunk(out, group, self.work(), |i, out| {
            let x = &x[i * group..][..out.len()];
            run(level, image::Depthwise { frame, size, w, x, out, add });
        });
    }
}
