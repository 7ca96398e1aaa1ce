//! A node's sum together with the operations before it, whose results are normalised while they are added.
//!
//! On the way back one look at the gradient and at what an operation gave serves ∂L/∂Z and the norm. The arithmetic is
//! that of the single operations, in the same order.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    GROUP, Generic, buffers, done, each_chunk,
    image::{AddStandardised, Axpy, Dot, Multiple, ThroughNorm, spread},
    pool::{Arriving, Taken},
    room,
    separable::Half,
    twice::Between,
    zeroed,
};
use crate::tensor::{
    Element, Error,
    error::Result,
    op::{Normalise, NormalisedPool, Pool, Separable, Summand, Term, Twice, WeightedSum},
};
use dfdx::tensor::{Cpu, CpuError};

/// The inputs, and what each operation gave; nothing where it is the identity.
pub struct Saved<E: Element> {
    inputs: Vec<Arc<Buf<E, Cpu>>>,
    terms: Vec<Option<Raw<E>>>,
}

/// A value before its norm, with μ and 1/√(σ² + ε) for each (sample, channel), and the way back to x.
struct Raw<E: Element> {
    y: Buf<E, Cpu>,
    normalise: Normalise,
    statistics: [Vec<E>; 2],
    back: Back<E>,
}

/// An operation and what its way back needs.
enum Back<E: Element> {
    Pool(Pool, Taken),
    Separable(Separable),
    Twice(Separable, Between<E>),
}

impl<E: Element> Generic<WeightedSum, E> for Cpu {
    type Saved = Saved<E>;
    const FILLS_EMPTY: bool = true;

    /// Where a value's only term has weight 1.
    fn passes_on(&self, op: &WeightedSum, saved: &Self::Saved, i: usize) -> bool {
        let mut terms = op.terms.iter().filter(|term| term.x == i);
        match (terms.next(), terms.next()) {
            (Some(Term { operation: Summand::Identity, weight, .. }), None) => saved.inputs[0][*weight] == E::one(),
            _ => false,
        }
    }

    fn forward(&self, op: &WeightedSum, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let (level, per_sample, c, weights) = (Vectors::current(), op.image.per_sample(), op.image.c, xs[0]);
        let terms = op.terms.iter().map(|term| Raw::of(self, term, xs)).collect::<Result<Vec<_>>>()?;
        let mut y = buffers::take(self, op.image.n * per_sample).map_err(Error::device)?;
        let work = terms.len() * y.len();
        each_chunk(&mut y, per_sample, work, |n, out| {
            for (k, (term, raw)) in op.terms.iter().zip(&terms).enumerate() {
                let (s, add) = (weights[term.weight], k > 0);
                let x = &raw.as_ref().map_or(&***xs[term.x], |raw| &raw.y)[n * per_sample..][..per_sample];
                let out = &mut *out;
                match raw {
                    None if add => run(level, Axpy { s, x, out }),
                    None => run(level, Multiple { s, x, out }),
                    Some(Raw { statistics, .. }) => {
                        let [mean, rstd] = statistics.each_ref().map(|all| spread(&all[n * c..][..c]));
                        run(level, AddStandardised { s, x, mean: &mean, rstd: &rstd, out, add });
                    }
                }
            }
        });
        Ok((Arc::new(y), Saved { inputs: xs.iter().map(|x| (*x).clone()).collect(), terms }))
    }

    fn backward(
        &self,
        op: &WeightedSum,
        Saved { inputs, terms }: Self::Saved,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let (weights, weighted) = (&inputs[0], gxs[0].is_some());
        let mut products = op.values_backward(self, &inputs, gy, gxs)?;
        for (k, (term, raw)) in op.terms.iter().zip(terms).enumerate().rev() {
            let Some(Raw { mut y, normalise, statistics, back }) = raw else { continue };
            let s = weights[term.weight];
            let centred = [&statistics[0][..], &statistics[1]];
            let (product, [means, mean_products]) = normalise.look(&y, centred, gy, s, weighted);
            products[k] = product;
            let norm = [&means[..], &mean_products, centred[1]];
            let through = ThroughNorm { g: gy, s, y: &y, centre: Some(centred[0]), norm };
            let (before, after) = gxs.split_at_mut(term.parameters);
            let (x, gx, parameters) = (&inputs[term.x], &mut before[term.x], &inputs[term.parameters..]);
            match back {
                Back::Pool(op, taken) => {
                    op.gradient(self, &taken, Arriving::Beyond(normalise.gradient(through)), gx)?
                }
                Back::Separable(op) => {
                    let half = Half { x, centred: None, weights: [&parameters[0], &parameters[1]] };
                    op.gradient(self, half, through, gx, &mut after[..2])?;
                }
                Back::Twice(op, between) => {
                    let w = [0, 1, 2, 3].map(|which: usize| &parameters[which][..]);
                    op.gradient_twice(self, x, w, between, through, gx, &mut after[..4])?;
                }
            }
            buffers::give(&mut y);
        }
        if let Some(gweights) = &mut gxs[0] {
            zeroed(self, gweights, weights.len())?;
            op.terms.iter().zip(products).for_each(|(term, product)| gweights[term.weight] += product);
        }
        inputs.into_iter().for_each(done);
        Ok(())
    }
}

