//! An operation with its parameters, on one edge of one cell.

use super::{Filter, Operation, Order, Unit};
use crate::{
    normalisation::{Norm, NormSettings},
    tensor::{
        Backend, Element, Parameter, Pass, Scope, Var,
        error::Result,
        op::{Image, PoolKind},
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
        let (kernel, dilation, blocks) = match operation {
            Operation::None => return Ok(None),
            Operation::SkipConnect => return Ok(Some(Layer::Identity)),
            Operation::MaxPool3x3 => return Ok(Some(Layer::Pool(PoolKind::Max, Norm::new(norm, image, &mut scope)?))),
            Operation::AvgPool3x3 => {
                return Ok(Some(Layer::Pool(PoolKind::Average, Norm::new(norm, image, &mut scope)?)));
            }
            Operation::SepConv3x3 => (3, 1, 2),
            Operation::DilConv3x3 => (3, 2, 1),
            Operation::DilConv5x5 => (5, 2, 1),
            Operation::SepConv5x5 => (5, 1, 2),
        };
        let unit = |block: usize| {
            let mut scope = scope.enter(&format!("block{block}"));
            let filter = Filter::separable(kernel, dilation, image.c, &mut scope)?;
            Unit::new(order, filter, norm, image, &mut scope)
        };
        Ok(Some(Layer::Blocks((1..=blocks).map(unit).collect::<Result<_>>()?)))
    }

    /// `[N, H, W, C]` to the same shape.
    pub fn apply(&self, x: &Var<E, D>, pass: &mut Pass<E, D>) -> Result<Var<E, D>> {
        match self {
            Layer::Identity => Ok(x.clone()),
            Layer::Pool(kind, norm) => norm.apply(&x.pool(*kind)?, pass),
            Layer::Blocks(blocks) => blocks.iter().try_fold(x.clone(), |x, block| block.apply(&x, pass)),
        }
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
