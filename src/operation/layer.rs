//! An operation with its parameters, on one edge of one cell.

use super::{Composition, Filter, Operation, Order, Unit};
use crate::{
    normalisation::{Norm, NormSettings},
    tensor::{
        Backend, Element, Parameter, Pass, Scope, Var,
        error::Result,
        op::{Deferred, Image, PoolKind},
    },
};

/// What an operation does to its edge's input.
pub enum Layer<E: Element, D: Backend<E>> {
    /// skip_connect.
    Identity,
    /// A pooling and its norm.
    Pool(PoolKind, Norm<E, D>),
    /// One unit after another.
    Blocks(Vec<Unit<E, D>>),
}

impl<E: Element, D: Backend<E>> Layer<E, D> {
    /// The layer for `operation`, named in `scope` after it; nothing for none. `image` has the extents
    /// of its input and output.
    pub fn new(
        operation: Operation,
        order: Order,
        norm: NormSettings,
        image: Image,
        scope: &mut Scope<D>,
    ) -> Result<Option<Self>> {
        let mut scope = scope.enter(operation.name());
        let (kernel, dilation, units) = match operation.composition() {
            Composition::Zero => return Ok(None),
            Composition::Identity => return Ok(Some(Layer::Identity)),
            Composition::Pool(kind) => return Ok(Some(Layer::Pool(kind, Norm::new(norm, image, &mut scope)?))),
            Composition::Separable { kernel, dilation, units } => (kernel, dilation, units),
        };
        let unit = |block: usize| {
            let mut scope = scope.enter(&format!("block{block}"));
            let filter = Filter::separable(kernel, dilation, image.c, &mut scope)?;
            Unit::new(order, filter, norm, image, &mut scope)
        };
        Ok(Some(Layer::Blocks((1..=units).map(unit).collect::<Result<_>>()?)))
    }

    /// `[N, H, W, C]` to the same shape.
    pub fn apply(&self, x: &Var<E, D>, pass: &mut Pass<E, D>) -> Result<Var<E, D>> {
        match self {
            Layer::Identity => Ok(x.clone()),
            Layer::Pool(kind, norm) => match norm.in_one_step(channels(x), pass) {
                Some((grouping, eps)) => norm.affine(&x.normalised_pool(*kind, grouping, eps)?, pass),
                None => norm.apply(&x.pool(*kind)?, pass),
            },
            Layer::Blocks(blocks) => {
                if let [first, second] = &blocks[..]
                    && let Some(y) = first.deferred_with(second, x, pass)
                {
                    return second.affine(&y?.value()?, pass);
                }
                blocks.iter().try_fold(x.clone(), |x, block| block.apply(&x, pass))
            }
        }
    }

    /// The operation on x, to be computed where a node sums it; nothing where it has to be taken apart.
    pub fn deferred(&self, x: &Var<E, D>, pass: &Pass<E, D>) -> Result<Option<Deferred<E, D>>> {
        if !pass.fuses() {
            return Ok(None);
        }
        let deferred = match self {
            Layer::Identity => Some(Ok(Deferred::identity(x))),
            Layer::Pool(kind, norm) => {
                let one_step = norm.in_one_step(channels(x), pass).filter(|_| !norm.is_affine());
                one_step.map(|(grouping, eps)| Deferred::pool(x, *kind, grouping, eps))
            }
            Layer::Blocks(blocks) => match &blocks[..] {
                [one] if !one.is_affine() => one.deferred(x, pass),
                [first, second] if !second.is_affine() => first.deferred_with(second, x, pass),
                _ => None,
            },
        };
        deferred.transpose()
    }

    /// All parameters, in the order of execution.
    pub fn parameters(&mut self) -> Vec<&mut Parameter<E, D>> {
        match self {
            Layer::Identity => Vec::new(),
            Layer::Pool(_, norm) => norm.parameters().collect(),
            Layer::Blocks(blocks) => blocks.iter_mut().flat_map(Unit::parameters).collect(),
        }
    }
}

fn channels<E: Element, D: Backend<E>>(x: &Var<E, D>) -> usize {
    x.shape().last().copied().unwrap_or(0)
}
