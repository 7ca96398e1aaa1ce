//! The way back through a dense convolution of images, row by row; what arrives goes through the norm as it is read.

use super::{
    Inputs,
    ahead::{Ahead, TILE, after},
    dense::WherePositive,
    planes::{add_registers, load_mapped, part, registers, store_row},
    rows::{half, pointwise, pointwise_gradient},
    space::space,
    through::Arriving,
};
use crate::tensor::{
    Element,
    kernel::{
        lanes::{Vector, seq},
        vectors::Task,
    },
};

/// Where the gradient of the inputs of a kernel of 1 goes.
pub struct InputGradient<'a, E> {
    /// The [`transposed`](super::transposed) weights.
    pub w: &'a [E],
    /// As long as the inputs.
    pub out: &'a mut [E],
    /// Whether to add to `out`.
    pub add: bool,
}

/// sums\[tap, ci, co\] += Σ_o x\[o + tap, ci\] · g\[o, co\], image by image, and the gradient of x where it is asked for.
pub struct DenseBackward<'a, E> {
    /// Images.
    pub inputs: Inputs<'a, E>,
    /// Output channels.
    pub co: usize,
    /// From the first of the images on.
    pub arriving: Arriving<'a, E>,
    /// `[k, k, ci, co]`, if the weights' gradient is asked for.
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
        let mut space = space(zero, blocks * (taps + width + 5) + (planes + 1) * width + back * co);
        let space = &mut &mut space[..];
        let [sums, g, norm, x, line] =
            [blocks * taps, blocks * width, 5 * blocks, planes * width, width].map(|n| part(space, n));
        let w = match &self.gx {
            Some(gx) => &*registers::<E, V>(gx.w, ci, space),
            None => &[],
        };
        let mut framed = inputs.space();
        for n in 0..inputs.x.len() / (frame.h * frame.row()) {
            let framed = inputs.framed(n, &mut framed);
            let arriving = self.arriving.rows(n, frame.h * row, co, norm);
            sums.fill(zero);
            for y in 0..frame.h {
                seq();
                arriving.row(g, y, width);
                let next = |which: usize, parts| Ahead::new(arriving.from[which], (y + 1) * row, row, parts).near();
                if self.sums.is_some() {
                    inputs.enter(x, framed, y);
                    for (block, (sums, g)) in sums.chunks_exact_mut(taps).zip(g.chunks_exact(width)).enumerate() {
                        seq();
                        // The other is asked for below, if it is.
                        let other = match self.gx.is_some() {
                            true => inputs.ahead(framed, y, planes * width),
                            false => Some(next(1, planes * width)),
                        };
                        let ahead = [Some(next(0, planes * width)), other];
                        pointwise_gradient(sums, x, g, run, if block == 0 { ahead } else { [None; 2] });
                    }
                }
                let Some(gx) = &mut self.gx else { continue };
                let (x, out) = (&framed[y * frame.row()..], &mut gx.out[(n * frame.h + y) * frame.row()..]);
                for (block, w) in w.chunks_exact(co).enumerate() {
                    seq();
                    let parts = back * tiles;
                    let ahead = [Some(next(1, parts)), Some(Ahead::new(out, frame.row(), frame.row(), parts))];
                    pointwise(line, g, w, co, after(ahead, block * tiles));
                    if inputs.relu {
                        load_mapped(line, &x[..frame.row()], ci, block, WherePositive);
                    }
                    store_row(&mut out[..frame.row()], line, ci, block, gx.add);
                }
            }
            if let Some(all) = &mut self.sums {
                add_registers(all, sums, co);
            }
        }
    }
}
