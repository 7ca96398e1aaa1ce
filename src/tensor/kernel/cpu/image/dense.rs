//! Dense convolution of one image: a matrix product for each row of taps.
//!
//! In a frame, the inputs under one row of a window are one run of k·C elements. The lanes are output
//! channels.

use super::{BLOCK, Frame};
use crate::tensor::{
    Element,
    kernel::{
        lanes::{Vector, seq, unroll},
        vectors::Task,
    },
};

/// Rows of `co` weights, each with zeros up to a multiple of the registers.
pub fn columns<E: Element>(w: &[E], co: usize) -> Vec<E> {
    let width = co.next_multiple_of(BLOCK);
    w.chunks_exact(co).flat_map(|row| row.iter().copied().chain(std::iter::repeat_n(E::zero(), width - co))).collect()
}

/// Adds such rows to rows of `co`.
pub fn fold_columns<E: Element>(gw: &mut [E], sums: &[E], co: usize) {
    for (gw, sums) in gw.chunks_exact_mut(co).zip(sums.chunks_exact(co.next_multiple_of(BLOCK))) {
        gw.iter_mut().zip(sums).for_each(|(gw, sum)| *gw += *sum);
    }
}

/// The weights `[k, k, co, ci]` of the convolution that takes the output's gradient to the input's,
/// from `[k, k, ci, co]`.
pub fn transposed<E: Element>(w: &[E], ci: usize, co: usize) -> Vec<E> {
    let tap = |w: &[E]| (0..co * ci).map(|i| w[i % ci * co + i / ci]).collect::<Vec<_>>();
    w.chunks_exact(ci * co).rev().flat_map(tap).collect()
}

/// Whether registers of half the length suit `co` outputs better.
fn half<E, V: Vector<E>>(co: usize) -> bool {
    let half = <V::Half as Vector<E>>::N;
    !co.is_multiple_of(V::N) && (co.is_multiple_of(half) || co <= half)
}

/// out\[o, co\] = Σ_{tap, ci} x\[o + tap, ci\] · w\[tap, ci, co\], or added to `out`.
pub struct Dense<'a, E> {
    /// Extents of `x`, whose border is (k − 1)/2 wide.
    pub frame: Frame,
    /// Kernel size k.
    pub kernel: usize,
    /// Output channels.
    pub co: usize,
    /// The weights as [`columns`].
    pub w: &'a [E],
    /// The image in its frame.
    pub x: &'a [E],
    /// Where the result goes.
    pub out: &'a mut [E],
    /// Whether to add to `out`.
    pub add: bool,
}

impl<E: Element> Task<E> for Dense<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(mut self) {
        if half::<E, V>(self.co) { self.all::<V::Half>() } else { self.all::<V>() }
    }
}

impl<E: Element> Dense<'_, E> {
    #[inline(always)]
    fn all<V: Vector<E>>(&mut self) {
        for y in 0..self.frame.h {
            seq();
            let mut x = 0;
            while x + 8 <= self.frame.w {
                self.tile::<V, 8>(y, &mut x);
            }
            if x + 4 <= self.frame.w {
                self.tile::<V, 4>(y, &mut x);
            }
            while x < self.frame.w {
                self.tile::<V, 1>(y, &mut x);
            }
        }
    }

    /// `T` pixels of row `y` from `at`.
    #[inline(always)]
    fn tile<V: Vector<E>, const T: usize>(&mut self, y: usize, at: &mut usize) {
        let (frame, run) = (self.frame, self.kernel * self.frame.c);
        let width = self.co.next_multiple_of(BLOCK);
        let out = &mut self.out[(y * frame.w + *at) * self.co..][..T * self.co];
        for block in (0..self.co).step_by(V::N) {
            seq();
            let mut acc = [V::splat(E::zero()); T];
            for ky in 0..self.kernel {
                seq();
                let mut x = [&self.x[..0]; T];
                let base = &self.x[(y + ky) * frame.stride() + *at * frame.c..];
                unroll!(T, t, x[t] = &base[t * frame.c..][..run]);
                let w = self.w[ky * run * width..][..run * width].chunks_exact(width);
                for (j, w) in w.enumerate() {
                    seq();
                    let w = V::load(&w[block..]);
                    unroll!(T, t, acc[t] = acc[t].fma(V::splat(x[t][j]), w));
                }
            }
            let n = V::N.min(self.co - block);
            unroll!(T, t, {
                let out = &mut out[t * self.co + block..][..n];
                if self.add {
                    acc[t] = acc[t].add(V::load_part(out));
                }
                acc[t].store_part(out);
            });
        }
        *at += T;
    }
}

/// gw\[tap, ci, co\] += Σ_o x\[o + tap, ci\] · g\[o, co\].
pub struct DenseGradient<'a, E> {
    /// Extents of `x`, whose border is (k − 1)/2 wide.
    pub frame: Frame,
    /// Kernel size k.
    pub kernel: usize,
    /// Output channels.
    pub co: usize,
    /// The image in its frame.
    pub x: &'a [E],
    /// The output's gradient.
    pub g: &'a [E],
    /// gw as [`columns`]; what is behind the last output channel is without meaning.
    pub sums: &'a mut [E],
}

impl<E: Element> Task<E> for DenseGradient<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(mut self) {
        if half::<E, V>(self.co) { self.all::<V::Half>() } else { self.all::<V>() }
    }
}

impl<E: Element> DenseGradient<'_, E> {
    #[inline(always)]
    fn all<V: Vector<E>>(&mut self) {
        let run = self.kernel * self.frame.c;
        for block in (0..self.co).step_by(V::N) {
            seq();
            for ky in 0..self.kernel {
                seq();
                let mut j = 0;
                while j + 8 <= run {
                    self.rows::<V, 8>(block, ky, &mut j);
                }
                if j + 4 <= run {
                    self.rows::<V, 4>(block, ky, &mut j);
                }
                while j < run {
                    self.rows::<V, 1>(block, ky, &mut j);
                }
            }
        }
    }

    /// The gradient of `J` rows of weights, over all pixels.
    #[inline(always)]
    fn rows<V: Vector<E>, const J: usize>(&mut self, block: usize, ky: usize, j: &mut usize) {
        let (frame, width) = (self.frame, self.co.next_multiple_of(BLOCK));
        let mut acc = [V::splat(E::zero()); J];
        for y in 0..frame.h {
            seq();
            let x = &self.x[(y + ky) * frame.stride() + *j..];
            let g = &self.g[y * frame.w * self.co + block..];
            for at in 0..frame.w {
                seq();
                let (x, g) = (&x[at * frame.c..][..J], V::load_part(&g[at * self.co..]));
                unroll!(J, i, acc[i] = acc[i].fma(V::splat(x[i]), g));
            }
        }
        let sums = &mut self.sums[(ky * self.kernel * frame.c + *j) * width + block..];
        unroll!(J, i, {
            let sum = &mut sums[i * width..];
            V::load(sum).add(acc[i]).store(sum);
        });
        *j += J;
    }
}
