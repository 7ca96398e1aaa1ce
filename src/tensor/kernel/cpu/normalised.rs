//! Dense convolution → x̂ in one step, image by image, perhaps of relu(x), which is computed anew wherever it is needed.
//!
//! The arithmetic is that of the single operations, in the same order, so both ways agree to the last bit.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    GROUP, Generic, add_parts, buffers, done, each_chunk,
    image::{
        Aligned, Dense, DenseBackward, InputGradient, StandardiseGradient, ThroughNorm, Total, Upstream, transposed,
    },
    room,
};
use crate::tensor::{Element, Error, error::Result, op::NormalisedConvolution};
use dfdx::tensor::{Cpu, CpuError};

/// What the backward pass needs: x and the weights, x̂, and 1/√(σ² + ε) for each (sample, channel).
pub struct Saved<E: Element> {
    inputs: [Arc<Buf<E, Cpu>>; 2],
    xhat: Arc<Buf<E, Cpu>>,
    rstd: Vec<E>,
}

impl<E: Element> Generic<NormalisedConvolution, E> for Cpu {
    type Saved = Saved<E>;
    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &NormalisedConvolution, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Saved<E>> {
        Ok(forward_all(self, std::slice::from_ref(op), xs[0], &xs[1..])?.remove(0))
    }

    fn backward(
        &self,
        op: &NormalisedConvolution,
        saved: Saved<E>,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let [gx, gw] = gxs else { unreachable!("two inputs") };
        backward_all(self, vec![Returning { op, saved, gy, gw }], gx)
    }
}

/// Several of the same x.
pub fn forward_all<E: Element>(
    device: &Cpu,
    ops: &[NormalisedConvolution],
    x: &Arc<Buf<E, Cpu>>,
    ws: &[&Arc<Buf<E, Cpu>>],
) -> Result<Vec<Computed<E, Cpu, Saved<E>>>> {
    let (level, image) = (Vectors::current(), ops[0].convolution.image);
    let from = image.per_sample();
    let take = |op: &NormalisedConvolution| buffers::take(device, image.n * op.normalise.image.per_sample());
    let mut ys = ops.iter().map(take).collect::<std::result::Result<Vec<_>, _>>().map_err(Error::device)?;
    // Group by group of images, its part of each output.
    let mut groups: Vec<Vec<&mut [E]>> = (0..image.n.div_ceil(GROUP)).map(|_| Vec::new()).collect();
    for (op, y) in ops.iter().zip(&mut ys) {
        let parts = y.chunks_mut(GROUP * op.normalise.image.per_sample());
        groups.iter_mut().zip(parts).for_each(|(group, part)| group.push(part));
    }
    let work = ops.iter().map(|op| op.convolution.work()).sum();
    let sums = each_chunk(&mut groups, 1, work, |i, group| {
        let x = &x[i * GROUP * from..];
        let images = GROUP.min(x.len() / from);
        let mut sums: Vec<_> = ops.iter().map(|op| vec![E::zero(); images * op.convolution.out]).collect();
        for (n, x) in x.chunks_exact(from).take(images).enumerate() {
            for (k, (op, w)) in ops.iter().zip(ws).enumerate() {
                let (inputs, co, to) =
                    (op.convolution.inputs(image, x, op.relu), op.convolution.out, op.normalise.image.per_sample());
                let (out, sums) = (&mut group[0][k][n * to..][..to], &mut sums[k][n * co..][..co]);
                run(level, Dense { inputs, co, w, out, add: false, positive: None });
                run(level, Total { x: out, sums });
            }
        }
        sums
    });
    let results = ops.iter().zip(ys).zip(ws).enumerate().map(|(k, ((op, mut y), w))| {
        let sums = sums.iter().map(|sums| &sums[k][..]).collect::<Vec<_>>().concat();
        let rstd = op.normalise.standardise(None, &mut y, sums);
        let xhat = Arc::new(y);
        (xhat.clone(), Saved { inputs: [x.clone(), (*w).clone()], xhat, rstd })
    });
    Ok(results.collect())
}

