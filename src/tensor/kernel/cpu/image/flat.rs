//! Maps and sums that know nothing of channels.

use super::LINE;
use crate::tensor::{
    Element,
    kernel::{
        lanes::{Vector, seq, unroll},
        vectors::Task,
    },
};

/// out += s · x.
pub struct Axpy<'a, E> {
    /// s.
    pub s: E,
    /// x.
    pub x: &'a [E],
    /// Where it is added.
    pub out: &'a mut [E],
}

impl<E: Element> Task<E> for Axpy<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        self.out.iter_mut().zip(self.x).for_each(|(out, x)| *out += self.s * *x);
    }
}

/// out = s · x.
pub struct Multiple<'a, E> {
    /// s.
    pub s: E,
    /// x.
    pub x: &'a [E],
    /// Where the result goes.
    pub out: &'a mut [E],
}

impl<E: Element> Task<E> for Multiple<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        self.out.iter_mut().zip(self.x).for_each(|(out, x)| *out = self.s * *x);
    }
}

/// Σ x · y, or Σ x̂ · y.
pub struct Dot<'a, E> {
    /// x.
    pub x: &'a [E],
    /// What x is to be centred with first, if it is: means and 1/√(σ² + ε) as [`spread`](super::spread).
    pub centred: Option<[&'a [E]; 2]>,
    /// y, as long.
    pub y: &'a [E],
}

impl<E: Element> Task<E> for Dot<'_, E> {
    type Output = E;

    #[inline(always)]
    fn run<V: Vector<E>>(self) -> E {
        match self.centred {
            None => self.in_registers::<V, false>([&[]; 2]),
            Some(by) => self.in_registers::<V, true>(by),
        }
    }
}

impl<E: Element> Dot<'_, E> {
    #[inline(always)]
    fn in_registers<V: Vector<E>, const CENTRED: bool>(self, by: [&[E]; 2]) -> E {
        match LINE / (V::N * size_of::<E>()) {
            1 => self.sum::<V, 1, CENTRED>(by),
            2 => self.sum::<V, 2, CENTRED>(by),
            _ => self.sum::<V, 4, CENTRED>(by),
        }
    }

    /// In four times as many sums as a line of `R` registers has entries, however long a register is: the order of
    /// the additions is the same on every level.
    #[inline(always)]
    fn sum<V: Vector<E>, const R: usize, const CENTRED: bool>(self, [mean, rstd]: [&[E]; 2]) -> E {
        let mut sums = [[V::splat(E::zero()); R]; 4];
        let (mut x, mut y) = (self.x.chunks_exact(4 * R * V::N), self.y.chunks_exact(4 * R * V::N));
        let mut place = 0;
        for (x, y) in x.by_ref().zip(y.by_ref()) {
            seq();
            for (i, sums) in sums.iter_mut().enumerate() {
                unroll!(R, r, {
                    let at = (i * R + r) * V::N;
                    let mut x = V::load(&x[at..]);
                    if CENTRED {
                        x = x.sub(V::load(&mean[place..])).mul(V::load(&rstd[place..]));
                        place = if place + V::N == mean.len() { 0 } else { place + V::N };
                    }
                    sums[r] = sums[r].fma(x, V::load(&y[at..]));
                });
            }
        }
        let mut lanes = [E::zero(); LINE / size_of::<f32>()];
        let [a, b, c, d] = sums;
        unroll!(R, r, a[r].add(b[r]).add(c[r].add(d[r])).store_part(&mut lanes[r * V::N..]));
        let mut rest = E::zero();
        for (i, (x, y)) in x.remainder().iter().zip(y.remainder()).enumerate() {
            let mut x = *x;
            if CENTRED {
                let at = (place + i) % mean.len();
                x = (x - mean[at]) * rstd[at];
            }
            rest += x * *y;
        }
        lanes.iter().copied().sum::<E>() + rest
    }
}

/// The first `n` of every `out_every` elements of `out` = the first of every `every` of x, or added to them, as often as
/// `out` has room.
pub struct Strided<'a, E> {
    /// x.
    pub x: &'a [E],
    /// Elements from one run of x to the next.
    pub every: usize,
    /// Where the result goes.
    pub out: &'a mut [E],
    /// Elements from one run of `out` to the next.
    pub out_every: usize,
    /// Elements of a run.
    pub n: usize,
    /// Whether to add to `out`.
    pub add: bool,
}

