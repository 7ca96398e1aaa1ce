//! 3×3 pooling of one image in its frame of zeros, a row at a time: plain loops over neighbouring
//! elements, so any number of channels will do.

use super::Frame;
use crate::tensor::{
    Element,
    kernel::{
        lanes::{Vector, seq},
        vectors::Task,
    },
};

/// The rows under a window around row `y` and the parts of a row under its columns.
#[inline(always)]
fn columns<E>(x: &[E], frame: Frame, row: usize) -> [&[E]; 3] {
    let x = &x[row * frame.stride()..][..frame.stride()];
    [0, 1, 2].map(|column| &x[column * frame.c..][..frame.row()])
}

/// One factor for each element of a row.
pub struct Shares<E> {
    /// The last row, which like the first is at the edge.
    pub last: usize,
    /// Those of a row at the edge.
    pub edge: Vec<E>,
    /// Those of all others.
    pub inner: Vec<E>,
}

impl<E> Shares<E> {
    /// Those of row `y`.
    #[inline(always)]
    pub fn of(&self, y: usize) -> &[E] {
        if y == 0 || y == self.last { &self.edge } else { &self.inner }
    }
}

/// out\[o\] = share\[o\] · Σ x over the window around o, or added to `out`. With the shares applied to x
/// before, and 1 for each here, this is its own gradient.
pub struct WindowSums<'a, E> {
    /// Extents, with a border of 1.
    pub frame: Frame,
    /// The image in its frame.
    pub x: &'a [E],
    /// A factor for each element.
    pub shares: Option<&'a Shares<E>>,
    /// Where the result goes.
    pub out: &'a mut [E],
    /// Whether to add to `out`.
    pub add: bool,
    /// Space for a row of the frame.
    pub space: &'a mut [E],
}

impl<E: Element> Task<E> for WindowSums<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        let (frame, row) = (self.frame, self.frame.row());
        for (y, out) in self.out.chunks_exact_mut(row).enumerate() {
            seq();
            let [a, b, c] = [y, y + 1, y + 2].map(|y| &self.x[y * frame.stride()..][..frame.stride()]);
            for ((sum, a), (b, c)) in self.space.iter_mut().zip(a).zip(b.iter().zip(c)) {
                *sum = *a + *b + *c;
            }
            let [a, b, c] = columns(self.space, frame, 0);
            let sums = a.iter().zip(b).zip(c).map(|((a, b), c)| *a + *b + *c);
            match (self.shares, self.add) {
                (Some(shares), _) => {
                    out.iter_mut().zip(sums).zip(shares.of(y)).for_each(|((out, sum), share)| *out = sum * *share);
                }
                (None, false) => out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum),
                (None, true) => out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum),
            }
        }
    }
}

/// The frame `out` has share · g in it.
pub struct Apportion<'a, E> {
    /// Extents, with a border of 1.
    pub frame: Frame,
    /// A factor for each element.
    pub shares: &'a Shares<E>,
    /// An image.
    pub g: &'a [E],
    /// A frame, whose border stays as it is.
    pub out: &'a mut [E],
}

impl<E: Element> Task<E> for Apportion<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        let rows = self.out[self.frame.stride()..].chunks_exact_mut(self.frame.stride());
        for (y, (out, g)) in rows.zip(self.g.chunks_exact(self.frame.row())).enumerate() {
            seq();
            let out = out[self.frame.c..].iter_mut().zip(g).zip(self.shares.of(y));
            out.for_each(|((out, g), share)| *out = *g * *share);
        }
    }
}

/// The maximum of each window, and the first tap that has it; NaN counts as greater than all.
pub struct Maximum<'a, E> {
    /// Extents, with a border of 1.
    pub frame: Frame,
    /// The image in its frame, whose border is −∞.
    pub x: &'a [E],
    /// The maxima.
    pub out: &'a mut [E],
    /// The taps, 0 to 8.
    pub taken: &'a mut [u8],
    /// Space for a row of taps.
    pub space: &'a mut [u32],
}

impl<E: Element> Task<E> for Maximum<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        let (frame, row) = (self.frame, self.frame.row());
        for (y, (out, taken)) in self.out.chunks_exact_mut(row).zip(self.taken.chunks_exact_mut(row)).enumerate() {
            seq();
            out.fill(E::neg_infinity());
            // The pixel itself, should all be −∞.
            self.space.fill(4);
            for ky in 0..3 {
                seq();
                let [a, b, c] = columns(self.x, frame, y + ky);
                let first = 3 * ky as u32;
                let x = a.iter().zip(b).zip(c);
                for ((best, tap), ((a, b), c)) in out.iter_mut().zip(self.space.iter_mut()).zip(x) {
                    let found = greater((*best, *tap), (*a, first));
                    let found = greater(found, (*b, first + 1));
                    (*best, *tap) = greater(found, (*c, first + 2));
                }
            }
            taken.iter_mut().zip(&*self.space).for_each(|(taken, tap)| *taken = *tap as u8);
        }
    }
}

/// The second, with its tap, where it is greater.
#[inline(always)]
fn greater<E: Element>(best: (E, u32), x: (E, u32)) -> (E, u32) {
    let take = x.0 > best.0 || x.0.is_nan();
    (if take { x.0 } else { best.0 }, if take { x.1 } else { best.1 })
}

/// out\[o\] += Σ g over the windows that took o.
pub struct MaximumGradient<'a, E> {
    /// Extents, with a border of 1.
    pub frame: Frame,
    /// The output's gradient in its frame of zeros.
    pub g: &'a [E],
    /// The taps in a frame of the same extents, whose border is none of them.
    pub taken: &'a [u32],
    /// Where it is added.
    pub out: &'a mut [E],
}

impl<E: Element> Task<E> for MaximumGradient<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        for (y, out) in self.out.chunks_exact_mut(self.frame.row()).enumerate() {
            seq();
            for ky in 0..3 {
                seq();
                // The window one row up sees this pixel in its last row.
                let last = 3 * (2 - ky as u32) + 2;
                let [a, b, c] = columns(self.g, self.frame, y + ky);
                let [i, j, k] = columns(self.taken, self.frame, y + ky);
                let (g, taps) = (a.iter().zip(b).zip(c), i.iter().zip(j).zip(k));
                for (out, (((a, b), c), ((i, j), k))) in out.iter_mut().zip(g.zip(taps)) {
                    let sum = *out + if *i == last { *a } else { E::zero() };
                    let sum = sum + if *j == last - 1 { *b } else { E::zero() };
                    *out = sum + if *k == last - 2 { *c } else { E::zero() };
                }
            }
        }
    }
}
