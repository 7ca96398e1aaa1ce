//! Dense k×k convolution; k = 1 is the pointwise one and the linear head.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    each_chunk_with,
    image::{Dense, DenseGradient, Frame, columns, fold_columns, transposed},
    sum_over,
};
use crate::tensor::{
    Element, Error,
    op::{Convolution, Image},
};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Kernel<Convolution, E> for Cpu {
    type Saved = [Arc<Buf<E, Cpu>>; 2];

    fn forward(&self, op: &Convolution, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let (x, w) = (xs[0], xs[1]);
        let mut y =
            zeros::<E, Cpu>(self, op.image.with_channels(op.out).per_sample() * op.image.n).map_err(Error::device)?;
        op.convolve(op.image, x, w, op.out, &mut y, false);
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
        let [gx, gw] = gxs else { unreachable!("two inputs") };
        if let Some(gx) = gx {
            op.convolve(image.with_channels(co), gy, &transposed(&w, image.c, co), image.c, gx, true);
        }
        if let Some(gw) = gw {
            let (level, frame, per_sample) = (Vectors::current(), op.frame(image), image.per_sample());
            let size = columns(&w, co).len();
            let sums = sum_over(
                size,
                image.n,
                op.work(),
                || frame.empty(),
                |padded, n, sums| {
                    let x = op.padded(frame, padded, &x[n * per_sample..][..per_sample]);
                    let g = &gy[n * image.h * image.w * co..][..image.h * image.w * co];
                    run(level, DenseGradient { frame, kernel: op.kernel, co, x, g, sums });
                },
            );
            fold_columns(gw, &sums, co);
        }
        Ok(())
    }
}

impl Convolution {
    /// Without a border, an image is a single row.
    fn frame(&self, image: Image) -> Frame {
        match self.kernel {
            1 => Frame { h: 1, w: image.h * image.w, c: image.c, pad: 0 },
            k => Frame::new(image, (k - 1) / 2),
        }
    }

    /// One image of the batch in its frame; without a border it is used where it lies.
    fn padded<'a, E: Element>(&self, frame: Frame, padded: &'a mut [E], x: &'a [E]) -> &'a [E] {
        if frame.pad == 0 {
            return x;
        }
        frame.fill(padded, x, |x| x);
        padded
    }

    fn work(&self) -> usize {
        self.image.n * self.image.per_sample() * self.kernel * self.kernel * self.out
    }

    /// The convolution of all of `x`, of the extents `image`, to `co` channels, written or added to `out`.
    fn convolve<E: Element>(&self, image: Image, x: &[E], w: &[E], co: usize, out: &mut [E], add: bool) {
        let (level, frame, per_sample) = (Vectors::current(), self.frame(image), image.per_sample());
        let w = columns(w, co);
        each_chunk_with(
            out,
            image.h * image.w * co,
            self.work(),
            || frame.empty(),
            |padded, n, out| {
                let x = self.padded(frame, padded, &x[n * per_sample..][..per_sample]);
                run(level, Dense { frame, kernel: self.kernel, co, w: &w, x, out, add });
            },
        );
    }
}
