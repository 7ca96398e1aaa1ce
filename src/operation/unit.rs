//! The unit that all convolutional operations and a cell's preprocessing are made of.

use super::{Order, Stage};
use crate::{
    normalisation::{Norm, NormSettings},
    tensor::{Backend, Element, Init, Parameter, Pass, Scope, Var, error::Result, op::Image},
};

/// A convolution without bias, stride 1.
pub enum Filter<E: Element, D: Backend<E>> {
    /// k×k from all input channels to all output channels; weight `[k, k, Ci, Co]`.
    Dense(Parameter<E, D>),
    /// Depthwise k×k, weight `[k, k, C]`, then pointwise, weight `[1, 1, C, C]`.
    Separable {
        /// The depthwise weights.
        depthwise: Parameter<E, D>,
        /// The pointwise weights.
        pointwise: Parameter<E, D>,
        /// Dilation of the depthwise part.
        dilation: usize,
    },
}

impl<E: Element, D: Backend<E>> Filter<E, D> {
    /// Dense k×k from `inputs` to `outputs` channels: `conv.weight` of `scope`.
    pub fn dense(kernel: usize, inputs: usize, outputs: usize, scope: &mut Scope<D>) -> Result<Self> {
        let init = Init::Weight { fan_in: kernel * kernel * inputs };
        Ok(Filter::Dense(scope.parameter("conv.weight", &[kernel, kernel, inputs, outputs], init)?))
    }

    /// Depthwise separable k×k: `dw.weight` and `pw.weight` of `scope`.
    pub fn separable(kernel: usize, dilation: usize, channels: usize, scope: &mut Scope<D>) -> Result<Self> {
        let (taps, c) = (kernel * kernel, channels);
        Ok(Filter::Separable {
            depthwise: scope.parameter("dw.weight", &[kernel, kernel, c], Init::Weight { fan_in: taps })?,
            pointwise: scope.parameter("pw.weight", &[1, 1, c, c], Init::Weight { fan_in: c })?,
            dilation,
        })
    }

    /// `[N, H, W, Ci]` to `[N, H, W, Co]`.
    pub fn apply(&self, x: &Var<E, D>, pass: &Pass<E, D>) -> Result<Var<E, D>> {
        match self {
            Filter::Dense(weight) => x.convolution(&pass.parameter(weight)),
            Filter::Separable { depthwise, pointwise, dilation } => {
                x.depthwise(&pass.parameter(depthwise), *dilation)?.convolution(&pass.parameter(pointwise))
            }
        }
    }

    /// `norm` of the filter's output, for max(x, 0) with `relu`: in one step on the tape, unless the pass has to see
    /// what lies between.
    pub fn apply_normalised(
        &self,
        norm: &Norm<E, D>,
        relu: bool,
        x: &Var<E, D>,
        pass: &mut Pass<E, D>,
    ) -> Result<Var<E, D>> {
        let (Filter::Dense(last) | Filter::Separable { pointwise: last, .. }) = self;
        let statistics = norm.statistics(last.value.shape()[3]).filter(|_| pass.fuses());
        let xhat = match (self, statistics) {
            (Filter::Dense(weight), Some((grouping, eps))) => {
                x.normalised_convolution(&pass.parameter(weight), relu, grouping, eps)?
            }
            (Filter::Separable { depthwise, pointwise, dilation }, Some((grouping, eps))) if relu => {
                x.separable(&pass.parameter(depthwise), *dilation, &pass.parameter(pointwise), grouping, eps)?
            }
            _ => {
                let x = if relu { x.relu()? } else { x.clone() };
                return norm.apply(&self.apply(&x, pass)?, pass);
            }
        };
        norm.affine(&xhat, pass)
    }

    /// All weights.
    pub fn parameters(&mut self) -> Vec<&mut Parameter<E, D>> {
        match self {
            Filter::Dense(weight) => vec![weight],
            Filter::Separable { depthwise, pointwise, .. } => vec![depthwise, pointwise],
        }
    }
}

/// ReLU, convolution and normalisation in one of the three orders.
pub struct Unit<E: Element, D: Backend<E>> {
    order: Order,
    filter: Filter<E, D>,
    norm: Norm<E, D>,
}

impl<E: Element, D: Backend<E>> Unit<E, D> {
    /// `filter` and the norm of `scope`, for outputs of the extents `image`.
    pub fn new(
        order: Order,
        filter: Filter<E, D>,
        norm: NormSettings,
        image: Image,
        scope: &mut Scope<D>,
    ) -> Result<Self> {
        Ok(Unit { order, filter, norm: Norm::new(norm, image, scope)? })
    }

    /// `[N, H, W, Ci]` to `[N, H, W, Co]`.
    pub fn apply(&self, x: &Var<E, D>, pass: &mut Pass<E, D>) -> Result<Var<E, D>> {
        if self.order == Order::ReluConvNorm {
            return self.filter.apply_normalised(&self.norm, true, x, pass);
        }
        self.order.stages().into_iter().try_fold(x.clone(), |x, stage| match stage {
            Stage::Relu => x.relu(),
            Stage::Convolution => self.filter.apply(&x, pass),
            Stage::Norm => self.norm.apply(&x, pass),
        })
    }

    /// This unit and `next` in one step on the tape, where both are normalised separable filters in the paper's order
    /// and no affine map is between them.
    pub fn apply_with(&self, next: &Self, x: &Var<E, D>, pass: &mut Pass<E, D>) -> Option<Result<Var<E, D>>> {
        let units = [self, next];
        if units.iter().any(|unit| unit.order != Order::ReluConvNorm) || self.norm.is_affine() || !pass.fuses() {
            return None;
        }
        let [
            Filter::Separable { depthwise, pointwise, dilation },
            Filter::Separable { depthwise: depthwise2, pointwise: pointwise2, dilation: dilation2 },
        ] = units.map(|unit| &unit.filter)
        else {
            return None;
        };
        let channels = x.shape().last().copied()?;
        let statistics = self.norm.statistics(channels)?;
        if dilation != dilation2 || next.norm.statistics(channels)? != statistics {
            return None;
        }
        let weights = [[depthwise, pointwise], [depthwise2, pointwise2]].map(|pair| pair.map(|w| pass.parameter(w)));
        let weights = [[&weights[0][0], &weights[0][1]], [&weights[1][0], &weights[1][1]]];
        let xhat = x.separable_twice(weights, *dilation, statistics.0, statistics.1);
        Some(xhat.and_then(|xhat| next.norm.affine(&xhat, pass)))
    }

    /// Weights, then γ and β.
    pub fn parameters(&mut self) -> impl Iterator<Item = &mut Parameter<E, D>> {
        self.filter.parameters().into_iter().chain(self.norm.parameters())
    }
}
