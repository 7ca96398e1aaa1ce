//! Dense k×k convolution; k = 1 is the pointwise one and the linear head. With a ReLU before it, relu(x)
//! is computed anew wherever it is needed, never kept.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    GROUP, Generic, add as sum, add_parts, buffers, done, each_chunk, each_chunk_with,
    image::{Aligned, Dense, DenseGradient, Frame, Inputs, ReluGradient, transposed},
    room, sum_over, zeroed,
};
use crate::tensor::{
    Element, Error,
    op::{Convolution, Image, ReluPointwise},
};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Generic<Convolution, E> for Cpu {
    type Saved = [Arc<Buf<E, Cpu>>; 2];
    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Convolution, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        op.forward(self, xs, false)
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
            op.convolve(op.image.with_channels(op.out), gy, &w, op.image.c, false, gx, add);
        }
        if let Some(gw) = gw {
            op.weight_gradient(self, &x, gy, gw)?;
        }
        done(x);
        Ok(())
    }
}

impl<E: Element> Generic<ReluPointwise, E> for Cpu {
    type Saved = [Arc<Buf<E, Cpu>>; 2];
    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &ReluPointwise, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        op.convolution.forward(self, xs, true)
    }

    fn backward(
        &self,
        ReluPointwise { convolution: op }: &ReluPointwise,
        [x, w]: Self::Saved,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let [gx, gw] = gxs else { unreachable!("two inputs") };
        let (level, from) = (Vectors::current(), op.image.per_sample());
        let (back, w_back) = (op.image.with_channels(op.out), transposed(&w, op.image.c, op.out));
        let to = back.per_sample();
        // Where nobody asks for it, the input's gradient is computed for nothing; the network always asks.
        let mut unasked = zeros::<E, Cpu>(self, 0)?;
        let weights = gw.is_some();
        let gx = gx.as_mut().unwrap_or(&mut unasked);
        let add = room(self, gx, x.len())?;
        // Both gradients while an image is in the cache.
        let parts = each_chunk_with(
            gx,
            GROUP * from,
            2 * op.work(),
            || Aligned::zeros(op.image.per_sample()),
            |g, i, gx| {
                let mut sums = vec![E::zero(); w.len()];
                for (n, gx) in gx.chunks_exact_mut(from).enumerate() {
                    let n = i * GROUP + n;
                    let [x, gy] = [&x[n * from..][..from], &gy[n * to..][..to]];
                    if weights {
                        let inputs = op.inputs(op.image, x, true);
                        run(level, DenseGradient { inputs, co: op.out, g: gy, sums: &mut sums });
                    }
                    let (inputs, g) = (op.inputs(back, gy, false), &mut g[..from]);
                    run(level, Dense { inputs, co: op.image.c, w: &w_back, out: g, add: false });
                    run(level, ReluGradient { x, g, out: gx, add });
                }
                sums
            },
        );
        if let Some(gw) = gw {
            add_parts(self, gw, w.len(), parts.iter())?;
        }
        done(x);
        buffers::give(&mut unasked);
        Ok(())
    }
}

impl Convolution {
    fn inputs<'a, E>(&self, image: Image, x: &'a [E], relu: bool) -> Inputs<'a, E> {
        Inputs { frame: Frame::new(image, (self.kernel - 1) / 2), kernel: self.kernel, relu, x }
    }

    fn work(&self) -> usize {
        self.image.n * self.image.per_sample() * self.kernel * self.kernel * self.out
    }

    fn forward<E: Element>(
        &self,
        device: &Cpu,
        xs: &[&Arc<Buf<E, Cpu>>],
        relu: bool,
    ) -> Forward<E, Cpu, [Arc<Buf<E, Cpu>>; 2]> {
        let (x, w, out) = (xs[0], xs[1], self.image.with_channels(self.out));
        let mut y = buffers::take(device, out.n * out.per_sample()).map_err(Error::device)?;
        self.convolve(self.image, x, w, self.out, relu, &mut y, false);
        Ok((Arc::new(y), [x.clone(), w.clone()]))
    }

    /// The convolution of all of `x`, of the extents `image`, to `co` channels, written or added to `out`.
    #[expect(clippy::too_many_arguments, reason = "what is convolved with what, and where it goes")]
    fn convolve<E: Element>(&self, image: Image, x: &[E], w: &[E], co: usize, relu: bool, out: &mut [E], add: bool) {
        let (level, size) = (Vectors::current(), image.h * image.w);
        each_chunk(out, GROUP * size * co, self.work(), |i, out| {
            let x = &x[i * GROUP * size * image.c..][..out.len() / co * image.c];
            run(level, Dense { inputs: self.inputs(image, x, relu), co, w, out, add });
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
                run(level, DenseGradient { inputs, co, g: &gy[n * to..][..to], sums });
            },
        );
        zeroed(device, gw, size)?;
        sum(gw, &sums);
        Ok(())
    }
}
