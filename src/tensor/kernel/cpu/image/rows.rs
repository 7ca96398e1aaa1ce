//! The parts of separable convolutions, on rows of registers. A kernel K of 0 stands for any.

use super::{
    ahead::{Aheads, TILE, after, ask},
    planes::Window,
};
use crate::tensor::{
    Element,
    kernel::lanes::{Vector, seq, unroll},
};

/// Kernel size and dilation.
pub type Size = (usize, usize);

/// Calls the function with K, D, the inputs L of eight neighbouring pixels and M of one.
macro_rules! with_kernel {
    ($function:ident::<$e:ty, $v:ty>($($argument:expr),*), $size:expr) => {
        match $size {
            (3, 1) => $function::<$e, $v, 3, 1, 10, 3>($($argument),*, $size),
            (3, 2) => $function::<$e, $v, 3, 2, 12, 5>($($argument),*, $size),
            (5, 1) => $function::<$e, $v, 5, 1, 12, 5>($($argument),*, $size),
            (5, 2) => $function::<$e, $v, 5, 2, 16, 9>($($argument),*, $size),
            _ => $function::<$e, $v, 0, 0, 8, 1>($($argument),*, $size),
        }
    };
}

/// Whether there are but 16 registers: too few for eight sums and a row of inputs. One input at a time will do, and goes
/// to all sums before the next is read.
const fn few<E, V: Vector<E>>() -> bool {
    V::N * size_of::<E>() < 64
}

/// Whether registers of half the length will do for `channels`.
pub fn half<E, V: Vector<E>>(channels: usize) -> bool {
    channels <= <V::Half as Vector<E>>::N && <V::Half as Vector<E>>::N < V::N
}

/// out\[o\] = Σ_tap x\[o + d·tap\] · w\[tap\] over a row. What is asked for is in as many parts as there are rows of taps
/// in all tiles.
#[inline(always)]
pub fn depthwise<E: Element, V: Vector<E>>(out: &mut [V], x: Window<'_, V>, w: &[V], size: Size, ahead: Aheads<'_, E>) {
    with_kernel!(depthwise_row::<E, V>(out, x, w, ahead), size);
}

#[inline(always)]
fn depthwise_row<E: Element, V: Vector<E>, const K: usize, const D: usize, const L: usize, const M: usize>(
    out: &mut [V],
    x: Window<'_, V>,
    w: &[V],
    ahead: Aheads<'_, E>,
    size: Size,
) {
    let (tiles, rest) = out.as_chunks_mut::<TILE>();
    for (i, out) in tiles.iter_mut().enumerate() {
        seq();
        let ahead = after(ahead, i * size.0);
        *out = depthwise_tile::<E, V, K, D, 8, L>(x, 8 * i, w, ahead, size);
    }
    for (i, out) in rest.iter_mut().enumerate() {
        seq();
        [*out] = depthwise_tile::<E, V, K, D, 1, M>(x, 8 * tiles.len() + i, w, [None; 2], size);
    }
}

/// `T` pixels from pixel `at` on, whose taps in a row need `L` inputs; for any kernel where K is 0.
#[inline(always)]
fn depthwise_tile<E: Element, V: Vector<E>, const K: usize, const D: usize, const T: usize, const L: usize>(
    x: Window<'_, V>,
    at: usize,
    w: &[V],
    ahead: Aheads<'_, E>,
    (kernel, dilation): Size,
) -> [V; T] {
    let mut acc = [V::splat(E::zero()); T];
    if K == 0 {
        for (ky, w) in w.chunks_exact(kernel).enumerate() {
            seq();
            ask(ahead, ky);
            let x = x.row(ky * dilation, at);
            for (kx, w) in w.iter().enumerate() {
                seq();
                let x = x[kx * dilation..].first_chunk::<T>().expect("a frame around the image");
                unroll!(T, t, acc[t] = acc[t].fma(x[t], *w));
            }
        }
    }
    for ky in 0..K {
        seq();
        ask(ahead, ky);
        let x = x.row(ky * D, at).first_chunk::<L>().expect("a frame around the image");
        let w = w[ky * K..].first_chunk::<K>().expect("K rows of taps");
        if few::<E, V>() {
            unroll!(L, i, {
                unroll!(K, kx, {
                    let t = i.wrapping_sub(kx * D);
                    if t < T {
                        acc[t] = acc[t].fma(x[i], w[kx]);
                    }
                });
            });
        } else {
            unroll!(K, kx, unroll!(T, t, acc[t] = acc[t].fma(x[t + kx * D], w[kx])));
        }
    }
    acc
}