impl<E: Element> Raw<E> {
    /// Computes a term but for its norm.
    fn of(device: &Cpu, term: &Term, xs: &[&Arc<Buf<E, Cpu>>]) -> Result<Option<Self>> {
        let (x, w) = (xs[term.x], &xs[term.parameters..]);
        let take = || buffers::take(device, x.len()).map_err(Error::device);
        let (y, normalise, sums, back) = match term.operation {
            Summand::Identity => return Ok(None),
            Summand::Pool(NormalisedPool { pool, normalise }) => {
                let mut y = take()?;
                let (taken, sums) = pool.pool(x, &mut y, true);
                (y, normalise, sums, Back::Pool(pool, taken))
            }
            Summand::Separable(op) => {
                let mut y = take()?;
                let sums = op.convolve(x, None, [w[0], w[1]], &mut y);
                (y, op.normalise, sums, Back::Separable(op))
            }
            Summand::Twice(Twice(op)) => {
                let mut y = take()?;
                let (sums, between) = op.convolve_twice(device, x, [w[0], w[1], w[2], w[3]], &mut y)?;
                (y, op.normalise, sums, Back::Twice(op, between))
            }
        };
        Ok(Some(Raw { statistics: normalise.statistics(&y, sums), y, normalise, back }))
    }
}

impl WeightedSum {
    /// Hands on the gradients of terms that are values, reading g once; returns ⟨g, x⟩ of them.
    fn values_backward<E: Element>(
        &self,
        device: &Cpu,
        inputs: &[Arc<Buf<E, Cpu>>],
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<Vec<E>, CpuError> {
        let (level, image, weights) = (Vectors::current(), self.image.per_sample(), &inputs[0]);
        let weighted = gxs[0].is_some();
        let values = || self.terms.iter().enumerate().filter(|(_, term)| matches!(term.operation, Summand::Identity));
        let mut total = vec![E::zero(); self.terms.len()];
        if values().next().is_none() {
            return Ok(total);
        }
        // Group by group of images their part of the gradient of each value, and whether there is one to add to.
        let mut parts: Vec<Vec<_>> = (0..self.image.n.div_ceil(GROUP)).map(|_| Vec::new()).collect();
        for (i, gx) in gxs.iter_mut().enumerate() {
            match gx.as_mut().filter(|_| values().any(|(_, term)| term.x == i)) {
                None => parts.iter_mut().for_each(|part| part.push(None)),
                Some(gx) => {
                    let add = room(device, gx, gy.len())?;
                    parts
                        .iter_mut()
                        .zip(gx.chunks_mut(GROUP * image))
                        .for_each(|(part, gx)| part.push(Some((gx, add))));
                }
            }
        }
        let products = each_chunk(&mut parts, 1, self.terms.len() * gy.len(), |group, part| {
            let mut products = vec![E::zero(); self.terms.len()];
            for (n, g) in gy[group * GROUP * image..].chunks_exact(image).take(GROUP).enumerate() {
                let mut add: Vec<_> = part[0].iter().map(|gx| gx.as_ref().is_some_and(|(_, add)| *add)).collect();
                for (k, term) in values() {
                    let x = &inputs[term.x][(group * GROUP + n) * image..][..image];
                    if weighted {
                        products[k] += run(level, Dot { x, centred: None, y: g });
                    }
                    let Some((gx, _)) = &mut part[0][term.x] else { continue };
                    let (s, x, out) = (weights[term.weight], g, &mut gx[n * image..][..image]);
                    match std::mem::replace(&mut add[term.x], true) {
                        true => run(level, Axpy { s, x, out }),
                        false => run(level, Multiple { s, x, out }),
                    }
                }
            }
            products
        });
        products.iter().for_each(|products| super::add(&mut total, products));
        Ok(total)
    }
}
