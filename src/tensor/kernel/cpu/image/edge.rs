//! ReLU → depthwise → pointwise of images, row by row, so that what lies between stays in the nearest cache. The
//! arithmetic and its order are those of the single operations.

use super::{
    Frame, Total,
    ahead::Ahead,
    planes::{Map, Planes, load_mapped, part, registers, store_row},
    rows::{Size, depthwise, half, pointwise},
    space::space,
};
use crate::tensor::{
    Element,
    kernel::{
        lanes::{Vector, seq},
        vectors::Task,
    },
};

/// The extents and weights of a separable convolution.
#[derive(Clone, Copy)]
pub struct Edge<'a, E> {
    /// Extents of an image, with a border of (k − 1)/2 · d.
    pub frame: Frame,
    /// Kernel size k and dilation d.
    pub size: Size,
    /// Depthwise weights `[k, k, C]`; backwards [`flipped`](super::flipped).
    pub depthwise: &'a [E],
    /// Pointwise weights `[C, C]`, inputs first.
    pub pointwise: &'a [E],
}

/// μ and 1/√(σ² + ε) for each image and channel, of what is to be normalised while it is read.
pub type Centred<'a, E> = Option<[&'a [E]; 2]>;

/// out = pointwise(depthwise(relu(x))), and Σ out of each channel of each image.
pub struct EdgeForward<'a, E> {
    /// The convolution.
    pub edge: Edge<'a, E>,
    /// Images.
    pub x: &'a [E],
    /// Whether the convolution is of x̂.
    pub centred: Centred<'a, E>,
    /// Where the results go.
    pub out: &'a mut [E],
}

impl<E: Element> Task<E> for EdgeForward<'_, E> {
    type Output = Vec<E>;

    #[inline(always)]
    fn run<V: Vector<E>>(mut self) -> Vec<E> {
        if half::<E, V>(self.edge.frame.c) { self.all::<V::Half>() } else { self.all::<V>() }
    }
}

/// max(·, 0).
#[derive(Clone, Copy)]
struct Rectified;

impl<E: Element, V: Vector<E>> Map<E, V> for Rectified {
    #[inline(always)]
    fn of(self, v: V, _: V) -> V {
        v.relu()
    }
}

/// max(x̂, 0), from μ and 1/√(σ² + ε).
#[derive(Clone, Copy)]
struct CentredRectified<V>([V; 2]);

impl<E: Element, V: Vector<E>> Map<E, V> for CentredRectified<V> {
    #[inline(always)]
    fn of(self, v: V, _: V) -> V {
        v.sub(self.0[0]).mul(self.0[1]).relu()
    }
}

/// The registers of μ and 1/√(σ² + ε) of image `n`; two for each block.
#[inline(always)]
pub(super) fn of_image<E: Element, V: Vector<E>>(centred: Centred<'_, E>, n: usize, c: usize, space: &mut [V]) {
    let space = &mut &mut *space;
    for all in centred.into_iter().flatten() {
        registers::<E, V>(&all[n * c..][..c], c, space);
    }
}

/// relu(x) in its planes, as far as row `y` of the output needs it and the row before did not; of x̂ with the
/// registers `centred`, if there are any.
#[inline(always)]
pub(super) fn enter<E: Element, V: Vector<E>>(
    planes: &mut Planes<'_, V>,
    frame: Frame,
    image: &[E],
    y: usize,
    centred: Option<&[V]>,
) {
    let first = if y == 0 { 0 } else { y + frame.pad };
    let blocks = frame.c.div_ceil(V::N);
    for y in first..frame.h.min(y + frame.pad + 1) {
        let x = &image[y * frame.row()..][..frame.row()];
        for block in 0..blocks {
            seq();
            let row = planes.row_mut(block, y);
            match centred {
                None => load_mapped(row, x, frame.c, block, Rectified),
                Some(of) => load_mapped(row, x, frame.c, block, CentredRectified([of[block], of[blocks + block]])),
            }
        }
    }
}

impl<E: Element> EdgeForward<'_, E> {
    #[inline(always)]
    fn all<V: Vector<E>>(&mut self) -> Vec<E> {
        let Edge { frame, size, .. } = self.edge;
        let (c, w, taps, zero) = (frame.c, frame.w, size.0 * size.0, V::splat(E::zero()));
        let (blocks, row, image) = (c.div_ceil(V::N), frame.row(), frame.h * frame.row());
        let mut space = space(zero, blocks * (taps + c + w + 2) + blocks * Planes::<V>::len(frame, frame.span()) + w);
        let space = &mut &mut space[..];
        let dw = registers::<E, V>(self.edge.depthwise, c, space);
        let pw = registers::<E, V>(self.edge.pointwise, c, space);
        let mut planes = Planes::new(frame, frame.span(), blocks, space);
        let [middle, line, centre] = [blocks * w, w, 2 * blocks].map(|n| part(space, n));
        let mut totals = vec![E::zero(); self.x.len() / image * c];
        let images = self.x.chunks_exact(image).zip(self.out.chunks_exact_mut(image));
        for (n, ((x, out), sums)) in images.zip(totals.chunks_exact_mut(c)).enumerate() {
            of_image(self.centred, n, c, centre);
            let centre = self.centred.map(|_| &*centre);
            for (y, out) in out.chunks_exact_mut(row).enumerate() {
                seq();
                enter(&mut planes, frame, x, y, centre);
                for (block, middle) in middle.chunks_exact_mut(w).enumerate() {
                    seq();
                    let (from, dw) = (planes.window(block, y), &dw[block * taps..][..taps]);
                    let next = Ahead::row(x, frame, y + frame.pad + 1, (block, blocks), size.0);
                    depthwise(middle, from, dw, size, [Some(next), None]);
                }
                for (block, pw) in pw.chunks_exact(c).enumerate() {
                    seq();
                    let next = Ahead::row(out, frame, 1, (block, blocks), 1);
                    pointwise(line, middle, pw, c, [Some(next), None]);
                    store_row(out, line, c, block, false);
                }
            }
            Total { x: out, sums }.run::<V>();
        }
        totals
    }
}
