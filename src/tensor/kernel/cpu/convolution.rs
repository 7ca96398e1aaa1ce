//! Dense k×k convolution; k = 1 is the pointwise one and the linear head.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    GROUP, Generic, add as sum, buffers, done, each_chunk,
    image::{Dense, DenseBackward, Frame, Inputs, Upstream, transposed},
    room, sum_over, zeroed,
};
use crate::tensor::{
    Element, Error,
    op::{Convolution, Image},
};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Generic<Convolution, E> for Cpu {
    type Saved = [Arc<Buf<E, Cpu>>; 2];
    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Convolution, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let (x, w, out) = (xs[0], xs[1], op.image.with_channels(op.out));
        let mut y = buffers::take(self, out.n * out.per_sample()).map_err(Error::device)?;
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
        let [gx, gw] = gxs else { unreachable!("two inputs") };
        if let Some(gx) = gx {
            let (add, w) = (room(self, gx, x.len())?, transposed(&w, op.image.c, op.out));
            op.convolve(op.image.with_channels(op.out), gy, &w, op.image.c, gx, add);
        }
        if let Some(gw) = gw {
            op.weight_gradient(self, &x, gy, gw)?;
        }
        done(x);
        Ok(())
    }
}

impl Convolution {
    pub(super) fn inputs<'a, E>(&self, image: Image, x: &'a [E], relu: bool) -> Inputs<'a, E> {
        Inputs { frame: Frame::new(image, (self.kernel - 1) / 2), kernel: self.kernel, relu, x }
    }

    pub(super) fn work(&self) -> usize {
        self.image.n * self.image.per_sample() * self.kernel * self.kernel * self.out
    }

    /// The convolution of all of `x`, of the extents `image`, to `co` channels, written or added to `out`.
    fn convolve<E: Element>(&self, image: Image, x: &[E], w: &[E], co: usize, out: &mut [E], add: bool) {
        let (level, size) = (Vectors::current(), image.h * image.w);
        each_chunk(out, GROUP * size * co, self.work(), |i, out| {
            let x = &x[i * GROUP * size * image.c..][..out.len() / co * image.c];
            run(level, Dense { inputs: self.inputs(image, x, false), co, w, out, add, positive: None });
        });
    }

    fn weight_gradient<E: Element>(
        &self,
        device: &Cpu,
        x: &[E],
        gy: &[E],
        gw: &mut Buf<E, Cpu>,
    ) -> std::result::Result<(), CpuError> {
        let (level, co, size) = (Vectors::current(), self.out, self.kernel * self.kernel * self.image.c * self.out);
        let [from, to] = [self.image.c, co].map(|c| self.image.with_channels(c).per_sample());
        let sums = sum_over(
            size,
            self.image.n,
            self.work(),
            || (),
            |(), n, sums| {
                let inputs = self.inputs(self.image, &x[n * from..][..from], false);
                let upstream = Upstream::Plain(&gy[n * to..][..to]);
                run(level, DenseBackward { inputs, co, upstream, sums: Some(sums), gx: None });
            },
        );
        zeroed(device, gw, size)?;
        sum(gw, &sums);
        Ok(())
    }
}
