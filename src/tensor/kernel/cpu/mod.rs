//! The processor's kernels: loops over channels-last slices, parallel over images.
//!
//! Sums that cross images are taken over groups of images that do not depend on the number of threads,
//! and added in index order; so neither do results.

mod affine;
mod combine;
mod convolution;
mod depthwise;
mod head;
mod image;
mod normalise;
mod pool;
mod relu;
mod separable;

use super::{Buf, Memory, zeros};
use crate::tensor::{Element, Error, error::Result};
use dfdx::tensor::{Cpu, CpuError};
use rayon::prelude::*;

/// Below this many elementary steps, handing work to other threads costs more than it brings.
const WORTH_SHARING: usize = 1 << 19;

/// Images whose sums one thread takes together.
const GROUP: usize = 4;

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
    each_chunk_with(out, size, work, || (), |(), i, chunk| f(i, chunk))
}

/// The same with a workspace, which a thread makes for itself and uses for many chunks.
fn each_chunk_with<E: Send, S, R: Send>(
    out: &mut [E],
    size: usize,
    work: usize,
    workspace: impl Fn() -> S + Sync + Send,
    f: impl Fn(&mut S, usize, &mut [E]) -> R + Sync + Send,
) -> Vec<R> {
    let n = out.len().div_ceil(size);
    if work < WORTH_SHARING {
        let mut s = workspace();
        out.chunks_mut(size).enumerate().map(|(i, chunk)| f(&mut s, i, chunk)).collect()
    } else {
        let chunks = out.par_chunks_mut(size).enumerate().with_min_len(n * WORTH_SHARING / work / 2 + 1);
        chunks.map_init(workspace, |s, (i, chunk)| f(s, i, chunk)).collect()
    }
}

/// Adds `f` of 0..n to `size` sums, [`GROUP`] at a time in sums of their own, these in index order.
fn sum_over<E: Element, S>(
    size: usize,
    n: usize,
    work: usize,
    workspace: impl Fn() -> S + Sync + Send,
    f: impl Fn(&mut S, usize, &mut [E]) + Sync + Send,
) -> Vec<E> {
    let mut parts = vec![E::zero(); n.div_ceil(GROUP) * size];
    each_chunk_with(&mut parts, size, work, workspace, |s, group, sums| {
        (group * GROUP..n.min((group + 1) * GROUP)).for_each(|n| f(s, n, sums));
    });
    let (total, rest) = parts.split_at_mut(size);
    rest.chunks_exact(size).for_each(|part| add(total, part));
    parts.truncate(size);
    parts
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
