//! Dense convolution → x̂ in one step, image by image, perhaps of relu(x), which is computed anew wherever it is needed.
//!
//! The arithmetic is that of the single operations, in the same order, so both ways agree to the last bit.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    GROUP, Generic, add_parts, buffers, done, each_chunk,
    image::{Aligned, Arriving, Dense, DenseBackward, InputGradient, ThroughNorm, Total, transposed},
    room,
};
use crate::tensor::{Element, Error, op::NormalisedConvolution};
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
        let [x, w] = xs else { unreachable!("two inputs") };
        let (level, conv, image) = (Vectors::current(), &op.convolution, op.normalise.image);
        let [from, to] = [conv.image, image].map(|image| image.per_sample());
        let mut y = buffers::take(self, image.n * to).map_err(Error::device)?;
        let sums = each_chunk(&mut y, GROUP * to, conv.work(), |i, out| {
            let mut sums = vec![E::zero(); out.len() / to * image.c];
            let images = x[i * GROUP * from..].chunks_exact(from).zip(out.chunks_exact_mut(to));
            for ((x, out), sums) in images.zip(sums.chunks_exact_mut(image.c)) {
                let inputs = conv.inputs(conv.image, x, op.relu);
                run(level, Dense { inputs, co: conv.out, w, out, add: false, positive: None });
                run(level, Total { x: out, sums });
            }
            sums
        });
        let rstd = op.normalise.standardise(None, &mut y, sums.concat());
        let xhat = Arc::new(y);
        Ok((xhat.clone(), Saved { inputs: [(*x).clone(), (*w).clone()], xhat, rstd }))
    }

    fn backward(
        &self,
        op: &NormalisedConvolution,
        Saved { inputs: [x, w], xhat, rstd }: Saved<E>,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let [gx, gw] = gxs else { unreachable!("two inputs") };
        let (conv, image) = (&op.convolution, op.normalise.image);
        let [from, to] = [conv.image, image].map(|image| image.per_sample());
        let w_back = gx.as_ref().map(|_| transposed(&w, conv.image.c, conv.out));
        let weights = gw.is_some();
        let means = op.normalise.gradient_means(gy, &xhat);
        let through = op.normalise.through(gy, &xhat, &means, &rstd);
        let add = gx.as_mut().map_or(Ok(false), |gx| room(self, gx, x.len()))?;
        let mut groups: Vec<Option<&mut [E]>> = match gx {
            Some(gx) => gx.chunks_mut(GROUP * from).map(Some).collect(),
            None => (0..image.n.div_ceil(GROUP)).map(|_| None).collect(),
        };
        let parts = each_chunk(&mut groups, 1, 2 * conv.work(), |i, gx| {
            let mut sums = vec![E::zero(); w.len()];
            let first = i * GROUP;
            let x = &x[first * from..x.len().min((first + GROUP) * from)];
            let gx = gx[0].as_deref_mut().zip(w_back.as_deref()).map(|(out, w)| InputGradient { w, out, add });
            op.gradient(x, through.from(first, to, image.c), weights.then_some(&mut sums[..]), gx);
            sums
        });
        if let Some(gw) = gw {
            add_parts(self, gw, w.len(), parts.iter())?;
        }
        [x, xhat].into_iter().for_each(done);
        Ok(())
    }
}

impl NormalisedConvolution {
    /// Adds the weights' gradient from some images to `sums` and writes or adds that of the images, where these are
    /// asked for; `through` begins with the first image.
    fn gradient<E: Element>(
        &self,
        x: &[E],
        through: ThroughNorm<'_, E>,
        sums: Option<&mut [E]>,
        gx: Option<InputGradient<'_, E>>,
    ) {
        let (level, conv, image) = (Vectors::current(), &self.convolution, self.normalise.image);
        let (inputs, co) = (conv.inputs(conv.image, x, self.relu), conv.out);
        let InputGradient { w, out, add } = match gx {
            Some(gx) if conv.kernel > 1 => gx,
            gx => return run(level, DenseBackward { inputs, co, arriving: Arriving::Normalised(through), sums, gx }),
        };
        // Inputs under a wider kernel need several rows of what arrives.
        let mut g = Aligned::zeros(x.len() / conv.image.per_sample() * image.per_sample());
        let gradient = self.normalise.gradient(through);
        g.chunks_exact_mut(image.per_sample()).enumerate().for_each(|(n, g)| gradient.of(n, g, false));
        run(level, DenseBackward { inputs, co, arriving: Arriving::Gradient(&g), sums, gx: None });
        let (inputs, positive) = (conv.inputs(image, &g, false), self.relu.then_some(x));
        run(level, Dense { inputs, co: conv.image.c, w, out, add, positive });
    }
}
