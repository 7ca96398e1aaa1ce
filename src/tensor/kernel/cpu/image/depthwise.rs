//! Depthwise convolution of one image.
//!
//! A row of pixels is one flat run of elements, so a tap is a shift of the whole run, whatever the
//! number of channels: y\[p\] += x\[p + shift\] · w\[p mod C\]. The weights are written out over a period
//! that registers divide.

use super::{BLOCK, Frame, TILE, repeat};
use crate::tensor::{
    Element,
    kernel::{
        lanes::{Vector, seq, unroll},
        vectors::Task,
    },
};

/// The weights `[k, k, C]` of a depthwise convolution, each tap repeated over a period and a tile.
pub struct Taps<E> {
    kernel: usize,
    dilation: usize,
    channels: usize,
    period: usize,
    /// Elements of one tap.
    run: usize,
    weights: Vec<E>,
}

impl<E: Element> Taps<E> {
    /// Repeats `w`, no further than a row of images of the extents `frame` goes.
    pub fn new(w: &[E], kernel: usize, dilation: usize, frame: Frame) -> Self {
        let (channels, period) = (frame.c, period(frame.c));
        let run = frame.row().min(period + TILE * BLOCK);
        let mut weights = Vec::with_capacity(kernel * kernel * run);
        w.chunks_exact(channels).for_each(|tap| repeat(&mut weights, tap, run));
        Taps { kernel, dilation, channels, period, run, weights }
    }

    /// How many taps there are.
    pub fn count(&self) -> usize {
        self.kernel * self.kernel
    }
}

/// The weights of the convolution that takes the output's gradient to the input's.
pub fn flipped<E: Element>(w: &[E], channels: usize) -> Vec<E> {
    w.chunks_exact(channels).rev().flatten().copied().collect()
}

/// The least number of elements after which both channels and registers begin anew.
pub(super) fn period(channels: usize) -> usize {
    (1..=BLOCK).map(|n| n * channels).find(|n| n.is_multiple_of(BLOCK)).expect("BLOCK itself will do")
}

/// out\[o, c\] = Σ_tap x\[o + d·tap, c\] · w\[tap, c\], or added to `out`.
pub struct Depthwise<'a, E> {
    /// Extents of `x`, whose border is (k − 1)/2 · d wide.
    pub frame: Frame,
    /// The weights.
    pub taps: &'a Taps<E>,
    /// The image in its frame.
    pub x: &'a [E],
    /// Where the result goes.
    pub out: &'a mut [E],
    /// Whether to add to `out`.
    pub add: bool,
}

impl<E: Element> Task<E> for Depthwise<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(mut self) {
        let row = self.frame.row();
        for y in 0..self.frame.h {
            seq();
            let mut at = 0;
            while at + 8 * V::N <= row {
                self.tile::<V, 8>(y, &mut at);
            }
            if at + 4 * V::N <= row {
                self.tile::<V, 4>(y, &mut at);
            }
            while at + V::N <= row {
                self.tile::<V, 1>(y, &mut at);
            }
            for at in at..row {
                self.element::<V>(y, at);
            }
        }
    }
}

impl<E: Element> Depthwise<'_, E> {
    /// `T` registers of row `y` from element `at`.
    #[inline(always)]
    fn tile<V: Vector<E>, const T: usize>(&mut self, y: usize, at: &mut usize) {
        let (taps, stride, size) = (self.taps, self.frame.stride(), T * V::N);
        let (kernel, run, step) = (taps.kernel, taps.run, taps.dilation * taps.channels);
        // With one register a period, all of a tile take the same weights.
        let same = V::N.is_multiple_of(taps.channels);
        let from = if same { 0 } else { *at % taps.period };
        let mut acc = [V::splat(E::zero()); T];
        for (ky, w) in taps.weights.chunks_exact(kernel * run).enumerate() {
            seq();
            let mut x = &self.x[(y + ky * taps.dilation) * stride + *at..];
            for w in w.chunks_exact(run) {
                seq();
                let (w, tile) = (&w[from..][..size], &x[..size]);
                if same {
                    let w = V::load(w);
                    unroll!(T, t, acc[t] = acc[t].fma(V::load(&tile[t * V::N..]), w));
                } else {
                    unroll!(T, t, acc[t] = acc[t].fma(V::load(&tile[t * V::N..]), V::load(&w[t * V::N..])));
                }
                x = &x[step.min(x.len())..];
            }
        }
        let out = &mut self.out[y * self.frame.row() + *at..][..size];
        if self.add {
            unroll!(T, t, acc[t] = acc[t].add(V::load(&out[t * V::N..])));
        }
        unroll!(T, t, acc[t].store(&mut out[t * V::N..]));
        *at += size;
    }

    #[inline(always)]
    fn element<V: Vector<E>>(&mut self, y: usize, at: usize) {
        let (taps, mut sum) = (self.taps, E::zero());
        for ky in 0..taps.kernel {
            for kx in 0..taps.kernel {
                seq();
                let x = (y + ky * taps.dilation) * self.frame.stride() + at + kx * taps.dilation * taps.channels;
                sum =
                    E::fma::<V>(sum, self.x[x], taps.weights[(ky * taps.kernel + kx) * taps.run + at % taps.channels]);
            }
        }
        let out = &mut self.out[y * self.frame.row() + at];
        *out = if self.add { *out + sum } else { sum };
    }
}

