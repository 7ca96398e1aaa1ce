//! x̂ = (x − μ)/√(σ² + ε) over groups, and its gradient (eq. 8).

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    GROUP, Generic, add, buffers, done, each_chunk,
    image::{Dot, GradientSums, Products, Scatter, Standardise, StandardiseGradient, ThroughNorm, Total, spread},
    room,
};
use crate::tensor::{Element, Error, op::Normalise};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Generic<Normalise, E> for Cpu {
    /// x̂, and 1/√(σ² + ε) for each (sample, channel).
    type Saved = (Arc<Buf<E, Cpu>>, Vec<E>);
    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Normalise, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let x = xs[0];
        let mut y = buffers::take(self, x.len()).map_err(Error::device)?;
        let sums = op.sums(x);
        let rstd = op.standardise(Some(x), &mut y, sums);
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
        let add = room(self, gx, gy.len())?;
        let means = op.gradient_means(gy, &xhat);
        let gradient = op.gradient(op.through(gy, &xhat, &means, &rstd));
        each_chunk(gx, op.image.per_sample(), gy.len(), |n, gx| gradient.of(n, gx, add));
        done(xhat);
        Ok(())
    }
}

impl Normalise {
    /// Σ x for each (sample, channel).
    fn sums<E: Element>(&self, x: &[E]) -> Vec<E> {
        let (level, per_sample) = (Vectors::current(), self.image.per_sample());
        self.by_sample(|n, sums| run(level, Total { x: &x[n * per_sample..][..per_sample], sums }))
    }

    /// Writes x̂ to `out`, where x itself stands if it is not given; `sums` has Σ x for each (sample,
    /// channel). Returns 1/√(σ² + ε) for each (sample, channel).
    pub(super) fn standardise<E: Element>(&self, x: Option<&[E]>, out: &mut [E], sums: Vec<E>) -> Vec<E> {
        let (level, c, per_sample) = (Vectors::current(), self.image.c, self.image.per_sample());
        let [mean, rstd] = self.statistics(x.unwrap_or(out), sums);
        let work = out.len();
        each_chunk(out, per_sample, work, |n, out| {
            let [mean, rstd] = [&mean, &rstd].map(|all| spread(&all[n * c..][..c]));
            let x = x.map(|x| &x[n * per_sample..][..per_sample]);
            run(level, Standardise { x, out, mean: &mean, rstd: &rstd });
        });
        rstd
    }

    /// μ and 1/√(σ² + ε) for each (sample, channel), from Σ x likewise.
    pub(super) fn statistics<E: Element>(&self, x: &[E], sums: Vec<E>) -> [Vec<E>; 2] {
        let (level, c, per_sample) = (Vectors::current(), self.image.c, self.image.per_sample());
        let mean = self.group_means(sums);
        let scatter = self.by_sample(|n, sums| {
            run(level, Scatter { x: &x[n * per_sample..][..per_sample], mean: &spread(&mean[n * c..][..c]), sums });
        });
        let eps = E::of(self.eps);
        let rstd = |v: E| if v + eps > E::zero() { (v + eps).sqrt().recip() } else { E::zero() };
        let rstd = self.group_means(scatter).into_iter().map(rstd).collect();
        [mean, rstd]
    }

