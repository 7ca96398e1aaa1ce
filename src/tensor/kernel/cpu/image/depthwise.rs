//! Depthwise convolution of images, one after another in the same planes.

use super::{
    Frame,
    planes::{Planes, add_registers, load_row, part, registers, store_row},
    rows::{Size, depthwise, depthwise_gradient, half},
    space::space,
};
use crate::tensor::{
    Element,
    kernel::{
        lanes::{Vector, seq},
        vectors::Task,
    },
};

/// The weights of the convolution that takes the output's gradient to the input's.
pub fn flipped<E: Element>(w: &[E], channels: usize) -> Vec<E> {
    w.chunks_exact(channels).rev().flatten().copied().collect()
}

/// Puts an image into the planes.
#[inline(always)]
fn place<E: Element, V: Vector<E>>(planes: &mut Planes<'_, V>, frame: Frame, image: &[E]) {
    for (y, x) in image.chunks_exact(frame.row()).enumerate() {
        for block in 0..frame.c.div_ceil(V::N) {
            seq();
            load_row(planes.row_mut(block, y), x, frame.c, block);
        }
    }
}

/// out\[o, c\] = Σ_tap x\[o + d·tap, c\] · w\[tap, c\], or added to `out`.
pub struct Depthwise<'a, E> {
    /// Extents of an image, with a border of (k − 1)/2 · d.
    pub frame: Frame,
    /// Kernel size k and dilation d.
    pub size: Size,
    /// `[k, k, C]`.
    pub w: &'a [E],
    /// Images.
    pub x: &'a [E],
    /// Where the results go.
    pub out: &'a mut [E],
    /// Whether to add to `out`.
    pub add: bool,
}

impl<E: Element> Task<E> for Depthwise<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(mut self) {
        if half::<E, V>(self.frame.c) { self.all::<V::Half>() } else { self.all::<V>() }
    }
}

impl<E: Element> Depthwise<'_, E> {
    #[inline(always)]
    fn all<V: Vector<E>>(&mut self) {
        let (frame, c, taps, zero) = (self.frame, self.frame.c, self.size.0 * self.size.0, V::splat(E::zero()));
        let (blocks, image) = (c.div_ceil(V::N), frame.h * frame.row());
        let mut space = space(zero, blocks * taps + blocks * Planes::<V>::len(frame, frame.h) + frame.w);
        let space = &mut &mut space[..];
        let w = registers::<E, V>(self.w, c, space);
        let mut planes = Planes::new(frame, frame.h, blocks, space);
        let line = part(space, frame.w);
        for (x, out) in self.x.chunks_exact(image).zip(self.out.chunks_exact_mut(image)) {
            place(&mut planes, frame, x);
            for (y, out) in out.chunks_exact_mut(frame.row()).enumerate() {
                for (block, w) in w.chunks_exact(taps).enumerate() {
                    seq();
                    let x = planes.window(block, y);
                    depthwise(line, x, w, self.size, [None; 2]);
                    store_row(out, line, c, block, self.add);
                }
            }
        }
    }
}

/// sums\[tap, c\] += Σ_o x\[o + d·tap, c\] · g\[o, c\], image by image.
pub struct DepthwiseGradient<'a, E> {
    /// Extents of an image, with a border of (k − 1)/2 · d.
    pub frame: Frame,
    /// Kernel size k and dilation d.
    pub size: Size,
    /// Images.
    pub x: &'a [E],
    /// The outputs' gradients.
    pub g: &'a [E],
    /// `[k, k, C]`.
    pub sums: &'a mut [E],
}

impl<E: Element> Task<E> for DepthwiseGradient<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(mut self) {
        if half::<E, V>(self.frame.c) { self.all::<V::Half>() } else { self.all::<V>() }
    }
}

impl<E: Element> DepthwiseGradient<'_, E> {
    #[inline(always)]
    fn all<V: Vector<E>>(&mut self) {
        let (frame, c, taps, zero) = (self.frame, self.frame.c, self.size.0 * self.size.0, V::splat(E::zero()));
        let (blocks, image) = (c.div_ceil(V::N), frame.h * frame.row());
        let mut space = space(zero, blocks * taps + blocks * Planes::<V>::len(frame, frame.h) + frame.w);
        let space = &mut &mut space[..];
        let sums = part(space, blocks * taps);
        let mut planes = Planes::new(frame, frame.h, blocks, space);
        let line = part(space, frame.w);
        for (x, g) in self.x.chunks_exact(image).zip(self.g.chunks_exact(image)) {
            place(&mut planes, frame, x);
            sums.fill(zero);
            for (y, g) in g.chunks_exact(frame.row()).enumerate() {
                for (block, sums) in sums.chunks_exact_mut(taps).enumerate() {
                    seq();
                    load_row(line, g, c, block);
                    let x = planes.window(block, y);
                    depthwise_gradient(sums, x, line, self.size, [None; 2]);
                }
            }
            add_registers(self.sums, sums, c);
        }
    }
}