/// sums\[tap\] += Σ x\[o + d·tap\] · g\[o\] over a row, asking as [`depthwise`] does.
#[inline(always)]
pub fn depthwise_gradient<E: Element, V: Vector<E>>(
    sums: &mut [V],
    x: Window<'_, V>,
    g: &[V],
    size: Size,
    ahead: Aheads<'_, E>,
) {
    with_kernel!(depthwise_gradient_row::<E, V>(sums, x, g, ahead), size);
}

/// One row of taps at a time; even and odd pixels have sums of their own, since K alone would wait for one another.
#[inline(always)]
fn depthwise_gradient_row<E: Element, V: Vector<E>, const K: usize, const D: usize, const L: usize, const M: usize>(
    sums: &mut [V],
    x: Window<'_, V>,
    g: &[V],
    ahead: Aheads<'_, E>,
    (kernel, dilation): Size,
) {
    let (tiles, rest) = g.as_chunks::<TILE>();
    let zero = V::splat(E::zero());
    if K == 0 {
        for (tap, sum) in sums.iter_mut().enumerate() {
            seq();
            let x = x.row(tap / kernel * dilation, tap % kernel * dilation);
            let (mut even, mut odd) = (zero, zero);
            for (i, g) in tiles.iter().enumerate() {
                seq();
                let x = x[8 * i..].first_chunk::<8>().expect("a frame around the image");
                unroll!(4, t, {
                    even = even.fma(x[2 * t], g[2 * t]);
                    odd = odd.fma(x[2 * t + 1], g[2 * t + 1]);
                });
            }
            for (x, g) in x[8 * tiles.len()..].iter().zip(rest) {
                seq();
                even = even.fma(*x, *g);
            }
            *sum = sum.add(even.add(odd));
        }
    }
    for ky in 0..K {
        seq();
        let x = x.row(ky * D, 0);
        let (mut even, mut odd) = ([zero; K], [zero; K]);
        for (i, g) in tiles.iter().enumerate() {
            seq();
            ask(ahead, ky * tiles.len() + i);
            let x = x[8 * i..].first_chunk::<L>().expect("a frame around the image");
            unroll!(4, t, {
                unroll!(K, kx, even[kx] = even[kx].fma(x[2 * t + kx * D], g[2 * t]));
                unroll!(K, kx, odd[kx] = odd[kx].fma(x[2 * t + 1 + kx * D], g[2 * t + 1]));
                if few::<E, V>() {
                    seq();
                }
            });
        }
        for (i, g) in rest.iter().enumerate() {
            seq();
            let x = x[8 * tiles.len() + i..].first_chunk::<M>().expect("a frame around the image");
            unroll!(K, kx, even[kx] = even[kx].fma(x[kx * D], *g));
        }
        let sums = sums[ky * K..].first_chunk_mut::<K>().expect("K rows of taps");
        unroll!(K, kx, sums[kx] = sums[kx].add(even[kx].add(odd[kx])));
    }
}

