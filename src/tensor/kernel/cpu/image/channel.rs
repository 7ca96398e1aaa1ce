//! Sums and maps by channel: the arithmetic of normalisation.

use super::runs::{Formula, Of, map, sum};
use crate::tensor::{
    Element,
    kernel::{lanes::Vector, vectors::Task},
};

/// sums\[c\] += Σ x\[·, c\].
pub struct Total<'a, E> {
    /// Pixels.
    pub x: &'a [E],
    /// One for each channel.
    pub sums: &'a mut [E],
}

impl<E: Element> Task<E> for Total<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        sum::<E, V, 1, 0>(self.sums, self.x.len(), Of { x: [self.x], by: [] }, Value);
    }
}

#[derive(Clone, Copy)]
struct Value;

impl<E: Element> Formula<E, 1, 0> for Value {
    #[inline(always)]
    fn of<V: Vector<E>>(self, [x]: [V; 1], []: [V; 0], _: V) -> V {
        x
    }
}

/// sums\[c\] += Σ (x\[·, c\] − mean\[c\])².
pub struct Scatter<'a, E> {
    /// Pixels.
    pub x: &'a [E],
    /// The means as [`spread`](super::spread).
    pub mean: &'a [E],
    /// One for each channel.
    pub sums: &'a mut [E],
}

impl<E: Element> Task<E> for Scatter<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        sum::<E, V, 1, 1>(self.sums, self.x.len(), Of { x: [self.x], by: [self.mean] }, Square);
    }
}

#[derive(Clone, Copy)]
struct Square;

impl<E: Element> Formula<E, 1, 1> for Square {
    #[inline(always)]
    fn of<V: Vector<E>>(self, [x]: [V; 1], [mean]: [V; 1], _: V) -> V {
        let from = x.sub(mean);
        from.mul(from)
    }
}

/// sums\[c\] += Σ g\[·, c\] · x\[·, c\].
pub struct Products<'a, E> {
    /// Pixels.
    pub g: &'a [E],
    /// Pixels.
    pub x: &'a [E],
    /// One for each channel.
    pub sums: &'a mut [E],
}

impl<E: Element> Task<E> for Products<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        sum::<E, V, 2, 0>(self.sums, self.x.len(), Of { x: [self.g, self.x], by: [] }, Product);
    }
}

#[derive(Clone, Copy)]
struct Product;

impl<E: Element> Formula<E, 2, 0> for Product {
    #[inline(always)]
    fn of<V: Vector<E>>(self, [g, x]: [V; 2], []: [V; 0], _: V) -> V {
        g.mul(x)
    }
}

/// sums\[c\] += Σ s g\[·, c\] and products\[c\] += Σ s g\[·, c\] · x̂\[·, c\], x̂ = (x − mean) · rstd.
pub struct GradientSums<'a, E> {
    /// s.
    pub s: E,
    /// Pixels.
    pub g: &'a [E],
    /// Pixels.
    pub x: &'a [E],
    /// The means as [`spread`](super::spread).
    pub mean: &'a [E],
    /// 1/√(σ² + ε) as [`spread`](super::spread).
    pub rstd: &'a [E],
    /// One for each channel.
    pub sums: &'a mut [E],
    /// One for each channel.
    pub products: &'a mut [E],
}

impl<E: Element> Task<E> for GradientSums<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        let GradientSums { s, g, x, mean, rstd, sums, products } = self;
        sum::<E, V, 1, 0>(sums, x.len(), Of { x: [g], by: [] }, Times(s));
        sum::<E, V, 2, 2>(products, x.len(), Of { x: [g, x], by: [mean, rstd] }, Times(s));
    }
}

/// A multiple of g, of g x̂, or of x̂.
#[derive(Clone, Copy)]
struct Times<E>(E);

impl<E: Element> Formula<E, 1, 0> for Times<E> {
    #[inline(always)]
    fn of<V: Vector<E>>(self, [g]: [V; 1], []: [V; 0], _: V) -> V {
        V::splat(self.0).mul(g)
    }
}

impl<E: Element> Formula<E, 1, 2> for Times<E> {
    #[inline(always)]
    fn of<V: Vector<E>>(self, [x]: [V; 1], [mean, rstd]: [V; 2], _: V) -> V {
        V::splat(self.0).mul(x.sub(mean).mul(rstd))
    }
}