/// gw\[tap, c\] += Σ_o x\[o + d·tap, c\] · g\[o, c\].
pub struct DepthwiseGradient<'a, E> {
    /// Extents of `x`.
    pub frame: Frame,
    /// Kernel size k.
    pub kernel: usize,
    /// Dilation d.
    pub dilation: usize,
    /// The image in its frame.
    pub x: &'a [E],
    /// The output's gradient.
    pub g: &'a [E],
    /// The sums, of [`DepthwiseGradient::size`]; [`DepthwiseGradient::fold`] gives gw.
    pub sums: &'a mut [E],
}

impl<E: Element> DepthwiseGradient<'_, E> {
    /// How many sums there are.
    pub fn size(kernel: usize, channels: usize) -> usize {
        kernel * kernel * period(channels)
    }

    /// Adds the sums of each tap and channel to gw.
    pub fn fold(gw: &mut [E], sums: &[E], channels: usize) {
        for (gw, sums) in gw.chunks_exact_mut(channels).zip(sums.chunks_exact(period(channels))) {
            sums.chunks_exact(channels).for_each(|sums| gw.iter_mut().zip(sums).for_each(|(gw, sum)| *gw += *sum));
        }
    }
}

impl<E: Element> Task<E> for DepthwiseGradient<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(mut self) {
        let row = self.frame.row();
        let vectors = row - row % V::N;
        for at in (0..vectors).step_by(V::N) {
            seq();
            for ky in 0..self.kernel {
                seq();
                let mut kx = 0;
                while kx + 5 <= self.kernel {
                    self.taps::<V, 5>(at, ky, &mut kx);
                }
                while kx + 3 <= self.kernel {
                    self.taps::<V, 3>(at, ky, &mut kx);
                }
                while kx < self.kernel {
                    self.taps::<V, 1>(at, ky, &mut kx);
                }
            }
        }
        for at in vectors..row {
            self.element::<V>(at);
        }
    }
}

impl<E: Element> DepthwiseGradient<'_, E> {
    /// `J` neighbouring taps of one register's column of pixels; even and odd rows in sums of their
    /// own, since `J` alone would wait for one another.
    #[inline(always)]
    fn taps<V: Vector<E>, const J: usize>(&mut self, at: usize, ky: usize, kx: &mut usize) {
        let (frame, stride, row) = (self.frame, self.frame.stride(), self.frame.row());
        let step = self.dilation * frame.c;
        let size = (J - 1) * step + V::N;
        let (mut even, mut odd) = ([V::splat(E::zero()); J], [V::splat(E::zero()); J]);
        let x = &self.x[ky * self.dilation * stride + at + *kx * step..];
        for y in 0..frame.h / 2 {
            seq();
            let (x0, x1) = (&x[2 * y * stride..][..size], &x[(2 * y + 1) * stride..][..size]);
            let (g0, g1) = (V::load(&self.g[2 * y * row + at..]), V::load(&self.g[(2 * y + 1) * row + at..]));
            unroll!(J, j, even[j] = even[j].fma(V::load(&x0[j * step..]), g0));
            unroll!(J, j, odd[j] = odd[j].fma(V::load(&x1[j * step..]), g1));
        }
        if !frame.h.is_multiple_of(2) {
            let y = frame.h - 1;
            let (x, g) = (&x[y * stride..][..size], V::load(&self.g[y * row + at..]));
            unroll!(J, j, even[j] = even[j].fma(V::load(&x[j * step..]), g));
        }
        let period = period(frame.c);
        let sums = &mut self.sums[(ky * self.kernel + *kx) * period + at % period..];
        unroll!(J, j, {
            let sum = &mut sums[j * period..];
            V::load(sum).add(even[j].add(odd[j])).store(sum);
        });
        *kx += J;
    }

    #[inline(always)]
    fn element<V: Vector<E>>(&mut self, at: usize) {
        let (frame, period) = (self.frame, period(self.frame.c));
        for ky in 0..self.kernel {
            for kx in 0..self.kernel {
                let mut sum = E::zero();
                for y in 0..frame.h {
                    seq();
                    let x = (y + ky * self.dilation) * frame.stride() + at + kx * self.dilation * frame.c;
                    sum = E::fma::<V>(sum, self.x[x], self.g[y * frame.row() + at]);
                }
                self.sums[(ky * self.kernel + kx) * period + at % frame.c] += sum;
            }
        }
    }
}
