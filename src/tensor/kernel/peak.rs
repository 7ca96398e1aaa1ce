//! What the processor's multiply-add units do when nothing holds them up: what kernels are measured by.

use super::{
    lanes::{Vector, Widths, seq, unroll},
    vectors::{Task, Vectors, run},
};
use crate::tensor::Element;
use std::{hint::black_box, time::Instant};

/// Rounds of twelve independent multiply-adds each, which never wait for one another.
struct Rounds(usize);

impl<E: Element> Task<E> for Rounds {
    /// Elements that went through, and a sum so that nothing is left out.
    type Output = (usize, E);

    #[inline(always)]
    fn run<V: Vector<E>>(self) -> (usize, E) {
        let mut sums = [V::splat(E::one()); 12];
        let [a, b] = black_box([0.999, 0.001]).map(|x| V::splat(E::of(x)));
        for _ in 0..self.0 {
            seq();
            unroll!(12, i, sums[i] = b.fma(sums[i], a));
        }
        let mut total = [E::zero(); 16];
        unroll!(12, i, {
            let mut lanes = [E::zero(); 16];
            sums[i].store_part(&mut lanes);
            (0..16).for_each(|lane| total[lane] += lanes[lane]);
        });
        (12 * self.0 * V::N, total.iter().copied().sum())
    }
}

/// Floating-point operations a second (a multiply-add is two) of one thread at the level in use: the best
/// of `tries` short runs.
pub fn peak<E: Element + Widths>(tries: usize) -> f64 {
    let once = |_| {
        let start = Instant::now();
        let (elements, sum) = run::<E, _>(Vectors::current(), Rounds(1 << 17));
        black_box(sum);
        2.0 * elements as f64 / start.elapsed().as_secs_f64()
    };
    (0..tries).map(once).fold(0.0, f64::max)
}
