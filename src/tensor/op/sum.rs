//! A node: the weighted total of what the operations on its edges give.

use super::{Grouping, Image, NormalisedPool, PoolKind, Separable, Twice};
use crate::tensor::{Element, Error, Kernel, Memory, Var, error::Result};

/// y = Σ_k Z\[weight_k\] o_k(x_k). The gradient of Z\[weight_k\] is ⟨∂L/∂y, o_k(x_k)⟩, and Z times it is the cost of
/// o_k: the cost is the architecture gradient. The inputs are Z, what is read, and the operations' weights.
#[derive(Debug, Clone)]
pub struct WeightedSum {
    /// Extents of every x_k and of y.
    pub image: Image,
    /// What is summed.
    pub terms: Vec<Term>,
}

/// One term of a [`WeightedSum`].
#[derive(Debug, Clone, Copy)]
pub struct Term {
    /// Which entry of Z belongs to it.
    pub weight: usize,
    /// o_k.
    pub operation: Summand,
    /// Which input is x_k.
    pub x: usize,
    /// Which input is the first of the operation's weights.
    pub parameters: usize,
}

/// What a term does to its x. All but the identity end in a norm, which is applied while the sum reads the term.
#[derive(Debug, Clone, Copy)]
pub enum Summand {
    /// Nothing.
    Identity,
    /// A pooling and its norm.
    Pool(NormalisedPool),
    /// A separable convolution with its norm; depthwise and pointwise weights.
    Separable(Separable),
    /// Two of them; the weights of the first, then of the second.
    Twice(Twice),
}

/// An operation on a value, to be computed where a [`node`](Var::node) sums it.
pub struct Deferred<E: Element, D: Memory<E>> {
    x: Var<E, D>,
    operation: Summand,
    parameters: Vec<Var<E, D>>,
}

impl<E: Element, D: Memory<E>> Deferred<E, D> {
    pub(super) fn new(x: &Var<E, D>, operation: Summand, parameters: &[&Var<E, D>]) -> Self {
        Deferred { x: x.clone(), operation, parameters: parameters.iter().map(|w| (*w).clone()).collect() }
    }

    /// The value itself.
    pub fn identity(x: &Var<E, D>) -> Self {
        Self::new(x, Summand::Identity, &[])
    }

    /// As [`Var::normalised_pool`].
    pub fn pool(x: &Var<E, D>, kind: PoolKind, grouping: Grouping, eps: f64) -> Result<Self> {
        let op = NormalisedPool::of(x.shape(), kind, grouping, eps)?;
        Ok(Self::new(x, Summand::Pool(op), &[]))
    }

    /// As [`Var::separable`].
    pub fn separable(
        x: &Var<E, D>,
        weights: [&Var<E, D>; 2],
        dilation: usize,
        grouping: Grouping,
        eps: f64,
    ) -> Result<Self> {
        let op = Separable::of(x.shape(), weights.map(Var::shape), dilation, grouping, eps)?;
        Ok(Self::new(x, Summand::Separable(op), &weights))
    }

    /// As [`Var::separable_twice`].
    pub fn separable_twice(
        x: &Var<E, D>,
        [first, second]: [[&Var<E, D>; 2]; 2],
        dilation: usize,
        grouping: Grouping,
        eps: f64,
    ) -> Result<Self> {
        let op = Twice::of(x.shape(), [first, second].map(|weights| weights.map(Var::shape)), dilation, grouping, eps)?;
        Ok(Self::new(x, Summand::Twice(op), &[first[0], first[1], second[0], second[1]]))
    }
}

impl<E, D> Deferred<E, D>
where
    E: Element,
    D: Memory<E> + Kernel<NormalisedPool, E> + Kernel<Separable, E> + Kernel<Twice, E>,
{
    /// What the operation gives, computed by itself.
    pub fn value(&self) -> Result<Var<E, D>> {
        let inputs: Vec<_> = [&self.x].into_iter().chain(&self.parameters).collect();
        let shape = || self.x.shape().to_vec();
        match self.operation {
            Summand::Identity => Ok(self.x.clone()),
            Summand::Pool(op) => Var::apply(op, &inputs, shape()),
            Summand::Separable(op) => Var::apply(op, &inputs, shape()),
            Summand::Twice(op) => Var::apply(op, &inputs, shape()),
        }
    }
}

impl<E: Element, D: Memory<E> + Kernel<WeightedSum, E>> Var<E, D> {
    /// Σ_k self\[index_k\] · x_k for at least one `(index_k, x_k)`; the x_k `[N, H, W, C]` share a shape,
    /// `self` is a vector or matrix of weights indexed flat.
    pub fn weighted_sum(&self, terms: &[(usize, &Self)]) -> Result<Self> {
        self.node(&terms.iter().map(|(k, x)| (*k, Deferred::identity(x))).collect::<Vec<_>>())
    }

    /// The same of what operations give.
    pub fn node(&self, terms: &[(usize, Deferred<E, D>)]) -> Result<Self> {
        let weights = self.shape().iter().product::<usize>();
        let bad = |expected: String, found: &[usize]| {
            Err(Error::Shape { op: "weighted sum", expected, found: found.to_vec() })
        };
        let Some((_, Deferred { x: first, .. })) = terms.first() else { return bad("at least one term".into(), &[0]) };
        if let Some((_, term)) = terms.iter().find(|(_, term)| term.x.shape() != first.shape()) {
            return bad(format!("{:?}", first.shape()), term.x.shape());
        }
        if terms.iter().any(|(k, _)| *k >= weights) {
            return bad("an index for every term".into(), self.shape());
        }
        let image = Image::of("weighted sum", first.shape())?;
        // What several operations read is one input, so that its gradient has one buffer.
        let mut inputs = vec![self];
        let mut places = Vec::with_capacity(terms.len());
        for (_, term) in terms {
            let found = inputs[1..].iter().position(|x| x.is(&term.x));
            places.push(1 + found.unwrap_or(inputs.len() - 1));
            if found.is_none() {
                inputs.push(&term.x);
            }
        }
        let mut all = Vec::with_capacity(terms.len());
        for ((weight, Deferred { operation, parameters, .. }), x) in terms.iter().zip(places) {
            all.push(Term { weight: *weight, operation: *operation, x, parameters: inputs.len() });
            inputs.extend(parameters);
        }
        Var::apply(WeightedSum { image, terms: all }, &inputs, image.shape())
    }
}
