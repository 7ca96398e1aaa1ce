//! An image inside a border of zeros.

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
    pub fn stride(self) -> usize {
        (self.w + 2 * self.pad) * self.c
    }

    /// Elements of a row of the image.
    pub fn row(self) -> usize {
        self.w * self.c
    }

    /// Elements in all.
    pub fn len(self) -> usize {
        (self.h + 2 * self.pad) * self.stride()
    }

    /// A frame of zeros.
    pub fn empty<E: Element>(self) -> Aligned<E> {
        Aligned::zeros(self.len())
    }

    /// Writes `f` of the entries of `image` inside the border.
    #[inline(always)]
    pub fn fill<E: Element>(self, frame: &mut [E], image: &[E], f: impl Fn(E) -> E) {
        let rows = frame[self.pad * self.stride()..].chunks_exact_mut(self.stride());
        for (to, from) in rows.zip(image.chunks_exact(self.row())) {
            to[self.pad * self.c..].iter_mut().zip(from).for_each(|(to, from)| *to = f(*from));
        }
    }
}

/// Elements that begin where a cache line does, so that a register is not read from two of them.
pub struct Aligned<E> {
    buffer: Vec<E>,
    start: usize,
}

impl<E: Element> Aligned<E> {
    /// `n` zeros.
    pub fn zeros(n: usize) -> Self {
        let buffer = vec![E::zero(); n + LINE / size_of::<E>()];
        // What does not fit has no remedy and needs none: alignment is for speed alone.
        let start = buffer.as_ptr().align_offset(LINE).min(buffer.len() - n);
        Aligned { buffer, start }
    }
}

/// Bytes of a cache line.
const LINE: usize = 64;

impl<E> Deref for Aligned<E> {
    type Target = [E];

    fn deref(&self) -> &[E] {
        &self.buffer[self.start..]
    }
}

impl<E> DerefMut for Aligned<E> {
    fn deref_mut(&mut self) -> &mut [E] {
        &mut self.buffer[self.start..]
    }
}