impl<E: Element> Formula<E, 2, 2> for Times<E> {
    #[inline(always)]
    fn of<V: Vector<E>>(self, [g, x]: [V; 2], [mean, rstd]: [V; 2], _: V) -> V {
        V::splat(self.0).mul(g).mul(x.sub(mean).mul(rstd))
    }
}

/// out = (x − mean) · rstd.
pub struct Standardise<'a, E> {
    /// Pixels, or nothing where `out` has them.
    pub x: Option<&'a [E]>,
    /// Where the result goes.
    pub out: &'a mut [E],
    /// The means as [`spread`](super::spread).
    pub mean: &'a [E],
    /// 1/√(σ² + ε) as [`spread`](super::spread).
    pub rstd: &'a [E],
}

impl<E: Element> Task<E> for Standardise<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        let by = [self.mean, self.rstd];
        match self.x {
            None => map::<E, V, 0, 2>(self.out, Of { x: [], by }, Standard, false),
            Some(x) => map::<E, V, 1, 2>(self.out, Of { x: [x], by }, Standard, false),
        }
    }
}

#[derive(Clone, Copy)]
struct Standard;

impl<E: Element> Formula<E, 1, 2> for Standard {
    #[inline(always)]
    fn of<V: Vector<E>>(self, [x]: [V; 1], [mean, rstd]: [V; 2], _: V) -> V {
        x.sub(mean).mul(rstd)
    }
}

impl<E: Element> Formula<E, 0, 2> for Standard {
    #[inline(always)]
    fn of<V: Vector<E>>(self, []: [V; 0], [mean, rstd]: [V; 2], before: V) -> V {
        before.sub(mean).mul(rstd)
    }
}

/// out += s · (x − mean) · rstd, or written to it.
pub struct AddStandardised<'a, E> {
    /// s.
    pub s: E,
    /// Pixels.
    pub x: &'a [E],
    /// The means as [`spread`](super::spread).
    pub mean: &'a [E],
    /// 1/√(σ² + ε) as [`spread`](super::spread).
    pub rstd: &'a [E],
    /// Where the result goes.
    pub out: &'a mut [E],
    /// Whether to add to `out`.
    pub add: bool,
}

impl<E: Element> Task<E> for AddStandardised<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        let of = Of { x: [self.x], by: [self.mean, self.rstd] };
        map::<E, V, 1, 2>(self.out, of, Times(self.s), self.add);
    }
}

/// out = by · x + to.
pub struct Shift<'a, E> {
    /// Pixels.
    pub x: &'a [E],
    /// The factors as [`spread`](super::spread).
    pub by: &'a [E],
    /// What is added, as [`spread`](super::spread).
    pub to: &'a [E],
    /// Where the result goes.
    pub out: &'a mut [E],
}

impl<E: Element> Task<E> for Shift<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        map::<E, V, 1, 2>(self.out, Of { x: [self.x], by: [self.by, self.to] }, Shifted, false);
    }
}

#[derive(Clone, Copy)]
struct Shifted;

impl<E: Element> Formula<E, 1, 2> for Shifted {
    #[inline(always)]
    fn of<V: Vector<E>>(self, [x]: [V; 1], [by, to]: [V; 2], _: V) -> V {
        by.mul(x).add(to)
    }
}

/// out = by · x, or added to `out`.
pub struct Scale<'a, E> {
    /// Pixels.
    pub x: &'a [E],
    /// The factors as [`spread`](super::spread).
    pub by: &'a [E],
    /// Where the result goes.
    pub out: &'a mut [E],
    /// Whether to add to `out`.
    pub add: bool,
}

impl<E: Element> Task<E> for Scale<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        map::<E, V, 1, 1>(self.out, Of { x: [self.x], by: [self.by] }, Scaled, self.add);
    }
}

#[derive(Clone, Copy)]
struct Scaled;

impl<E: Element> Formula<E, 1, 1> for Scaled {
    #[inline(always)]
    fn of<V: Vector<E>>(self, [x]: [V; 1], [by]: [V; 1], _: V) -> V {
        by.mul(x)
    }
}
