//! x̂ = (x − μ)/√(σ² + ε) over groups, and its gradient (eq. 8).

use super::{super::*, each_chunk};
use crate::tensor::{Element, Error, op::Normalise};
use dfdx::tensor::{Cpu, CpuError};
use rayon::prelude::*;

impl<E: Element> Kernel<Normalise, E> for Cpu {
    /// x̂, and 1/√(σ² + ε) for each (sample, channel).
    type Saved = (Arc<Buf<E, Cpu>>, Vec<E>);

    fn forward(&self, op: &Normalise, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let (x, c, per_sample) = (xs[0], op.image.c, op.image.per_sample());
        let mean = op.group_means(|n| {
            let mut sum = vec![E::zero(); c];
            for x in rows(x, n, per_sample, c) {
                sum.iter_mut().zip(x).for_each(|(sum, &x)| *sum += x);
            }
            sum
        });
        let variance = op.group_means(|n| {
            let mut sum = vec![E::zero(); c];
            for x in rows(x, n, per_sample, c) {
                for ((sum, &x), &mean) in sum.iter_mut().zip(x).zip(&mean[n * c..]) {
                    *sum += (x - mean) * (x - mean);
                }
            }
            sum
        });
        let eps = E::of(op.eps);
        let rstd: Vec<E> =
            variance.iter().map(|&v| if v + eps > E::zero() { (v + eps).sqrt().recip() } else { E::zero() }).collect();
        let mut y = zeros::<E, Cpu>(self, x.len()).map_err(Error::device)?;
        each_chunk(&mut y, per_sample, x.len(), |n, y| {
            let (mean, rstd) = (&mean[n * c..][..c], &rstd[n * c..][..c]);
            for (y, x) in y.chunks_exact_mut(c).zip(rows(x, n, per_sample, c)) {
                (0..c).for_each(|i| y[i] = (x[i] - mean[i]) * rstd[i]);
            }
        });
        let y = Arc::new(y);
        Ok((y.clone(), (y, rstd)))
    }

    /// ∂L/∂x = rstd · (g − mean(g) − x̂ · mean(g x̂)), means over the group, for every ε.
    fn backward(
        &self,
        op: &Normalise,
        (xhat, rstd): Self::Saved,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let (c, per_sample) = (op.image.c, op.image.per_sample());
        let Some(gx) = &mut gxs[0] else { return Ok(()) };
        let g = op.group_means(|n| {
            let mut sum = vec![E::zero(); c];
            for g in rows(gy, n, per_sample, c) {
                sum.iter_mut().zip(g).for_each(|(sum, &g)| *sum += g);
            }
            sum
        });
        let gxhat = op.group_means(|n| {
            let mut sum = vec![E::zero(); c];
            for (g, xhat) in rows(gy, n, per_sample, c).zip(rows(&xhat, n, per_sample, c)) {
                (0..c).for_each(|i| sum[i] += g[i] * xhat[i]);
            }
            sum
        });
        each_chunk(gx, per_sample, gy.len(), |n, gx| {
            let (g_mean, gxhat, rstd) = (&g[n * c..][..c], &gxhat[n * c..][..c], &rstd[n * c..][..c]);
            let inputs = rows(gy, n, per_sample, c).zip(rows(&xhat, n, per_sample, c));
            for (gx, (g, xhat)) in gx.chunks_exact_mut(c).zip(inputs) {
                (0..c).for_each(|i| gx[i] += rstd[i] * (g[i] - g_mean[i] - xhat[i] * gxhat[i]));
            }
        });
        Ok(())
    }
}

/// The pixels of sample `n`, `c` channels each.
fn rows<E>(x: &[E], n: usize, per_sample: usize, c: usize) -> std::slice::ChunksExact<'_, E> {
    x[n * per_sample..][..per_sample].chunks_exact(c)
}

impl Normalise {
    /// Group means, spread out to (sample, channel), of sums that `f` gives for each channel of a
    /// sample. Sums are added in the order of samples, then channels.
    fn group_means<E: Element>(&self, f: impl Fn(usize) -> Vec<E> + Sync + Send) -> Vec<E> {
        let image = self.image;
        let sums: Vec<Vec<E>> = if image.n * image.per_sample() < super::WORTH_SHARING {
            (0..image.n).map(f).collect()
        } else {
            (0..image.n).into_par_iter().map(f).collect()
        };
        let mut means = vec![E::zero(); self.grouping.count(image)];
        for (n, sums) in sums.iter().enumerate() {
            for (c, &sum) in sums.iter().enumerate() {
                means[self.grouping.index(image, n, c)] += sum;
            }
        }
        let size = E::of(self.grouping.size(image) as f64);
        means.iter_mut().for_each(|mean| *mean /= size);
        let index = |n| (0..image.c).map(move |c| self.grouping.index(image, n, c));
        (0..image.n).flat_map(index).map(|group| means[group]).collect()
    }
}
