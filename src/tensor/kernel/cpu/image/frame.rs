//! An image inside a border of zeros.

use super::{
    LINE,
    space::{Space, space},
};
use crate::tensor::{Element, op::Image};
use std::ops::{Deref, DerefMut};

/// Extents of an image and of the border around it; a row of the frame is contiguous.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Height of the image.
    pub h: usize,
    /// Width of the image.
    pub w: usize,
    /// Channels.
    pub c: usize,
    /// Pixels of border on each side.
    pub pad: usize,
}

impl Frame {
    /// The frame around an image of these extents.
    pub fn new(image: Image, pad: usize) -> Self {
        Frame { h: image.h, w: image.w, c: image.c, pad }
    }

    /// Elements from one row to the next.
    #[inline(always)]
    pub fn stride(self) -> usize {
        (self.w + 2 * self.pad) * self.c
    }

    /// Elements of a row of the image.
    #[inline(always)]
    pub fn row(self) -> usize {
        self.w * self.c
    }

    /// Rows that lie under the taps of one row of results.
    #[inline(always)]
    pub fn span(self) -> usize {
        2 * self.pad + 1
    }

    /// Elements in all.
    #[inline(always)]
    pub fn len(self) -> usize {
        (self.h + 2 * self.pad) * self.stride()
    }

    /// A frame of zeros.
    pub fn empty<E: Element>(self) -> Aligned<E> {
        Aligned::zeros(self.len())
    }

    /// Writes an image inside the border of the frame `out`.
    pub fn fill<E: Copy>(self, image: &[E], out: &mut [E]) {
        let rows = out[self.pad * self.stride()..].chunks_exact_mut(self.stride());
        for (out, image) in rows.zip(image.chunks_exact(self.row())) {
            out[self.pad * self.c..][..self.row()].copy_from_slice(image);
        }
    }
}

/// Elements that begin where a cache line does, so that a register is not read from two of them.
pub struct Aligned<E: 'static> {
    buffer: Space<E>,
    start: usize,
    n: usize,
}

impl<E: Element> Aligned<E> {
    /// `n` zeros.
    pub fn zeros(n: usize) -> Self {
        let buffer = space(E::zero(), n + LINE / size_of::<E>());
        // What does not fit has no remedy and needs none: alignment is for speed alone.
        let start = buffer.as_ptr().align_offset(LINE).min(buffer.len() - n);
        Aligned { buffer, start, n }
    }
}

impl<E> Deref for Aligned<E> {
    type Target = [E];

    fn deref(&self) -> &[E] {
        &self.buffer[self.start..][..self.n]
    }
}

impl<E> DerefMut for Aligned<E> {
    fn deref_mut(&mut self) -> &mut [E] {
        &mut self.buffer[self.start..][..self.n]
    }
}
