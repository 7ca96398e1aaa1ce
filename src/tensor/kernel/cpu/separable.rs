//! ReLU → depthwise → pointwise → x̂ in one step, image by image.
//!
//! The parts are those of the single operations, in the same order, so both ways agree to the last bit.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    each_chunk_with,
    image::{self, Aligned, Dense, DenseGradient, DepthwiseGradient, Frame, ReluGradient, Taps, relu},
};
use crate::tensor::{Element, Error, op::Separable};
use dfdx::tensor::{Cpu, CpuError};

/// What the backward pass needs: x, both weights, x̂, and 1/√(σ² + ε) for each (sample, channel).
pub struct Saved<E: Element> {
    inputs: [Arc<Buf<E, Cpu>>; 3],
    xhat: Arc<Buf<E, Cpu>>,
    rstd: Vec<E>,
}

impl<E: Element> Kernel<Separable, E> for Cpu {
    type Saved = Saved<E>;

    fn forward(&self, op: &Separable, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Saved<E>> {
        let [x, dw, pw] = xs else { unreachable!("three inputs") };
        let convolution = Convolution::new(op, dw, pw);
        let mut y = zeros::<E, Cpu>(self, x.len()).map_err(Error::device)?;
        let per_sample = op.normalise.image.per_sample();
        each_chunk_with(
            &mut y,
            per_sample,
            convolution.work(x.len()),
            || convolution.workspace(),
            |space, n, y| {
                convolution.depthwise(space, &x[n * per_sample..][..per_sample]);
                let pixels = convolution.pixels;
                let c = pixels.c;
                run(
                    convolution.level,
                    Dense { frame: pixels, kernel: 1, co: c, w: &convolution.pw, x: &space.middle, out: y, add: false },
                );
            },
        );
        let rstd = op.normalise.standardise(&mut y);
        let xhat = Arc::new(y);
        Ok((xhat.clone(), Saved { inputs: [(*x).clone(), (*dw).clone(), (*pw).clone()], xhat, rstd }))
    }

    fn backward(
        &self,
        op: &Separable,
        saved: Saved<E>,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let [x, dw, pw] = &saved.inputs;
        let (convolution, c, n) = (Convolution::new(op, dw, pw), op.normalise.image.c, op.normalise.image.n);
        let back = Back::new(op, convolution.frame, dw, pw);
        let gradient = op.normalise.gradient(gy, &saved.xhat, &saved.rstd);
        let (level, frame, pixels) = (convolution.level, convolution.frame, convolution.pixels);
        let (kernel, dilation) = (op.depthwise.kernel, op.depthwise.dilation);
        let [gx, gdw, gpw] = gxs else { unreachable!("three inputs") };
        let weights = gdw.is_some() || gpw.is_some();
        let sizes = [DepthwiseGradient::<E>::size(kernel, c), convolution.pw.len()];
        let per_sample = op.normalise.image.per_sample();
        // Where nobody asks for it, the input's gradient is computed for nothing; the network always asks.
        let mut unasked = Vec::new();
        let gx: &mut [E] = match gx {
            Some(gx) => gx,
            None => {
                unasked.resize(x.len(), E::zero());
                &mut unasked
            }
        };
        let group = super::GROUP * per_sample;
        let space = || (convolution.workspace(), frame.empty(), Aligned::zeros(per_sample));
        let work = 3 * convolution.work(x.len());
        let sums = each_chunk_with(gx, group, work, space, |(space, framed, g), part, gx| {
            let mut sums = sizes.map(|size| vec![E::zero(); size]);
            for (i, gx) in gx.chunks_exact_mut(per_sample).enumerate() {
                let n = part * super::GROUP + i;
                let x = &x[n * per_sample..][..per_sample];
                gradient.of(n, g, false);
                if weights {
                    convolution.depthwise(space, x);
                    let sums = &mut sums[1];
                    run(level, DenseGradient { frame: pixels, kernel: 1, co: c, x: &space.middle, g, sums });
                }
                let to = &mut space.middle;
                run(level, Dense { frame: pixels, kernel: 1, co: c, w: &back.pw, x: g, out: to, add: false });
                if weights {
                    let (x, g, sums) = (&space.padded, &space.middle, &mut sums[0]);
                    run(level, DepthwiseGradient { frame, kernel, dilation, x, g, sums });
                }
                frame.fill(framed, &space.middle, |g| g);
                run(level, image::Depthwise { frame, taps: &back.taps, x: framed, out: g, add: false });
                run(level, ReluGradient { x, g, out: gx });
            }
            sums
        });
        debug_assert_eq!(sums.len(), n.div_ceil(super::GROUP));
        let total = |which: usize| {
            let mut total = vec![E::zero(); sizes[which]];
            sums.iter().for_each(|sums| super::add(&mut total, &sums[which]));
            total
        };
        if let Some(gdw) = gdw {
            DepthwiseGradient::fold(gdw, &total(0), c);
        }
        if let Some(gpw) = gpw {
            image::fold_columns(gpw, &total(1), c);
        }
        Ok(())
    }
}

/// The two convolutions forwards.
struct Convolution<E> {
    level: Vectors,
    /// Around an image.
    frame: Frame,
    /// All pixels of an image in a row.
    pixels: Frame,
    taps: Taps<E>,
    pw: Vec<E>,
}

/// relu(x) in its frame, and an image between the two convolutions.
struct Workspace<E> {
    padded: Aligned<E>,
    middle: Aligned<E>,
}

impl<E: Element> Convolution<E> {
    fn new(op: &Separable, dw: &[E], pw: &[E]) -> Self {
        let (image, kernel, dilation) = (op.depthwise.image, op.depthwise.kernel, op.depthwise.dilation);
        let frame = Frame::new(image, (kernel - 1) / 2 * dilation);
        Convolution {
            level: Vectors::current(),
            frame,
            pixels: Frame { h: 1, w: image.h * image.w, c: image.c, pad: 0 },
            taps: Taps::new(dw, kernel, dilation, frame),
            pw: image::columns(pw, image.c),
        }
    }

    /// Elementary steps for `n` elements.
    fn work(&self, n: usize) -> usize {
        n * (self.taps.count() + self.frame.c)
    }

    fn workspace(&self) -> Workspace<E> {
        Workspace { padded: self.frame.empty(), middle: Aligned::zeros(self.pixels.len()) }
    }

    /// The depthwise convolution of relu(x) in `space.middle`, relu(x) in `space.padded`.
    fn depthwise(&self, space: &mut Workspace<E>, x: &[E]) {
        self.frame.fill(&mut space.padded, x, relu);
        let out = &mut space.middle;
        run(self.level, image::Depthwise { frame: self.frame, taps: &self.taps, x: &space.padded, out, add: false });
    }
}

/// The weights of the two convolutions backwards.
struct Back<E> {
    taps: Taps<E>,
    pw: Vec<E>,
}

impl<E: Element> Back<E> {
    fn new(op: &Separable, frame: Frame, dw: &[E], pw: &[E]) -> Self {
        let c = frame.c;
        Back {
            taps: Taps::new(&image::flipped(dw, c), op.depthwise.kernel, op.depthwise.dilation, frame),
            pw: image::columns(&image::transposed(pw, c, c), c),
        }
    }
}
