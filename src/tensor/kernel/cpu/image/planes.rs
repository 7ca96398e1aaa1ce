//! Images as planes of one register a pixel, the last filled up with zeros: every number of channels takes
//! the same path.

use super::Frame;
use crate::tensor::{
    Element,
    kernel::lanes::{Vector, prefetch, seq},
};

/// The first `n` of `space`, which keeps the rest.
#[inline(always)]
pub fn part<'a, V>(space: &mut &'a mut [V], n: usize) -> &'a mut [V] {
    let (part, rest) = std::mem::take(space).split_at_mut(n);
    *space = rest;
    part
}

/// Rows of an image in its border of zeros, plane by plane: the last few that were written, each in the place of one
/// that is needed no more, so that all stay in the nearest cache.
pub struct Planes<'a, V> {
    frame: Frame,
    /// Where each row of the frame begins in a plane; all rows of the border are one, behind the others.
    starts: Vec<usize>,
    /// Registers of a plane.
    plane: usize,
    data: &'a mut [V],
}

impl<'a, V> Planes<'a, V> {
    /// Registers that a plane needs which keeps `kept` rows.
    pub fn len(frame: Frame, kept: usize) -> usize {
        (kept + 1) * (frame.w + 2 * frame.pad)
    }

    /// `count` planes that keep `kept` rows each, of the zeros that `space` begins with.
    #[inline(always)]
    pub fn new(frame: Frame, kept: usize, count: usize, space: &mut &'a mut [V]) -> Self {
        let border = |y: usize| y < frame.pad || y >= frame.h + frame.pad;
        let place = |y| if border(y) { kept } else { y % kept };
        let starts = (0..frame.h + 2 * frame.pad).map(|y| place(y) * (frame.w + 2 * frame.pad)).collect();
        let plane = Self::len(frame, kept);
        Planes { frame, starts, plane, data: part(space, count * plane) }
    }

    /// What lies under the taps of row `y` of the result, from the first tap of the first pixel on.
    #[inline(always)]
    pub fn window(&self, block: usize, y: usize) -> Window<'_, V> {
        Window { plane: &self.data[block * self.plane..], starts: &self.starts[y..] }
    }

    /// Row `y` of the image in plane `block`.
    #[inline(always)]
    pub fn row(&self, block: usize, y: usize) -> &[V] {
        &self.data[self.start(block, y)..][..self.frame.w]
    }

    /// The same, to be written.
    #[inline(always)]
    pub fn row_mut(&mut self, block: usize, y: usize) -> &mut [V] {
        let start = self.start(block, y);
        &mut self.data[start..][..self.frame.w]
    }

    #[inline(always)]
    fn start(&self, block: usize, y: usize) -> usize {
        block * self.plane + self.starts[y + self.frame.pad] + self.frame.pad
    }
}

/// Rows of a plane, one under another.
#[derive(Clone, Copy)]
pub struct Window<'a, V> {
    plane: &'a [V],
    starts: &'a [usize],
}

impl<'a, V> Window<'a, V> {
    /// Row `r` from pixel `at` on, border included.
    #[inline(always)]
    pub fn row(&self, r: usize, at: usize) -> &'a [V] {
        &self.plane[self.starts[r] + at..]
    }
}

/// The register `block` of a pixel; zeros behind the last channel.
#[inline(always)]
fn load<E: Element, V: Vector<E>>(pixel: &[E], channels: usize, block: usize) -> V {
    V::load_part(&pixel[block * V::N..channels.min((block + 1) * V::N)])
}

/// Writes it.
#[inline(always)]
fn store<E: Element, V: Vector<E>>(v: V, pixel: &mut [E], channels: usize, block: usize) {
    v.store_part(&mut pixel[block * V::N..channels.min((block + 1) * V::N)]);
}

/// Elements between what is read and what is asked for: about two rows of sixteen channels.
pub const AHEAD: usize = 1024;

/// What is done to a register on its way; not a closure, which the compiler may leave out of line.
pub trait Map<E, V>: Copy {
    /// Does it; `before` is what stands where the result goes.
    fn of(self, v: V, before: V) -> V;
}

/// Nothing.
#[derive(Clone, Copy)]
struct Same;

