//! The way back through ReLU → depthwise → pointwise → x̂ of images, row by row, as [`edge`](super::edge) goes forth.

use super::{
    ahead::Ahead,
    edge::{Centred, Edge, enter, of_image},
    planes::{Planes, add_registers, part, registers, store_if},
    rows::{depthwise, depthwise_gradient, half, pointwise, pointwise_gradient},
    space::space,
    through::{ThroughNorm, Upstream},
};
use crate::tensor::{
    Element,
    kernel::{
        lanes::{Vector, seq},
        vectors::Task,
    },
};

/// The gradient of x from that of the result, and those of the weights.
pub struct EdgeBackward<'a, E> {
    /// The convolution forwards.
    pub edge: Edge<'a, E>,
    /// The convolution from the result's gradient to the input's.
    pub back: Edge<'a, E>,
    /// Images.
    pub x: &'a [E],
    /// Whether the convolution was of x̂.
    pub centred: Centred<'a, E>,
    /// What arrives at the normalised result.
    pub through: ThroughNorm<'a, E>,
    /// Where the gradient of x goes.
    pub gx: &'a mut [E],
    /// Whether to add to `gx`.
    pub add: bool,
    /// Whether the weights' gradients are asked for.
    pub weights: bool,
}

impl<E: Element> Task<E> for EdgeBackward<'_, E> {
    /// The depthwise `[k, k, C]` and the pointwise gradient `[C, C]`; and Σ gx and Σ gx x of each channel of each
    /// image.
    type Output = [Vec<E>; 3];

    #[inline(always)]
    fn run<V: Vector<E>>(mut self) -> [Vec<E>; 3] {
        if half::<E, V>(self.edge.frame.c) { self.all::<V::Half>() } else { self.all::<V>() }
    }
}

/// Writes a row of gradients where `x` is positive and 0 elsewhere, or adds it; `both` are Σ gx and Σ gx x.
#[inline(always)]
fn store_where_positive<E: Element, V: Vector<E>>(
    out: &mut [E],
    g: &[V],
    x: &[V],
    both: &mut [V],
    at: (usize, usize),
    add: bool,
) {
    if (at.1 + 1) * V::N <= at.0 {
        store_where_positive_each::<E, V, true>(out, g, x, both, at, add);
    } else {
        store_where_positive_each::<E, V, false>(out, g, x, both, at, add);
    }
}

#[inline(always)]
fn store_where_positive_each<E: Element, V: Vector<E>, const WHOLE: bool>(
    out: &mut [E],
    g: &[V],
    x: &[V],
    both: &mut [V],
    (c, block): (usize, usize),
    add: bool,
) {
    let (mut sum, mut product) = (both[0], both[1]);
    for ((pixel, g), x) in out.chunks_exact_mut(c).zip(g).zip(x) {
        seq();
        let g = g.where_positive(*x);
        sum = sum.add(g);
        product = product.fma(g, *x);
        store_if::<E, V, WHOLE>(g, pixel, c, block, add);
    }
    (both[0], both[1]) = (sum, product);
}

impl<E: Element> EdgeBackward<'_, E> {
    #[inline(always)]
    fn all<V: Vector<E>>(&mut self) -> [Vec<E>; 3] {
        let Edge { frame, size, .. } = self.edge;
        let (c, w, h, pad, taps, zero) = (frame.c, frame.w, frame.h, frame.pad, size.0 * size.0, V::splat(E::zero()));
        let (blocks, image, row) = (c.div_ceil(V::N), h * frame.row(), frame.row());
        let weights = blocks * (3 * taps + 2 * c + 8);
        let mut space = space(zero, weights + 2 * blocks * Planes::<V>::len(frame, frame.span()) + 2 * blocks * w + w);
        let space = &mut &mut space[..];
        // One by one: `map` of an array may stay out of line, without the level's instructions.
        let dw = registers::<E, V>(self.edge.depthwise, c, space);
        let dw_back = registers::<E, V>(self.back.depthwise, c, space);
        let pw_back = registers::<E, V>(self.back.pointwise, c, space);
        let [mut inside, mut back] = [(); 2].map(|()| Planes::new(frame, frame.span(), blocks, space));
        let [dw_sums, pw_sums, norm, middle, g, line, centre, both] =
            [blocks * taps, blocks * c, 4 * blocks, blocks * w, blocks * w, w, 2 * blocks, 2 * blocks]
                .map(|n| part(space, n));
        let mut sums = [taps * c, c * c, self.gx.len() / image * 2 * c].map(|n| vec![E::zero(); n]);
        for (n, gx) in self.gx.chunks_exact_mut(image).enumerate() {
            let (x, arriving) =
                (&self.x[n * image..][..image], Upstream::Normalised(self.through).rows(n, image, c, norm));
            of_image(self.centred, n, c, centre);
            let centre = self.centred.map(|_| &*centre);
            [&mut *dw_sums, pw_sums, both].into_iter().for_each(|sums| sums.fill(zero));
            for y in 0..h + pad {
                seq();
                if y < h {
                    enter(&mut inside, frame, x, y, centre);
                    arriving.row(g, y, w);
                    if self.weights {
                        for (block, middle) in middle.chunks_exact_mut(w).enumerate() {
                            seq();
                            let (from, dw) = (inside.window(block, y), &dw[block * taps..][..taps]);
                            let next = Ahead::row(arriving.from[0], frame, y + 1, (block, blocks), size.0).near();
                            depthwise(middle, from, dw, size, [Some(next), None]);
                        }
                        for (block, g) in g.chunks_exact(w).enumerate() {
                            seq();
                            let next = Ahead::new(arriving.from[1], (y + 1) * row, row, blocks * w).near();
                            let sums = &mut pw_sums[block * c..][..c];
                            pointwise_gradient(sums, middle, g, c, [(block == 0).then_some(next), None]);
                        }
                    }
                    for (block, pw) in pw_back.chunks_exact(c).enumerate() {
                        seq();
                        // Asked for while the weights' gradients are computed, if they are.
                        let next = |all| Some(Ahead::row(all, frame, y + 1, (block, blocks), 1).near());
                        let [g_all, y_all] = arriving.from;
                        let next = if self.weights { [None; 2] } else { [next(y_all), next(g_all)] };
                        pointwise(back.row_mut(block, y), g, pw, c, next);
                        if self.weights {
                            let (from, sums) = (inside.window(block, y), &mut dw_sums[block * taps..][..taps]);
                            let g = back.row(block, y);
                            let next = Ahead::row(x, frame, y + pad + 1, (block, blocks), size.0);
                            depthwise_gradient(sums, from, g, size, [Some(next), None]);
                        }
                    }
                }
                let Some(y) = y.checked_sub(pad) else { continue };
                for (block, dw) in dw_back.chunks_exact(taps).enumerate() {
                    seq();
                    let next = |all, y| Some(Ahead::row(all, frame, y, (block, blocks), size.0));
                    let next = [next(&*gx, y + 1), if self.weights { None } else { next(x, y + 2 * pad + 1) }];
                    depthwise(line, back.window(block, y), dw, size, next);
                    let both = &mut both[2 * block..];
                    store_where_positive(
                        &mut gx[y * row..][..row],
                        line,
                        inside.row(block, y),
                        both,
                        (c, block),
                        self.add,
                    );
                }
            }
            add_registers(&mut sums[0], dw_sums, c);
            add_registers(&mut sums[1], pw_sums, c);
            add_registers(&mut sums[2][2 * n * c..][..2 * c], both, c);
        }
        sums
    }
}