/// The gradients of several of the same x, the last first.
pub fn backward_all<E: Element>(
    device: &Cpu,
    all: Vec<Returning<'_, NormalisedConvolution, Saved<E>, Buf<E, Cpu>>>,
    gx: &mut Option<Buf<E, Cpu>>,
) -> std::result::Result<(), CpuError> {
    let (level, image) = (Vectors::current(), all[0].op.convolution.image);
    let from = image.per_sample();
    let add = gx.as_mut().map_or(Ok(false), |gx| room(device, gx, image.n * from))?;
    let asked = gx.is_some();
    let prepared = |r: &Returning<'_, NormalisedConvolution, Saved<E>, Buf<E, Cpu>>| {
        let means = r.op.normalise.gradient_means(r.gy, &r.saved.xhat);
        (means, if asked { transposed(&r.saved.inputs[1], image.c, r.op.convolution.out) } else { Vec::new() })
    };
    let prepared: Vec<_> = all.iter().map(prepared).collect();
    let mut groups: Vec<Option<&mut [E]>> = match gx {
        Some(gx) => gx.chunks_mut(GROUP * from).map(Some).collect(),
        None => (0..image.n.div_ceil(GROUP)).map(|_| None).collect(),
    };
    let work = all.iter().map(|r| 2 * r.op.convolution.work()).sum();
    let parts = each_chunk(&mut groups, 1, work, |i, group| {
        let mut sums: Vec<_> = all.iter().map(|r| vec![E::zero(); r.saved.inputs[1].len()]).collect();
        for n in i * GROUP..image.n.min((i + 1) * GROUP) {
            for (k, (r, (means, w))) in all.iter().zip(&prepared).enumerate().rev() {
                let Returning { op, saved: Saved { inputs: [x, _], xhat, rstd }, gy, gw } = r;
                let through = op.normalise.through(gy, xhat, means, rstd);
                let through = through.from(n, op.normalise.image.per_sample(), op.normalise.image.c);
                let gx = group[0].as_mut().map(|group| InputGradient {
                    w,
                    out: &mut group[(n - i * GROUP) * from..][..from],
                    add: add || k + 1 < all.len(),
                });
                op.gradient(level, &x[n * from..][..from], through, gw.is_some().then_some(&mut sums[k][..]), gx);
            }
        }
        sums
    });
    for (k, Returning { saved: Saved { inputs: [x, w], xhat, .. }, gw, .. }) in all.into_iter().enumerate() {
        if let Some(gw) = gw {
            add_parts(device, gw, w.len(), parts.iter().map(|sums| &sums[k]))?;
        }
        [x, xhat].into_iter().for_each(done);
    }
    Ok(())
}

impl NormalisedConvolution {
    /// Adds the weights' gradient from an image to `sums` and writes or adds that of the image, where these are asked
    /// for; `through` begins with the image.
    fn gradient<E: Element>(
        &self,
        level: Vectors,
        x: &[E],
        through: ThroughNorm<'_, E>,
        sums: Option<&mut [E]>,
        gx: Option<InputGradient<'_, E>>,
    ) {
        let (conv, image) = (&self.convolution, self.normalise.image);
        let (inputs, co) = (conv.inputs(conv.image, x, self.relu), conv.out);
        let InputGradient { w, out, add } = match gx {
            Some(gx) if conv.kernel > 1 => gx,
            gx => return run(level, DenseBackward { inputs, co, upstream: Upstream::Normalised(through), sums, gx }),
        };
        // Inputs under a wider kernel need several rows of what arrives.
        let mut g = Aligned::zeros(image.per_sample());
        run(level, StandardiseGradient { through, channels: image.c, out: &mut g, add: false });
        if sums.is_some() {
            run(level, DenseBackward { inputs, co, upstream: Upstream::Plain(&g), sums, gx: None });
        }
        let (inputs, positive) = (conv.inputs(image, &g, false), self.relu.then_some(x));
        run(level, Dense { inputs, co: conv.image.c, w, out, add, positive });
    }
}
