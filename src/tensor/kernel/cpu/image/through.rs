//! Back through a norm (eq. 8): rstd · (g − mean(g) − x̂ · mean(g x̂)), of an image or row by row in registers.

use super::{
    planes::{load_if, load_row, registers},
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
    /// μ for each image and channel, where it is still to be normalised.
    pub centre: Option<&'a [E]>,
    /// For each image and channel mean(s g), mean(s g x̂) and 1/√(σ² + ε).
    pub norm: [&'a [E]; 3],
}

impl<E: Element> ThroughNorm<'_, E> {
    /// The same from image `n` on; images have `per_sample` elements in `c` channels.
    #[inline(always)]
    pub fn from(self, n: usize, per_sample: usize, c: usize) -> Self {
        let [g, y] = [self.g, self.y].map(|all| &all[n * per_sample..]);
        let centre = self.centre.map(|all| &all[n * c..]);
        ThroughNorm { g, y, centre, norm: self.norm.map(|all| &all[n * c..]), ..self }
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
        let StandardiseGradient { through: ThroughNorm { g, s, y, centre, norm }, channels, out, add } = self;
        let [mean, product, rstd] = norm.map(|all| spread(&all[..channels]));
        let x = [g, y];
        match centre {
            None => map::<E, V, 2, 3>(out, Of { x, by: [&mean, &product, &rstd] }, Through(s), add),
            Some(centre) => {
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

/// The gradient that arrives at the outputs of a convolution.
#[derive(Clone, Copy)]
pub enum Upstream<'a, E> {
    /// That of the outputs.
    Plain(&'a [E]),
    /// That of their normalised values.
    Normalised(ThroughNorm<'a, E>),
}

/// The gradient of the outputs of one image, row by row.
pub struct GradientRows<'a, E, V> {
    /// What arrives, and the normalised values or what is still to be normalised, from this image on; the second is empty
    /// where what arrives is plain.
    pub from: [&'a [E]; 2],
    channels: usize,
    norm: Option<Coefficients<'a, E, V>>,
}

/// Registers of what [`ThroughNorm`] has for each channel.
struct Coefficients<'a, E, V> {
    through: Through<E>,
    norm: [&'a [V]; 3],
    /// Nothing where the result is normalised.
    centre: &'a [V],
}

impl<'a, E: Element> Upstream<'a, E> {
    /// Of image `n`, whose `per_sample` elements have c channels; `space` has room for four registers a block.
    #[inline(always)]
    pub fn rows<'s, V: Vector<E>>(
        self,
        n: usize,
        per_sample: usize,
        c: usize,
        space: &'s mut [V],
    ) -> GradientRows<'s, E, V>
    where
        'a: 's,
    {
        let through = match self {
            Upstream::Plain(g) => return GradientRows { from: [&g[n * per_sample..], &[]], channels: c, norm: None },
            Upstream::Normalised(through) => through.from(n, per_sample, c),
        };
        let ThroughNorm { g, s, y, centre, norm: [means, products, rstds] } = through;
        let space = &mut &mut *space;
        // One by one: `map` of an array may stay out of line, without the level's instructions.
        let means = &*registers::<E, V>(&means[..c], c, space);
        let products = &*registers::<E, V>(&products[..c], c, space);
        let rstds = &*registers::<E, V>(&rstds[..c], c, space);
        let centre = &*registers::<E, V>(if let Some(all) = centre { &all[..c] } else { &[] }, c, space);
        let norm = Coefficients { through: Through(s), norm: [means, products, rstds], centre };
        GradientRows { from: [g, y], channels: c, norm: Some(norm) }
    }
}

impl<E: Element, V: Vector<E>> GradientRows<'_, E, V> {
    /// Row `y` of `width` pixels, block by block.
    #[inline(always)]
    pub fn row(&self, to: &mut [V], y: usize, width: usize) {
        let (c, row) = (self.channels, width * self.channels);
        for (block, to) in to.chunks_exact_mut(width).enumerate() {
            seq();
            let g = &self.from[0][y * row..][..row];
            let Some(Coefficients { through, norm: [means, products, rstds], centre }) = &self.norm else {
                load_row(to, g, c, block);
                continue;
            };
            let (from, norm) = ([g, &self.from[1][y * row..][..row]], [means[block], products[block], rstds[block]]);
            match centre.get(block) {
                None => each(to, from, *through, norm, c, block),
                Some(centre) => {
                    let [mean, product, rstd] = norm;
                    each(to, from, *through, [mean, product, rstd, *centre], c, block);
                }
            }
        }
    }
}

/// The formula for the registers `block` of a row of pixels.
#[inline(always)]
fn each<E: Element, V: Vector<E>, F: Formula<E, 2, C>, const C: usize>(
    to: &mut [V],
    from: [&[E]; 2],
    formula: F,
    by: [V; C],
    c: usize,
    block: usize,
) {
    if (block + 1) * V::N <= c {
        each_if::<E, V, F, C, true>(to, from, formula, by, c, block);
    } else {
        each_if::<E, V, F, C, false>(to, from, formula, by, c, block);
    }
}

#[inline(always)]
fn each_if<E: Element, V: Vector<E>, F: Formula<E, 2, C>, const C: usize, const WHOLE: bool>(
    to: &mut [V],
    [g, y]: [&[E]; 2],
    formula: F,
    by: [V; C],
    c: usize,
    block: usize,
) {
    for ((to, g), y) in to.iter_mut().zip(g.chunks_exact(c)).zip(y.chunks_exact(c)) {
        seq();
        let x = [load_if::<E, V, WHOLE>(g, c, block), load_if::<E, V, WHOLE>(y, c, block)];
        *to = formula.of(x, by, *to);
    }
}
