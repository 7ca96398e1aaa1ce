//! Maps and sums that know nothing of channels.

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

/// Σ x · y.
pub struct Dot<'a, E> {
    /// x.
    pub x: &'a [E],
    /// y, as long.
    pub y: &'a [E],
}

impl<E: Element> Task<E> for Dot<'_, E> {
    type Output = E;

    #[inline(always)]
    fn run<V: Vector<E>>(self) -> E {
        let mut sums = [V::splat(E::zero()); 4];
        let (mut x, mut y) = (self.x.chunks_exact(4 * V::N), self.y.chunks_exact(4 * V::N));
        for (x, y) in x.by_ref().zip(y.by_ref()) {
            seq();
            unroll!(4, i, sums[i] = sums[i].fma(V::load(&x[i * V::N..]), V::load(&y[i * V::N..])));
        }
        let mut lanes = [E::zero(); super::BLOCK];
        sums[0].add(sums[1]).add(sums[2].add(sums[3])).store_part(&mut lanes);
        let rest: E = x.remainder().iter().zip(y.remainder()).map(|(x, y)| *x * *y).sum();
        lanes.iter().copied().sum::<E>() + rest
    }
}

/// x where it is positive, else 0; NaN stays.
#[inline(always)]
pub fn relu<E: Element>(x: E) -> E {
    if x <= E::zero() { E::zero() } else { x }
}

/// out += g where x > 0.
pub struct ReluGradient<'a, E> {
    /// What the ReLU took, or gave.
    pub x: &'a [E],
    /// The output's gradient.
    pub g: &'a [E],
    /// Where it is added.
    pub out: &'a mut [E],
}

impl<E: Element> Task<E> for ReluGradient<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        for ((out, g), x) in self.out.iter_mut().zip(self.g).zip(self.x) {
            *out += if *x > E::zero() { *g } else { E::zero() };
        }
    }
}
