//! Memory that is asked for before its turn.

use super::{Frame, LINE};
use crate::tensor::kernel::lanes::{prefetch, seq};

/// What will be read or written next. It is asked for a few lines at a time while something else is computed: a
/// processor can wait for few lines at once, and where all are asked for together it waits itself.
#[derive(Clone, Copy)]
pub struct Ahead<'a, E> {
    x: &'a [E],
    first: usize,
    lines: usize,
    near: bool,
}

impl<'a, E: Copy> Ahead<'a, E> {
    /// The `n` elements from `first` on, perhaps beyond the end of `x`, in `parts` parts.
    #[inline(always)]
    pub fn new(x: &'a [E], first: usize, n: usize, parts: usize) -> Self {
        Ahead { x, first, lines: (n * size_of::<E>()).div_ceil(LINE * parts.max(1)), near: false }
    }

    /// Row `y` of an image, perhaps beyond its last, while register `block` of `blocks` of another row is computed, in
    /// `each` parts a tile.
    #[inline(always)]
    pub fn row(image: &'a [E], frame: Frame, y: usize, (block, blocks): (usize, usize), each: usize) -> Self {
        let (row, parts) = (frame.row(), frame.w / TILE * each);
        Ahead::new(image, y * row, row, blocks * parts).after(block * parts)
    }

    /// The same for the nearest cache, not the second: for what is read all at once in little arithmetic.
    #[inline(always)]
    pub fn near(self) -> Self {
        Ahead { near: true, ..self }
    }

    /// The same from part `i` on.
    #[inline(always)]
    pub fn after(self, i: usize) -> Self {
        Ahead { first: self.first + i * self.lines * (LINE / size_of::<E>()), ..self }
    }

    /// Asks for part `i`.
    #[inline(always)]
    pub fn ask(self, i: usize) {
        let first = self.after(i).first;
        for line in 0..self.lines {
            seq();
            let at = first + line * (LINE / size_of::<E>());
            if self.near { prefetch::<_, true>(self.x, at) } else { prefetch::<_, false>(self.x, at) }
        }
    }
}

/// Pixels of a tile.
pub const TILE: usize = 8;

/// What is asked for meanwhile: up to two. Neither looped over nor mapped: the compiler may leave that out of line.
pub type Aheads<'a, E> = [Option<Ahead<'a, E>>; 2];

/// Each from part `i` on.
#[inline(always)]
pub fn after<E: Copy>([one, other]: Aheads<'_, E>, i: usize) -> Aheads<'_, E> {
    [one.map(|one| one.after(i)), other.map(|other| other.after(i))]
}

/// Asks for part `i` of each.
#[inline(always)]
pub fn ask<E: Copy>([one, other]: Aheads<'_, E>, i: usize) {
    if let Some(one) = one {
        one.ask(i);
    }
    if let Some(other) = other {
        other.ask(i);
    }
}
