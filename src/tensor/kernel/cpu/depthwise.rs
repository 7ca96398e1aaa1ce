//! Depthwise k×k convolution with dilation.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    each_chunk_with,
    image::{self, DepthwiseGradient, Frame, Taps},
    sum_over,
};
use crate::tensor::{Element, Error, op::Depthwise};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Kernel<Depthwise, E> for Cpu {
    type Saved = [Arc<Buf<E, Cpu>>; 2];

    fn forward(&self, op: &Depthwise, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let (x, w) = (xs[0], xs[1]);
        let mut y = zeros::<E, Cpu>(self, x.len()).map_err(Error::device)?;
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
            op.convolve(gy, &image::flipped(&w, op.image.c), gx, true);
        }
        if let Some(gw) = gw {
            let (level, frame, per_sample) = (Vectors::current(), op.frame(), op.image.per_sample());
            let size = DepthwiseGradient::<E>::size(op.kernel, frame.c);
            let sums = sum_over(
                size,
                op.image.n,
                op.work(),
                || frame.empty(),
                |padded, n, sums| {
                    frame.fill(padded, &x[n * per_sample..][..per_sample], |x| x);
                    let (kernel, dilation, g) = (op.kernel, op.dilation, &gy[n * per_sample..][..per_sample]);
                    run(level, DepthwiseGradient { frame, kernel, dilation, x: padded, g, sums });
                },
            );
            DepthwiseGradient::fold(gw, &sums, frame.c);
        }
        Ok(())
    }
}

impl Depthwise {
    fn frame(&self) -> Frame {
        Frame::new(self.image, (self.kernel - 1) / 2 * self.dilation)
    }

    fn work(&self) -> usize {
        self.image.n * self.image.per_sample() * self.kernel * self.kernel
    }

    /// The convolution of all images of `x`, written or added to `out`.
    fn convolve<E: Element>(&self, x: &[E], w: &[E], out: &mut [E], add: bool) {
        let (level, frame, per_sample) = (Vectors::current(), self.frame(), self.image.per_sample());
        let taps = Taps::new(w, self.kernel, self.dilation, frame);
        each_chunk_with(
            out,
            per_sample,
            self.work(),
            || frame.empty(),
            |padded, n, out| {
                frame.fill(padded, &x[n * per_sample..][..per_sample], |x| x);
                run(level, image::Depthwise { frame, taps: &taps, x: padded, out, add });
            },
        );
    }
}