    /// ∂L/∂x = rstd · (g − mean(g) − x̂ · mean(g x̂)), means over the group, for every ε, with what
    /// [`gradient_means`](Self::gradient_means) gave.
    pub(super) fn gradient<'a, E: Element>(&self, through: ThroughNorm<'a, E>) -> Gradient<'a, E> {
        Gradient { level: Vectors::current(), per_sample: self.image.per_sample(), channels: self.image.c, through }
    }

    /// The way back from the gradient g of x̂.
    pub(super) fn through<'a, E: Element>(
        &self,
        g: &'a [E],
        xhat: &'a [E],
        [means, products]: &'a [Vec<E>; 2],
        rstd: &'a [E],
    ) -> ThroughNorm<'a, E> {
        ThroughNorm { g, s: E::one(), y: xhat, centre: None, norm: [means, products, rstd] }
    }

    /// mean(g) and mean(g x̂) for each (sample, channel).
    pub(super) fn gradient_means<E: Element>(&self, g: &[E], xhat: &[E]) -> [Vec<E>; 2] {
        let (level, per_sample) = (Vectors::current(), self.image.per_sample());
        let (n, c) = (self.image.n, self.image.c);
        // Σ g and Σ g x̂ of a sample side by side: g is read once.
        let mut both = vec![E::zero(); 2 * n * c];
        each_chunk(&mut both, 2 * c, g.len(), |n, both| {
            let (sums, products) = both.split_at_mut(c);
            let [g, x] = [g, xhat].map(|all| &all[n * per_sample..][..per_sample]);
            run(level, Total { x: g, sums });
            run(level, Products { g, x, sums: products });
        });
        self.means_of(&both)
    }

    /// One look at the gradient g of s x̂ and at what is still to be normalised: ⟨g, x̂⟩ if it is `weighted`, and
    /// mean(s g) and mean(s g x̂) for each (sample, channel).
    pub(super) fn look<E: Element>(
        &self,
        y: &[E],
        centred: [&[E]; 2],
        g: &[E],
        s: E,
        weighted: bool,
    ) -> (E, [Vec<E>; 2]) {
        let (level, image, c) = (Vectors::current(), self.image.per_sample(), self.image.c);
        let mut sums = vec![E::zero(); 2 * c * self.image.n];
        let products = each_chunk(&mut sums, 2 * c * GROUP, g.len(), |group, sums| {
            let mut total = E::zero();
            for (n, sums) in sums.chunks_exact_mut(2 * c).enumerate() {
                let n = group * GROUP + n;
                let [x, g] = [y, g].map(|all| &all[n * image..][..image]);
                let [mean, rstd] = centred.map(|all| spread(&all[n * c..][..c]));
                let (mean, rstd) = (&mean[..], &rstd[..]);
                if weighted {
                    total += run(level, Dot { x, centred: Some([mean, rstd]), y: g });
                }
                let (sums, products) = sums.split_at_mut(c);
                run(level, GradientSums { s, g, x, mean, rstd, sums, products });
            }
            total
        });
        (products.into_iter().fold(E::zero(), |sum, product| sum + product), self.means_of(&sums))
    }

    /// mean(g) and mean(g x̂) from Σ g and Σ g x̂ of each sample, side by side.
    pub(super) fn means_of<E: Element>(&self, both: &[E]) -> [Vec<E>; 2] {
        let c = self.image.c;
        let half = |which: usize| {
            let mut all = Vec::with_capacity(both.len() / 2);
            both.chunks_exact(2 * c).for_each(|both| all.extend_from_slice(&both[which * c..][..c]));
            all
        };
        [0, 1].map(|which| self.group_means(half(which)))
    }

    /// What `f` gives for each channel of each sample.
    fn by_sample<E: Element>(&self, f: impl Fn(usize, &mut [E]) + Sync + Send) -> Vec<E> {
        let image = self.image;
        let mut sums = vec![E::zero(); image.n * image.c];
        each_chunk(&mut sums, image.c, image.n * image.per_sample(), f);
        sums
    }

    /// Group means, spread out to (sample, channel), from sums for each (sample, channel), which are added
    /// in the order of samples, then channels.
    fn group_means<E: Element>(&self, mut sums: Vec<E>) -> Vec<E> {
        let (c, channels, image) = (self.image.c, self.grouping.channels, self.image);
        let mut means = vec![E::zero(); self.grouping.count(image)];
        let first = |n: usize| self.grouping.index(image, n, 0);
        for (n, sums) in sums.chunks_exact(c).enumerate() {
            let means = &mut means[first(n)..][..c / channels];
            if channels == 1 {
                add(means, sums);
                continue;
            }
            for (mean, sums) in means.iter_mut().zip(sums.chunks_exact(channels)) {
                sums.iter().for_each(|sum| *mean += *sum);
            }
        }
        let size = E::of(self.grouping.size(image) as f64);
        means.iter_mut().for_each(|mean| *mean /= size);
        for (n, sums) in sums.chunks_exact_mut(c).enumerate() {
            let means = &means[first(n)..][..c / channels];
            if channels == 1 {
                sums.copy_from_slice(means);
                continue;
            }
            for (mean, sums) in means.iter().zip(sums.chunks_exact_mut(channels)) {
                sums.fill(*mean);
            }
        }
        sums
    }
}

/// The gradient of a normalisation, image by image.
pub(super) struct Gradient<'a, E> {
    level: Vectors,
    per_sample: usize,
    channels: usize,
    through: ThroughNorm<'a, E>,
}

impl<E: Element> Gradient<'_, E> {
    /// Writes or adds the gradient of sample `n` to `out`.
    pub(super) fn of(&self, n: usize, out: &mut [E], add: bool) {
        let through = self.through.from(n, self.per_sample, self.channels);
        run(self.level, StandardiseGradient { through, channels: self.channels, out, add });
    }
}
