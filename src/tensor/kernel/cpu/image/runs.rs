//! Runs of elements that end with a pixel: loops over neighbours, whatever the number of channels.
//!
//! What belongs to a channel is spread out over a run and stays in registers while all runs are gone through.

use super::{BLOCK, repeat, space::space};
use crate::tensor::{
    Element,
    kernel::lanes::{Vector, seq, unroll},
};

/// The least number of elements after which both channels and registers begin anew.
fn period(channels: usize) -> usize {
    (1..=BLOCK).map(|n| n * channels).find(|n| n.is_multiple_of(BLOCK)).expect("BLOCK itself will do")
}

/// Elements that loops take at a time, with `channels` channels.
fn run(channels: usize) -> usize {
    period(channels) * 64usize.div_ceil(period(channels))
}

/// One coefficient a channel, repeated over a run.
pub fn spread<E: Element>(coefficients: &[E]) -> Vec<E> {
    let run = run(coefficients.len());
    let mut all = Vec::with_capacity(run);
    repeat(&mut all, coefficients, run);
    all
}

/// What is computed of I values and C coefficients; not a closure, which the compiler may leave out of line.
pub trait Formula<E, const I: usize, const C: usize>: Copy {
    /// Computes it; `before` is what stands where the result goes.
    fn of<V: Vector<E>>(self, x: [V; I], by: [V; C], before: V) -> V;
}

/// Values, of each element, and coefficients, of each place in a run.
#[derive(Clone, Copy)]
pub struct Of<'a, E, const I: usize, const C: usize> {
    /// The values.
    pub x: [&'a [E]; I],
    /// The coefficients, as [`spread`].
    pub by: [&'a [E]; C],
}

impl<E: Element, const I: usize, const C: usize> Of<'_, E, I, C> {
    /// Zeros beyond the last, unless all are `WHOLE`.
    #[inline(always)]
    fn values<V: Vector<E>, const WHOLE: bool>(self, at: usize) -> [V; I] {
        let mut x = [V::splat(E::zero()); I];
        unroll!(I, i, x[i] = if WHOLE { V::load(&self.x[i][at..]) } else { V::load_part(&self.x[i][at..]) });
        x
    }

    #[inline(always)]
    fn coefficients<V: Vector<E>>(self, place: usize) -> [V; C] {
        let mut by = [V::splat(E::zero()); C];
        unroll!(C, c, by[c] = V::load(&self.by[c][place..]));
        by
    }
}

/// Calls the function for all places of a run, as many registers at a time as will do.
macro_rules! at_all_places {
    ($function:ident::<$e:ty, $v:ty>($run:expr, $($argument:expr),*)) => {
        let mut place = 0;
        while place < $run {
            seq();
            place += match ($run - place) / <$v>::N {
                8.. => $function::<$e, $v, 8, I, C>(place, $run, $($argument),*),
                // 48 channels of single precision.
                6 => $function::<$e, $v, 6, I, C>(place, $run, $($argument),*),
                4.. => $function::<$e, $v, 4, I, C>(place, $run, $($argument),*),
                2.. => $function::<$e, $v, 2, I, C>(place, $run, $($argument),*),
                _ => $function::<$e, $v, 1, I, C>(place, $run, $($argument),*),
            };
        }
    };
}

/// out = the formula, which has coefficients, or added to `out`.
#[inline(always)]
pub fn map<E: Element, V: Vector<E>, const I: usize, const C: usize>(
    out: &mut [E],
    of: Of<'_, E, I, C>,
    formula: impl Formula<E, I, C>,
    add: bool,
) {
    let run = of.by[0].len();
    at_all_places!(map_places::<E, V>(run, out, of, formula, add));
    let whole = out.len() - out.len() % run;
    for (i, out) in out[whole..].chunks_mut(V::N).enumerate() {
        seq();
        let at = i * V::N;
        let before = V::load_part(out);
        let result = formula.of(of.values::<V, false>(whole + at), of.coefficients(at), before);
        if add { before.add(result) } else { result }.store_part(out);
    }
}

/// At the `R` registers of places from `place` on, in all whole runs; how many places these are.
#[inline(always)]
fn map_places<E: Element, V: Vector<E>, const R: usize, const I: usize, const C: usize>(
    place: usize,
    run: usize,
    out: &mut [E],
    of: Of<'_, E, I, C>,
    formula: impl Formula<E, I, C>,
    add: bool,
) -> usize {
    let mut by = [[V::splat(E::zero()); C]; R];
    unroll!(R, r, by[r] = of.coefficients(place + r * V::N));
    for (i, out) in out.chunks_exact_mut(run).enumerate() {
        seq();
        let (at, out) = (i * run + place, &mut out[place..]);
        unroll!(R, r, {
            let out = &mut out[r * V::N..];
            let before = V::load(out);
            let result = formula.of(of.values::<V, true>(at + r * V::N), by[r], before);
            if add { before.add(result) } else { result }.store(out);
        });
    }
    R * V::N
}

/// sums\[c\] += Σ of the formula over `n` elements: at each place of a run first, then of these by channel.
#[inline(always)]
pub fn sum<E: Element, V: Vector<E>, const I: usize, const C: usize>(
    sums: &mut [E],
    n: usize,
    of: Of<'_, E, I, C>,
    formula: impl Formula<E, I, C>,
) {
    let run = run(sums.len());
    let mut total = space(E::zero(), run);
    let total = &mut total[..];
    at_all_places!(sum_places::<E, V>(run, n / run, total, of, formula));
    let whole = n - n % run;
    for (i, total) in total[..n - whole].chunks_mut(V::N).enumerate() {
        seq();
        let at = i * V::N;
        let last = formula.of(of.values::<V, false>(whole + at), of.coefficients::<V>(at), V::splat(E::zero()));
        V::load_part(total).add(last).store_part(total);
    }
    total.chunks_exact(sums.len()).for_each(|part| sums.iter_mut().zip(part).for_each(|(sum, x)| *sum += *x));
}

#[inline(always)]
fn sum_places<E: Element, V: Vector<E>, const R: usize, const I: usize, const C: usize>(
    place: usize,
    run: usize,
    runs: usize,
    total: &mut [E],
    of: Of<'_, E, I, C>,
    formula: impl Formula<E, I, C>,
) -> usize {
    let (zero, mut sums, mut by) = (V::splat(E::zero()), [V::splat(E::zero()); R], [[V::splat(E::zero()); C]; R]);
    unroll!(R, r, by[r] = of.coefficients(place + r * V::N));
    for at in (0..runs).map(|i| i * run + place) {
        seq();
        unroll!(R, r, sums[r] = sums[r].add(formula.of(of.values::<V, true>(at + r * V::N), by[r], zero)));
    }
    unroll!(R, r, sums[r].store(&mut total[place + r * V::N..]));
    R * V::N
}
