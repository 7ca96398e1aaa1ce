//! The processor's kernels: plain loops over channels-last slices, parallel over images.
//!
//! Sums that cross images go to one slot an image and are added in index order, so that results do
//! not depend on the number of threads.

mod affine;
mod combine;
mod convolution;
mod depthwise;
mod head;
mod normalise;
mod pool;
mod relu;

use super::{Buf, Memory, zeros};
use crate::tensor::{Element, Error, error::Result};
use dfdx::tensor::{Cpu, CpuError};
use rayon::prelude::*;

/// Below this many elementary steps, handing work to other threads costs more than it brings.
const WORTH_SHARING: usize = 1 << 15;

impl<E: Element> Memory<E> for Cpu {
    fn upload(&self, host: &[E]) -> Result<Buf<E, Self>> {
        let mut buf = zeros::<E, Cpu>(self, host.len()).map_err(Error::device)?;
        buf.copy_from_slice(host);
        Ok(buf)
    }

    fn download(&self, buf: &Buf<E, Self>) -> Result<Vec<E>> {
        Ok(buf.to_vec())
    }

    fn accumulate(&self, a: &mut Buf<E, Self>, b: &Buf<E, Self>) -> std::result::Result<(), CpuError> {
        add(a, b);
        Ok(())
    }
}

/// Runs `f` on each `size` elements of `out` with their index; `work` is the number of elementary
/// steps in all. Results come back in index order.
fn each_chunk<E: Send, R: Send>(
    out: &mut [E],
    size: usize,
    work: usize,
    f: impl Fn(usize, &mut [E]) -> R + Sync + Send,
) -> Vec<R> {
    if work < WORTH_SHARING {
        out.chunks_mut(size).enumerate().map(|(i, chunk)| f(i, chunk)).collect()
    } else {
        out.par_chunks_mut(size).enumerate().map(|(i, chunk)| f(i, chunk)).collect()
    }
}

/// Runs `f` for 0..n and adds the results, vectors of equal length, to `total` in index order.
fn sum_over<E: Element>(total: &mut [E], n: usize, work: usize, f: impl Fn(usize) -> Vec<E> + Sync + Send) {
    let parts: Vec<Vec<E>> =
        if work < WORTH_SHARING { (0..n).map(f).collect() } else { (0..n).into_par_iter().map(f).collect() };
    parts.iter().for_each(|part| add(total, part));
}

/// a += b
fn add<E: Element>(a: &mut [E], b: &[E]) {
    a.iter_mut().zip(b).for_each(|(a, &b)| *a += b);
}

/// acc += s · x. Blocks of eight become vector code.
#[inline(always)]
fn axpy<E: Element>(acc: &mut [E], s: E, x: &[E]) {
    let (blocks, rest) = acc.as_chunks_mut::<8>();
    let (x_blocks, x_rest) = x.as_chunks::<8>();
    for (acc, x) in blocks.iter_mut().zip(x_blocks) {
        (0..8).for_each(|i| acc[i] += s * x[i]);
    }
    rest.iter_mut().zip(x_rest).for_each(|(acc, &x)| *acc += s * x);
}

/// acc += x · w, entry by entry.
#[inline(always)]
fn mul_add<E: Element>(acc: &mut [E], x: &[E], w: &[E]) {
    let (blocks, rest) = acc.as_chunks_mut::<8>();
    let ((x_blocks, x_rest), (w_blocks, w_rest)) = (x.as_chunks::<8>(), w.as_chunks::<8>());
    for ((acc, x), w) in blocks.iter_mut().zip(x_blocks).zip(w_blocks) {
        (0..8).for_each(|i| acc[i] += x[i] * w[i]);
    }
    rest.iter_mut().zip(x_rest).zip(w_rest).for_each(|((acc, &x), &w)| *acc += x * w);
}

/// Σ x · y, in eight interleaved partial sums.
fn dot<E: Element>(x: &[E], y: &[E]) -> E {
    let ((x_blocks, x_rest), (y_blocks, y_rest)) = (x.as_chunks::<8>(), y.as_chunks::<8>());
    let mut lanes = [E::zero(); 8];
    for (x, y) in x_blocks.iter().zip(y_blocks) {
        (0..8).for_each(|i| lanes[i] += x[i] * y[i]);
    }
    let rest: E = x_rest.iter().zip(y_rest).map(|(&x, &y)| x * y).sum();
    lanes.iter().copied().sum::<E>() + rest
}

/// The input pixels under a k×k window at `(y, x)`, as (tap, pixel), rows first; padding is left out.
fn window(
    (h, w): (usize, usize),
    (y, x): (usize, usize),
    kernel: usize,
    dilation: usize,
) -> impl Iterator<Item = (usize, usize)> {
    let pad = (kernel - 1) / 2 * dilation;
    (0..kernel)
        .filter_map(move |ky| (y + ky * dilation).checked_sub(pad).filter(|iy| *iy < h).map(|iy| (ky, iy)))
        .flat_map(move |(ky, iy)| {
            (0..kernel).filter_map(move |kx| {
                let ix = (x + kx * dilation).checked_sub(pad).filter(|ix| *ix < w)?;
                Some((ky * kernel + kx, iy * w + ix))
            })
        })
}