impl<E: Element> Task<E> for Strided<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        for (out, x) in self.out.chunks_mut(self.out_every).zip(self.x.chunks(self.every)) {
            seq();
            let (mut out, mut x) = (out[..self.n].chunks_exact_mut(V::N), x[..self.n].chunks_exact(V::N));
            for (out, x) in out.by_ref().zip(x.by_ref()) {
                seq();
                let x = V::load(x);
                if self.add { V::load(out).add(x) } else { x }.store(out);
            }
            for (out, x) in out.into_remainder().iter_mut().zip(x.remainder()) {
                seq();
                *out = if self.add { *out + *x } else { *x };
            }
        }
    }
}

/// x where it is positive, else 0; NaN stays.
#[inline(always)]
pub fn relu<E: Element>(x: E) -> E {
    if x <= E::zero() { E::zero() } else { x }
}

/// out = relu(x).
pub struct ReluOf<'a, E> {
    /// x.
    pub x: &'a [E],
    /// Where the result goes.
    pub out: &'a mut [E],
}

impl<E: Element> Task<E> for ReluOf<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        self.out.iter_mut().zip(self.x).for_each(|(out, x)| *out = relu(*x));
    }
}

/// out = g where x > 0 and 0 elsewhere, or added to `out`.
pub struct ReluGradient<'a, E> {
    /// What the ReLU took, or gave.
    pub x: &'a [E],
    /// The output's gradient.
    pub g: &'a [E],
    /// Where the result goes.
    pub out: &'a mut [E],
    /// Whether to add to `out`.
    pub add: bool,
}

impl<E: Element> Task<E> for ReluGradient<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        let passed = self.g.iter().zip(self.x).map(|(g, x)| if *x > E::zero() { *g } else { E::zero() });
        match self.add {
            true => self.out.iter_mut().zip(passed).for_each(|(out, g)| *out += g),
            false => self.out.iter_mut().zip(passed).for_each(|(out, g)| *out = g),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::kernel::{
        cpu::image::spread,
        vectors::{Vectors, run},
    };

    /// The sum as every level has to take it, entry by entry.
    fn in_order(x: &[f64], y: &[f64], fma: impl Fn(f64, f64, f64) -> f64) -> f64 {
        const WIDE: usize = LINE / size_of::<f64>();
        let (x, rest_x) = x.as_chunks::<{ 4 * WIDE }>();
        let (y, rest_y) = y.as_chunks::<{ 4 * WIDE }>();
        let lane = |lane| x.iter().zip(y).fold(0.0, |sum, (x, y)| fma(x[lane], y[lane], sum));
        let column = |i| (lane(i) + lane(WIDE + i)) + (lane(2 * WIDE + i) + lane(3 * WIDE + i));
        let rest: f64 = rest_x.iter().zip(rest_y).map(|(x, y)| x * y).sum();
        (0..WIDE).map(column).sum::<f64>() + rest
    }

    #[test]
    fn a_product_is_summed_in_the_same_order_on_every_level() {
        let draw = |step: f64| (0..1000).map(|i| (step * f64::from(i)).sin()).collect::<Vec<_>>();
        let (x, y) = (draw(1.3), draw(0.7));
        for n in [0, 5, 32, 63, 1000] {
            let (x, y) = (&x[..n], &y[..n]);
            for level in Vectors::ALL.into_iter().filter(|level| level.supported()) {
                let want = match level {
                    Vectors::Portable => in_order(x, y, |x, y, sum| sum + x * y),
                    _ => in_order(x, y, f64::mul_add),
                };
                assert_eq!(run(level, Dot { x, centred: None, y }), want, "{level:?}, {n} entries");
                // Three channels: a run is no multiple of what is summed at a time.
                let [mean, rstd] = [[0.5, -0.25, 2.0], [3.0, 0.125, 0.7]].map(|by| spread(&by));
                let centred = |i: usize| (x[i] - mean[i % 3]) * rstd[i % 3];
                let xhat: Vec<_> = (0..n).map(centred).collect();
                let [at_once, before] = [(x, Some([&mean[..], &rstd])), (&xhat, None)]
                    .map(|(x, centred)| run(level, Dot { x, centred, y }));
                assert_eq!(at_once, before, "{level:?}, {n} entries");
            }
        }
    }
}