impl<E, V> Map<E, V> for Same {
    #[inline(always)]
    fn of(self, v: V, _: V) -> V {
        v
    }
}

/// The register `block` of a pixel, of which there are so many that all are `WHOLE`, or not.
#[inline(always)]
pub fn load_if<E: Element, V: Vector<E>, const WHOLE: bool>(pixel: &[E], channels: usize, block: usize) -> V {
    if WHOLE { V::load(&pixel[block * V::N..]) } else { load::<E, V>(pixel, channels, block) }
}

/// The registers `block` of a row of pixels.
#[inline(always)]
pub fn load_row<E: Element, V: Vector<E>>(row: &mut [V], x: &[E], channels: usize, block: usize) {
    load_mapped(row, x, channels, block, Same);
}

/// The same, changed by `map`.
#[inline(always)]
pub fn load_mapped<E: Element, V: Vector<E>, M: Map<E, V>>(
    row: &mut [V],
    x: &[E],
    channels: usize,
    block: usize,
    map: M,
) {
    if (block + 1) * V::N <= channels {
        load_each::<E, V, M, true>(row, x, channels, block, map);
    } else {
        load_each::<E, V, M, false>(row, x, channels, block, map);
    }
}

#[inline(always)]
fn load_each<E: Element, V: Vector<E>, M: Map<E, V>, const WHOLE: bool>(
    row: &mut [V],
    x: &[E],
    channels: usize,
    block: usize,
    map: M,
) {
    for (v, pixel) in row.iter_mut().zip(x.chunks_exact(channels)) {
        seq();
        prefetch::<_, false>(pixel, AHEAD);
        *v = map.of(load_if::<E, V, WHOLE>(pixel, channels, block), *v);
    }
}

/// Writes the register `block` of a pixel, or adds it.
#[inline(always)]
pub fn store_if<E: Element, V: Vector<E>, const WHOLE: bool>(
    v: V,
    pixel: &mut [E],
    channels: usize,
    block: usize,
    add: bool,
) {
    let v = if add { load_if::<E, V, WHOLE>(pixel, channels, block).add(v) } else { v };
    if WHOLE { v.store(&mut pixel[block * V::N..]) } else { store(v, pixel, channels, block) }
}

/// Writes a row of registers to one of pixels, or adds it.
#[inline(always)]
pub fn store_row<E: Element, V: Vector<E>>(out: &mut [E], row: &[V], channels: usize, block: usize, add: bool) {
    if (block + 1) * V::N <= channels {
        store_each::<E, V, true>(out, row, channels, block, add);
    } else {
        store_each::<E, V, false>(out, row, channels, block, add);
    }
}

#[inline(always)]
fn store_each<E: Element, V: Vector<E>, const WHOLE: bool>(
    out: &mut [E],
    row: &[V],
    channels: usize,
    block: usize,
    add: bool,
) {
    for (pixel, v) in out.chunks_exact_mut(channels).zip(row) {
        seq();
        prefetch::<_, false>(pixel, AHEAD);
        store_if::<E, V, WHOLE>(*v, pixel, channels, block, add);
    }
}

/// Weights `[rows, channels]`, each row as registers: `[blocks, rows]`, from the start of `space`.
#[inline(always)]
pub fn registers<'a, E: Element, V: Vector<E>>(w: &[E], channels: usize, space: &mut &'a mut [V]) -> &'a mut [V] {
    let rows = w.len() / channels;
    let all = part(space, channels.div_ceil(V::N) * rows);
    for (i, v) in all.iter_mut().enumerate() {
        seq();
        *v = load(&w[i % rows * channels..][..channels], channels, i / rows);
    }
    all
}

/// Adds registers `[blocks, rows]` to sums `[rows, channels]`.
#[inline(always)]
pub fn add_registers<E: Element, V: Vector<E>>(sums: &mut [E], all: &[V], channels: usize) {
    let rows = sums.len() / channels;
    for (i, v) in all.iter().enumerate() {
        seq();
        let (block, row) = (i / rows, &mut sums[i % rows * channels..][..channels]);
        let sum = load::<E, V>(row, channels, block).add(*v);
        store(sum, row, channels, block);
    }
}
