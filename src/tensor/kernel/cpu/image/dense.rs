//! Dense convolution of images as matrix products, row by row: the inputs of a row's pixels are brought
//! into planes of registers, one lane an input.
//!
//! In a frame, the inputs under one row of a window are one run of k·C elements.

use super::{
    Aligned, Frame,
    ahead::{Ahead, TILE, after},
    planes::{AHEAD, Map, load_mapped, part, registers, store_row},
    rows::{half, pointwise},
    space::space,
};
use crate::tensor::{
    Element,
    kernel::{
        lanes::{Vector, prefetch, seq},
        vectors::Task,
    },
};

/// The weights `[k, k, co, ci]` of the convolution that takes the output's gradient to the input's,
/// from `[k, k, ci, co]`.
pub fn transposed<E: Element>(w: &[E], ci: usize, co: usize) -> Vec<E> {
    let tap = |w: &[E]| (0..co * ci).map(|i| w[i % ci * co + i / ci]).collect::<Vec<_>>();
    w.chunks_exact(ci * co).rev().flat_map(tap).collect()
}

/// What is read.
#[derive(Clone, Copy)]
pub struct Inputs<'a, E> {
    /// Extents of an image, with a border of (k − 1)/2.
    pub frame: Frame,
    /// Kernel size k.
    pub kernel: usize,
    /// Whether negative entries count as 0.
    pub relu: bool,
    /// Images.
    pub x: &'a [E],
}

impl<E: Element> Inputs<'_, E> {
    /// Inputs under one row of a window.
    pub(super) fn run(&self) -> usize {
        self.kernel * self.frame.c
    }

    /// Planes that a row's inputs take.
    pub(super) fn planes<V: Vector<E>>(&self) -> usize {
        self.kernel * self.run().div_ceil(V::N)
    }

    /// Image `n` in its frame; without a border, where it lies.
    #[inline(always)]
    pub(super) fn framed<'b>(&'b self, n: usize, space: &'b mut [E]) -> &'b [E] {
        let image = &self.x[n * self.frame.h * self.frame.row()..][..self.frame.h * self.frame.row()];
        if self.frame.pad == 0 {
            return image;
        }
        self.frame.fill(image, space);
        space
    }

    /// The row after row `y` of an image that lies in no frame, in `parts` parts; a framed image is near already.
    #[inline(always)]
    pub(super) fn ahead<'b>(&self, image: &'b [E], y: usize, parts: usize) -> Option<Ahead<'b, E>> {
        let row = self.frame.row();
        (self.frame.pad == 0).then(|| Ahead::new(image, (y + 1) * row, row, parts).near())
    }

    /// Space for a framed image.
    pub(super) fn space(&self) -> Aligned<E> {
        Aligned::zeros(if self.frame.pad == 0 { 0 } else { self.frame.len() })
    }

    #[inline(always)]
    fn each<V: Vector<E>, const WHOLE: bool, const RELU: bool>(&self, row: &mut [V], x: &[E]) {
        for (at, v) in row.iter_mut().enumerate() {
            seq();
            let x = &x[at * self.frame.c..];
            prefetch::<_, false>(x, AHEAD);
            let whole = if WHOLE { V::load(x) } else { V::load_part(x) };
            *v = if RELU { whole.relu() } else { whole };
        }
    }

    /// The inputs of row `y` of a framed image, a plane for each register. Lanes behind the last of a run
    /// have anything in them.
    #[inline(always)]
    pub(super) fn enter<V: Vector<E>>(&self, planes: &mut [V], framed: &[E], y: usize) {
        let (width, blocks) = (self.frame.w, self.run().div_ceil(V::N));
        for (plane, row) in planes.chunks_exact_mut(width).enumerate() {
            seq();
            let x = &framed[(y + plane / blocks) * self.frame.stride() + plane % blocks * V::N..];
            let whole = x.len() >= (width - 1) * self.frame.c + V::N;
            match (whole, self.relu) {
                (true, true) => self.each::<V, true, true>(row, x),
                (true, false) => self.each::<V, true, false>(row, x),
                (false, true) => self.each::<V, false, true>(row, x),
                (false, false) => self.each::<V, false, false>(row, x),
            }
        }
    }
}

/// Keeps what stands there where what is read is positive, else 0.
#[derive(Clone, Copy)]
pub(super) struct WherePositive;

impl<E: Element, V: Vector<E>> Map<E, V> for WherePositive {
    #[inline(always)]
    fn of(self, v: V, before: V) -> V {
        before.where_positive(v)
    }
}

/// out\[o, co\] = Σ_{tap, ci} x\[o + tap, ci\] · w\[tap, ci, co\], or added to `out`.
pub struct Dense<'a, E> {
    /// Images.
    pub inputs: Inputs<'a, E>,
    /// Output channels.
    pub co: usize,
    /// `[k, k, ci, co]`.
    pub w: &'a [E],
    /// Where the results go.
    pub out: &'a mut [E],
    /// Whether to add to `out`.
    pub add: bool,
    /// If there are any, results count only where these are positive, and as 0 elsewhere: a ReLU on the way back.
    pub positive: Option<&'a [E]>,
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
        let (inputs, co, width) = (self.inputs, self.co, self.inputs.frame.w);
        let (rows, planes) = (self.w.len() / co, inputs.planes::<V>());
        let mut space = space(V::splat(E::zero()), co.div_ceil(V::N) * rows + (planes + 1) * width);
        let space = &mut &mut space[..];
        let w = registers::<E, V>(self.w, co, space);
        let [x, line] = [planes * width, width].map(|n| part(space, n));
        let mut framed = inputs.space();
        let (row, run, blocks, tiles) = (width * co, inputs.run(), co.div_ceil(V::N), width / TILE);
        for (n, out) in self.out.chunks_exact_mut(inputs.frame.h * row).enumerate() {
            let framed = inputs.framed(n, &mut framed);
            let positive = self.positive.map(|x| &x[n * inputs.frame.h * row..]);
            for (y, out) in out.chunks_exact_mut(row).enumerate() {
                seq();
                inputs.enter(x, framed, y);
                for (block, w) in w.chunks_exact(rows).enumerate() {
                    seq();
                    let parts = tiles * blocks;
                    let next = [inputs.ahead(framed, y, parts), Some(Ahead::new(out, row, row, parts))];
                    pointwise(line, x, w, run, after(next, block * tiles));
                    if let Some(x) = positive {
                        load_mapped(line, &x[y * row..][..row], co, block, WherePositive);
                    }
                    store_row(out, line, co, block, self.add);
                }
            }
        }
    }
}
