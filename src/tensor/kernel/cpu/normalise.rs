//! x̂ = (x − μ)/√(σ² + ε) over groups, and its gradient (eq. 8).

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    each_chunk,
    image::{Products, Scatter, Standardise, StandardiseGradient, Total, spread},
};
use crate::tensor::{Element, Error, op::Normalise};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Kernel<Normalise, E> for Cpu {
    /// x̂, and 1/√(σ² + ε) for each (sample, channel).
    type Saved = (Arc<Buf<E, Cpu>>, Vec<E>);

    fn forward(&self, op: &Normalise, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let mut y = zeros::<E, Cpu>(self, xs[0].len()).map_err(Error::device)?;
        y.copy_from_slice(xs[0]);
        let rstd = op.standardise(&mut y);
        let y = Arc::new(y);
        Ok((y.clone(), (y, rstd)))
    }

    fn backward(
        &self,
        op: &Normalise,
        (xhat, rstd): Self::Saved,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let Some(gx) = &mut gxs[0] else { return Ok(()) };
        let gradient = op.gradient(gy, &xhat, &rstd);
        let per_sample = op.image.per_sample();
        each_chunk(gx, per_sample, gy.len(), |n, gx| gradient.of(n, gx, true));
        Ok(())
    }
}

impl Normalise {
    /// Puts x̂ in the place of x; returns 1/√(σ² + ε) for each (sample, channel).
    pub(super) fn standardise<E: Element>(&self, x: &mut [E]) -> Vec<E> {
        let (level, c, per_sample) = (Vectors::current(), self.image.c, self.image.per_sample());
        let of = |x, n| &<[E]>::split_at(x, n * per_sample).1[..per_sample];
        let mean = self.group_means(|n, sums| run(level, Total { x: of(x, n), sums }));
        let variance = self.group_means(|n, sums| {
            run(level, Scatter { x: of(x, n), mean: &spread(&mean[n * c..][..c]), sums });
        });
        let eps = E::of(self.eps);
        let rstd = |v: E| if v + eps > E::zero() { (v + eps).sqrt().recip() } else { E::zero() };
        let rstd: Vec<E> = variance.into_iter().map(rstd).collect();
        let work = x.len();
        each_chunk(x, per_sample, work, |n, x| {
            let [mean, rstd] = [&mean, &rstd].map(|all| spread(&all[n * c..][..c]));
            run(level, Standardise { x, mean: &mean, rstd: &rstd });
        });
        rstd
    }

    /// ∂L/∂x = rstd · (g − mean(g) − x̂ · mean(g x̂)), means over the group, for every ε.
    pub(super) fn gradient<'a, E: Element>(&self, g: &'a [E], xhat: &'a [E], rstd: &'a [E]) -> Gradient<'a, E> {
        let (level, per_sample) = (Vectors::current(), self.image.per_sample());
        let of = |x: &'a [E], n: usize| &x[n * per_sample..][..per_sample];
        let means = self.group_means(|n, sums| run(level, Total { x: of(g, n), sums }));
        let products = self.group_means(|n, sums| run(level, Products { g: of(g, n), x: of(xhat, n), sums }));
        Gradient { level, channels: self.image.c, per_sample, g, xhat, means, products, rstd }
    }

    /// Group means, spread out to (sample, channel), of sums that `f` gives for each channel of a
    /// sample. Sums are added in the order of samples, then channels.
    fn group_means<E: Element>(&self, f: impl Fn(usize, &mut [E]) + Sync + Send) -> Vec<E> {
        let image = self.image;
        let mut sums = vec![E::zero(); image.n * image.c];
        each_chunk(&mut sums, image.c, image.n * image.per_sample(), f);
        let mut means = vec![E::zero(); self.grouping.count(image)];
        let group = |i: usize| self.grouping.index(image, i / image.c, i % image.c);
        sums.iter().enumerate().for_each(|(i, sum)| means[group(i)] += *sum);
        let size = E::of(self.grouping.size(image) as f64);
        means.iter_mut().for_each(|mean| *mean /= size);
        sums.iter_mut().enumerate().for_each(|(i, sum)| *sum = means[group(i)]);
        sums
    }
}

/// The gradient of a normalisation, image by image.
pub(super) struct Gradient<'a, E> {
    level: Vectors,
    channels: usize,
    per_sample: usize,
    g: &'a [E],
    xhat: &'a [E],
    means: Vec<E>,
    products: Vec<E>,
    rstd: &'a [E],
}

impl<E: Element> Gradient<'_, E> {
    /// Writes or adds the gradient of sample `n` to `out`.
    pub(super) fn of(&self, n: usize, out: &mut [E], add: bool) {
        let [g, xhat] = [self.g, self.xhat].map(|all| &all[n * self.per_sample..][..self.per_sample]);
        let runs =
            [&self.means[..], &self.products, self.rstd].map(|all| spread(&all[n * self.channels..][..self.channels]));
        let by_channel = [&runs[0][..], &runs[1], &runs[2]];
        run(self.level, StandardiseGradient { g, xhat, by_channel, out, add });
    }
}
