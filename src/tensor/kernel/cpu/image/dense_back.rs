//! The way back through a dense convolution of images, row by row; what arrives goes through the norm as it is read.

use super::{
    Inputs,
    ahead::{Ahead, TILE, after},
    dense::WherePositive,
    planes::{add_registers, load_mapped, part, registers, store_row},
    rows::{half, pointwise, pointwise_gradient},
    space::space,
    through::Upstream,
};
use crate::tensor::{
    Element,
    kernel::{
        lanes::{Vector, seq},
        vectors::Task,
    },
};

/// Where the gradient of the inputs goes.
pub struct InputGradient<'a, E> {
    /// The [`transposed`](super::transposed) weights.
    pub w: &'a [E],
    /// As long as the inputs.
    pub out: &'a mut [E],
    /// Whether to add to `out`.
    pub add: bool,
}

/// sums\[tap, ci, co\] += Σ_o x\[o + tap, ci\] · g\[o, co\] over an image, and its gradient, where they are asked for.
pub struct DenseBackward<'a, E> {
    /// The image.
    pub inputs: Inputs<'a, E>,
    /// Output channels.
    pub co: usize,
    /// What arrives at its outputs.
    pub upstream: Upstream<'a, E>,
    /// `[k, k, ci, co]`.
    pub sums: Option<&'a mut [E]>,
    /// Of a kernel of 1 only.
    pub gx: Option<InputGradient<'a, E>>,
}

impl<E: Element> Task<E> for DenseBackward<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(mut self) {
        if half::<E, V>(self.co) { self.all::<V::Half>() } else { self.all::<V>() }
    }
}

impl<E: Element> DenseBackward<'_, E> {
    #[inline(always)]
    fn all<V: Vector<E>>(&mut self) {
        let (inputs, frame, ci, co) = (self.inputs, self.inputs.frame, self.inputs.frame.c, self.co);
        let (width, blocks, run, zero) = (frame.w, co.div_ceil(V::N), inputs.run(), V::splat(E::zero()));
        let (taps, planes, row, tiles) = (inputs.kernel * run, inputs.planes::<V>(), width * co, width / TILE);
        let back = if self.gx.is_some() { ci.div_ceil(V::N) } else { 0 };
        let mut space = space(zero, blocks * (taps + width + 4) + (planes + 1) * width + back * co);
        let space = &mut &mut space[..];
        let [sums, g, norm, x, line] =
            [blocks * taps, blocks * width, 4 * blocks, planes * width, width].map(|n| part(space, n));
        let w = match &self.gx {
            Some(gx) => &*registers::<E, V>(gx.w, ci, space),
            None => &[],
        };
        let mut framed = inputs.space();
        let framed = inputs.framed(0, &mut framed);
        let upstream = self.upstream.rows(0, frame.h * row, co, norm);
        let normalised = !upstream.from[1].is_empty();
        for y in 0..frame.h {
            seq();
            upstream.row(g, y, width);
            let next = |which: usize, parts| Some(Ahead::new(upstream.from[which], (y + 1) * row, row, parts).near());
            if self.sums.is_some() {
                inputs.enter(x, framed, y);
                for (block, (sums, g)) in sums.chunks_exact_mut(taps).zip(g.chunks_exact(width)).enumerate() {
                    seq();
                    // With the gradient of x, the normalised values are asked for while that is computed.
                    let ahead = if block > 0 {
                        [None; 2]
                    } else if normalised && self.gx.is_none() {
                        [next(0, planes * width), next(1, planes * width)]
                    } else {
                        [next(0, planes * width), inputs.ahead(framed, y, planes * width)]
                    };
                    pointwise_gradient(sums, x, g, run, ahead);
                }
            }
            let Some(gx) = &mut self.gx else { continue };
            let (x, out) = (&framed[y * frame.row()..][..frame.row()], &mut gx.out[y * frame.row()..]);
            for (block, w) in w.chunks_exact(co).enumerate() {
                seq();
                let parts = back * tiles;
                let other = match self.sums.is_some() {
                    true => Some(Ahead::new(out, frame.row(), frame.row(), parts)),
                    false => next(0, parts),
                };
                pointwise(line, g, w, co, after([next(1, parts), other], block * tiles));
                if inputs.relu {
                    load_mapped(line, x, ci, block, WherePositive);
                }
                store_row(&mut out[..frame.row()], line, ci, block, gx.add);
            }
        }
        if let Some(all) = &mut self.sums {
            add_registers(all, sums, co);
        }
    }
}
