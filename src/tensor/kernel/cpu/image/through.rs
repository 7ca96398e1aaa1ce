//! Back through a norm (eq. 8): rstd · (g − mean(g) − x̂ · mean(g x̂)), of an image or of a row of registers.

use super::{
    edge::Centred,
    planes::load_if,
    runs::{Formula, Of, map, spread},
};
use crate::tensor::{
    Element,
    kernel::{
        lanes::{Vector, seq},
        vectors::Task,
    },
};

/// What arrives at a normalised result, and what that was.
#[derive(Clone, Copy)]
pub struct ThroughNorm<'a, E> {
    /// The gradient, but for the factor.
    pub g: &'a [E],
    /// The factor.
    pub s: E,
    /// The result.
    pub y: &'a [E],
    /// Whether it is still to be normalised.
    pub centred: Centred<'a, E>,
    /// For each image and channel mean(s g), mean(s g x̂) and 1/√(σ² + ε).
    pub norm: [&'a [E]; 3],
}

impl<E: Element> ThroughNorm<'_, E> {
    /// The same from image `n` on; images have `per_sample` elements in `c` channels.
    #[inline(always)]
    pub fn from(self, n: usize, per_sample: usize, c: usize) -> Self {
        let [g, y] = [self.g, self.y].map(|all| &all[n * per_sample..]);
        let centred = self.centred.map(|all| all.map(|all| &all[n * c..]));
        ThroughNorm { g, y, centred, norm: self.norm.map(|all| &all[n * c..]), ..self }
    }
}

/// The gradient of an image before the norm, or added to `out`.
pub struct StandardiseGradient<'a, E> {
    /// From this image on.
    pub through: ThroughNorm<'a, E>,
    /// C.
    pub channels: usize,
    /// Where the image's gradient goes.
    pub out: &'a mut [E],
    /// Whether to add to `out`.
    pub add: bool,
}

impl<E: Element> Task<E> for StandardiseGradient<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        let StandardiseGradient { through: ThroughNorm { g, s, y, centred, norm }, channels, out, add } = self;
        let [mean, product, rstd] = norm.map(|all| spread(&all[..channels]));
        let x = [g, y];
        match centred {
            None => map::<E, V, 2, 3>(out, Of { x, by: [&mean, &product, &rstd] }, Through(s), add),
            Some([centre, _]) => {
                let centre = spread(&centre[..channels]);
                map::<E, V, 2, 4>(out, Of { x, by: [&mean, &product, &rstd, &centre] }, Through(s), add);
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Through<E>(E);

impl<E: Element> Formula<E, 2, 3> for Through<E> {
    #[inline(always)]
    fn of<V: Vector<E>>(self, [g, xhat]: [V; 2], [mean, product, rstd]: [V; 3], _: V) -> V {
        rstd.mul(V::splat(self.0).mul(g).sub(mean).sub(xhat.mul(product)))
    }
}

impl<E: Element> Formula<E, 2, 4> for Through<E> {
    #[inline(always)]
    fn of<V: Vector<E>>(self, [g, y]: [V; 2], [mean, product, rstd, centre]: [V; 4], before: V) -> V {
        self.of([g, y.sub(centre).mul(rstd)], [mean, product, rstd], before)
    }
}

/// The registers that a row goes through a norm with.
#[derive(Clone, Copy)]
pub struct Coefficients<V> {
    /// The factor.
    pub s: V,
    /// mean(s g), mean(s g x̂) and 1/√(σ² + ε).
    pub norm: [V; 3],
    /// μ and 1/√(σ² + ε), where the result is still to be normalised.
    pub centre: Option<[V; 2]>,
}

/// The registers `block` of a row of the gradient before the norm; `from` are that of the result and the result.
#[inline(always)]
pub fn through_norm<E: Element, V: Vector<E>>(
    to: &mut [V],
    from: [&[E]; 2],
    of: Coefficients<V>,
    c: usize,
    block: usize,
) {
    let whole = (block + 1) * V::N <= c;
    match (whole, of.centre) {
        (true, None) => each::<E, V, true, false>(to, from, of, [of.s; 2], c, block),
        (true, Some(centre)) => each::<E, V, true, true>(to, from, of, centre, c, block),
        (false, None) => each::<E, V, false, false>(to, from, of, [of.s; 2], c, block),
        (false, Some(centre)) => each::<E, V, false, true>(to, from, of, centre, c, block),
    }
}

#[inline(always)]
fn each<E: Element, V: Vector<E>, const WHOLE: bool, const CENTRE: bool>(
    to: &mut [V],
    [g, result]: [&[E]; 2],
    Coefficients { s, norm: [mean, product, rstd], .. }: Coefficients<V>,
    centre: [V; 2],
    c: usize,
    block: usize,
) {
    for ((to, g), result) in to.iter_mut().zip(g.chunks_exact(c)).zip(result.chunks_exact(c)) {
        seq();
        let [g, y] = [load_if::<E, V, WHOLE>(g, c, block), load_if::<E, V, WHOLE>(result, c, block)];
        let xhat = if CENTRE { y.sub(centre[0]).mul(centre[1]) } else { y };
        *to = rstd.mul(g.mul(s).sub(mean).sub(xhat.mul(product)));
    }
}
