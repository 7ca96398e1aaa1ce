//! The processor's kernels: loops over channels-last slices, parallel over images.
//!
//! Sums that cross images are taken over groups of images that do not depend on the number of threads,
//! and added in index order; so neither do results.

mod affine;
mod assemble;
mod buffers;
mod classify;
mod compiled;
mod concatenate;
mod convolution;
mod depthwise;
mod follow;
mod head;
mod image;
mod normalise;
mod normalised;
mod optimise;
mod pool;
mod relu;
mod separable;
mod share;
mod sum;
mod twice;

use super::{
    Buf, Forward, Memory, Meter, meter,
    vectors::{Vectors, run},
};
use crate::tensor::{Element, Error, error::Result};
use dfdx::{
    prelude::{Backward, Rank0},
    tensor::{Cpu, CpuError, OwnedTape, PutTape, Tensor, ZerosTensor},
};
use image::Axpy;
use share::{each_chunk, each_chunk_with};
use std::sync::Arc;

/// Images whose sums one thread takes together.
const GROUP: usize = 4;

/// Elements handed to a thread at a time, where there are no images.
const CHUNK: usize = 1 << 14;

/// [`Kernel`](super::Kernel) for any element, as the kernels are written; [`compiled`] has them for those that there are.
pub trait Generic<Op, E: Element> {
    type Saved: 'static;

    const FILLS_EMPTY: bool = false;

    fn passes_on(&self, _: &Op, _: &Self::Saved, _i: usize) -> bool {
        false
    }

    fn forward(&self, op: &Op, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved>;

    fn backward(
        &self,
        op: &Op,
        saved: Self::Saved,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError>;
}

impl<E: Element> Memory<E> for Cpu {
    fn upload(&self, host: &[E]) -> Result<Buf<E, Self>> {
        let mut buf = buffers::take(self, host.len()).map_err(Error::device)?;
        buf.copy_from_slice(host);
        Ok(buf)
    }

    fn download(&self, buf: &Buf<E, Self>) -> Result<Vec<E>> {
        Ok(buf.to_vec())
    }

    fn recycle(&self, buf: &mut Buf<E, Self>) {
        buffers::give(buf);
    }

    fn accumulate(&self, a: &mut Buf<E, Self>, b: &Buf<E, Self>) -> std::result::Result<(), CpuError> {
        let level = Vectors::current();
        each_chunk(a, CHUNK, b.len(), |i, out| run(level, Axpy { s: E::one(), x: &b[i * CHUNK..], out }));
        Ok(())
    }

    fn meter() -> &'static Meter {
        &meter::HEAP
    }

    fn run_tape(&self, tape: OwnedTape<E, Self>) -> std::result::Result<(), CpuError> {
        let start: Tensor<Rank0, E, Cpu> = self.try_zeros()?;
        start.put_tape(tape).try_backward().map(|_| ())
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

/// Adds the sum of `parts`, of `n` elements each, to a gradient.
fn add_parts<'a, E: Element>(
    device: &Cpu,
    gx: &mut Buf<E, Cpu>,
    n: usize,
    parts: impl Iterator<Item = &'a Vec<E>>,
) -> std::result::Result<(), CpuError> {
    let mut total = vec![E::zero(); n];
    parts.for_each(|part| add(&mut total, part));
    zeroed(device, gx, n)?;
    add(gx, &total);
    Ok(())
}

/// Makes room for a gradient of `n` elements where there is none yet; whether there was one, to add to.
fn room<E: Element>(device: &Cpu, gx: &mut Buf<E, Cpu>, n: usize) -> std::result::Result<bool, CpuError> {
    let add = !gx.is_empty();
    if !add {
        *gx = buffers::take(device, n)?;
    }
    Ok(add)
}

/// The same with zeros, to add to in any case.
fn zeroed<E: Element>(device: &Cpu, gx: &mut Buf<E, Cpu>, n: usize) -> std::result::Result<(), CpuError> {
    if !room(device, gx, n)? {
        gx.fill(E::zero());
    }
    Ok(())
}

/// Keeps the memory of something saved, unless somebody else still has it.
fn done<E: Element>(mut saved: Arc<Buf<E, Cpu>>) {
    Arc::get_mut(&mut saved).into_iter().for_each(buffers::give);
}

/// a += b
fn add<E: Element>(a: &mut [E], b: &[E]) {
    a.iter_mut().zip(b).for_each(|(a, &b)| *a += b);
}