/// One register of outputs of the matrix product of a row: `x` has a row for each plane, one after another,
/// `w` a register for each of the inputs. A new plane begins after every `run` of them, and every register.
#[inline(always)]
pub fn pointwise<E: Element, V: Vector<E>>(out: &mut [V], x: &[V], w: &[V], run: usize, ahead: Aheads<'_, E>) {
    let width = out.len();
    let (tiles, rest) = out.as_chunks_mut::<TILE>();
    for (i, out) in tiles.iter_mut().enumerate() {
        seq();
        ask(ahead, i);
        *out = pointwise_tile::<E, V, 8>(&x[8 * i..], width, w, run);
    }
    for (i, out) in rest.iter_mut().enumerate() {
        seq();
        [*out] = pointwise_tile::<E, V, 1>(&x[8 * tiles.len() + i..], width, w, run);
    }
}

#[inline(always)]
fn pointwise_tile<E: Element, V: Vector<E>, const T: usize>(x: &[V], width: usize, w: &[V], run: usize) -> [V; T] {
    let mut acc = [V::splat(E::zero()); T];
    let mut plane = 0;
    for w in w.chunks_exact(run) {
        seq();
        for w in w.chunks(V::N) {
            seq();
            let x = x[plane * width..].first_chunk::<T>().expect("a row for each plane");
            // Several a turn: a loop as short as one lane is slow where it crosses a line of code.
            let (some, rest) = w.as_chunks::<4>();
            for (i, w) in some.iter().enumerate() {
                unroll!(4, j, {
                    seq();
                    unroll!(T, t, acc[t] = acc[t].fma_lane(&x[t], 4 * i + j, w[j]));
                });
            }
            for (i, w) in rest.iter().enumerate() {
                seq();
                unroll!(T, t, acc[t] = acc[t].fma_lane(&x[t], 4 * some.len() + i, *w));
            }
            plane += 1;
        }
    }
    acc
}

/// sums\[input\] += Σ lane input of x\[o\] · g\[o\] over a row, for one register of outputs; `x` and `run` as
/// in [`pointwise`]; what is asked for is in as many parts as there are pixels in all planes.
#[inline(always)]
pub fn pointwise_gradient<E: Element, V: Vector<E>>(
    sums: &mut [V],
    x: &[V],
    g: &[V],
    run: usize,
    ahead: Aheads<'_, E>,
) {
    let mut planes = x.chunks_exact(g.len()).enumerate();
    for sums in sums.chunks_exact_mut(run) {
        seq();
        for sums in sums.chunks_mut(V::N) {
            seq();
            let (plane, x) = planes.next().expect("a row for each plane");
            let ahead = after(ahead, plane * g.len());
            let mut lane = 0;
            while lane < sums.len() {
                seq();
                match sums.len() - lane {
                    16.. => lanes::<E, V, 16>(sums, &mut lane, x, g, ahead),
                    // A row of taps over three colours.
                    9 => lanes::<E, V, 9>(sums, &mut lane, x, g, ahead),
                    8.. => lanes::<E, V, 8>(sums, &mut lane, x, g, ahead),
                    4.. => lanes::<E, V, 4>(sums, &mut lane, x, g, ahead),
                    _ => lanes::<E, V, 1>(sums, &mut lane, x, g, ahead),
                }
            }
        }
    }
}

/// `J` inputs of a plane from `lane` on.
#[inline(always)]
fn lanes<E: Element, V: Vector<E>, const J: usize>(
    sums: &mut [V],
    lane: &mut usize,
    x: &[V],
    g: &[V],
    ahead: Aheads<'_, E>,
) {
    // What cannot be asked for need not be compiled.
    if J > V::N {
        return;
    }
    let sums = sums[*lane..].first_chunk_mut::<J>().expect("as many as were matched");
    let mut acc = *sums;
    for (i, (x, g)) in x.iter().zip(g).enumerate() {
        seq();
        if *lane == 0 {
            ask(ahead, i);
        }
        let x = x.lanes::<J>(*lane);
        unroll!(J, j, acc[j] = acc[j].fma(V::splat(x[j]), *g));
    }
    *sums = acc;
    *lane += J;
}
