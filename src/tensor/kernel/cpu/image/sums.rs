//! Sums by channel: what normalisation takes the means of.
//!
//! Each place of a run, which ends with a pixel, has a sum of its own until the end, whatever the number of channels.

use super::{channel::run, space::space};
use crate::tensor::{
    Element,
    kernel::{
        lanes::{Vector, seq, unroll},
        vectors::Task,
    },
};

/// What a sum by channel is of.
trait Term<E, V>: Copy {
    /// The register of terms from element `at` on, which has this place in its run.
    fn register(self, at: usize, place: usize) -> V;
    /// The term of element `at`.
    fn element(self, at: usize) -> E;
}

/// sums\[c\] += Σ of `n` terms: of those at each place in a run first, in registers, then of these by channel.
#[inline(always)]
fn sum<E: Element, V: Vector<E>>(sums: &mut [E], n: usize, term: impl Term<E, V>) {
    let run = run(sums.len());
    let mut total = space(E::zero(), run);
    let mut place = 0;
    while place < run {
        seq();
        place += match (run - place) / V::N {
            4.. => places::<E, V, 4>(&mut total[place..], place, run, n, term),
            2.. => places::<E, V, 2>(&mut total[place..], place, run, n, term),
            _ => places::<E, V, 1>(&mut total[place..], place, run, n, term),
        };
    }
    let whole = n - n % run;
    (whole..n).zip(total.iter_mut()).for_each(|(at, total)| *total += term.element(at));
    total.chunks_exact(sums.len()).for_each(|part| sums.iter_mut().zip(part).for_each(|(sum, x)| *sum += *x));
}

/// The sums at the `R` registers of places from `place` on, over all whole runs; how many places these are.
#[inline(always)]
fn places<E: Element, V: Vector<E>, const R: usize>(
    total: &mut [E],
    place: usize,
    run: usize,
    n: usize,
    term: impl Term<E, V>,
) -> usize {
    let mut sums = [V::splat(E::zero()); R];
    for first in (0..n / run).map(|i| i * run + place) {
        seq();
        unroll!(R, r, sums[r] = sums[r].add(term.register(first + r * V::N, place + r * V::N)));
    }
    unroll!(R, r, sums[r].store(&mut total[r * V::N..]));
    R * V::N
}

/// sums\[c\] += Σ x\[·, c\].
pub struct Total<'a, E> {
    /// Pixels.
    pub x: &'a [E],
    /// One for each channel.
    pub sums: &'a mut [E],
}

impl<E: Element> Task<E> for Total<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        sum::<E, V>(self.sums, self.x.len(), Value(self.x));
    }
}

/// x.
#[derive(Clone, Copy)]
struct Value<'a, E>(&'a [E]);

impl<E: Element, V: Vector<E>> Term<E, V> for Value<'_, E> {
    #[inline(always)]
    fn register(self, at: usize, _: usize) -> V {
        V::load(&self.0[at..])
    }

    #[inline(always)]
    fn element(self, at: usize) -> E {
        self.0[at]
    }
}

/// sums\[c\] += Σ (x\[·, c\] − mean\[c\])².
pub struct Scatter<'a, E> {
    /// Pixels.
    pub x: &'a [E],
    /// The means as [`spread`].
    pub mean: &'a [E],
    /// One for each channel.
    pub sums: &'a mut [E],
}

impl<E: Element> Task<E> for Scatter<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        sum::<E, V>(self.sums, self.x.len(), Square { x: self.x, mean: self.mean });
    }
}

/// (x − mean)².
#[derive(Clone, Copy)]
struct Square<'a, E> {
    x: &'a [E],
    mean: &'a [E],
}

impl<E: Element, V: Vector<E>> Term<E, V> for Square<'_, E> {
    #[inline(always)]
    fn register(self, at: usize, place: usize) -> V {
        let from = V::load(&self.x[at..]).sub(V::load(&self.mean[place..]));
        from.mul(from)
    }

    #[inline(always)]
    fn element(self, at: usize) -> E {
        let from = self.x[at] - self.mean[at % self.mean.len()];
        from * from
    }
}

/// sums\[c\] += Σ g\[·, c\] · x\[·, c\].
pub struct Products<'a, E> {
    /// Pixels.
    pub g: &'a [E],
    /// Pixels.
    pub x: &'a [E],
    /// One for each channel.
    pub sums: &'a mut [E],
}

impl<E: Element> Task<E> for Products<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        sum::<E, V>(self.sums, self.x.len(), Product { g: self.g, x: self.x });
    }
}

/// g · x.
#[derive(Clone, Copy)]
struct Product<'a, E> {
    g: &'a [E],
    x: &'a [E],
}

impl<E: Element, V: Vector<E>> Term<E, V> for Product<'_, E> {
    #[inline(always)]
    fn register(self, at: usize, _: usize) -> V {
        V::load(&self.g[at..]).mul(V::load(&self.x[at..]))
    }

    #[inline(always)]
    fn element(self, at: usize) -> E {
        self.g[at] * self.x[at]
    }
}
