//! The unit that all convolutional operations and a cell's preprocessing are made of.

use super::Order;
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
        if let Some(y) = self.apply_in_one(x, pass) {
            return y;
        }
        match self.order {
            Order::ReluConvNorm => self.norm.apply(&self.filter.apply(&x.relu()?, pass)?, pass),
            Order::ConvReluNorm => self.norm.apply(&self.filter.apply(x, pass)?.relu()?, pass),
            Order::ConvNormRelu => self.norm.apply(&self.filter.apply(x, pass)?, pass)?.relu(),
        }
    }

    /// The same in one step on the tape, for a normalised separable filter in the paper's order; a probing
    /// pass has to see what lies between.
    fn apply_in_one(&self, x: &Var<E, D>, pass: &Pass<E, D>) -> Option<Result<Var<E, D>>> {
        let Filter::Separable { depthwise, pointwise, dilation } = &self.filter else { return None };
        if self.order != Order::ReluConvNorm || pass.probes() {
            return None;
        }
        let (grouping, eps) = self.norm.statistics(x.shape().last().copied()?)?;
        let (depthwise, pointwise) = (pass.parameter(depthwise), pass.parameter(pointwise));
        let xhat = x.separable(&depthwise, *dilation, &pointwise, grouping, eps);
        Some(xhat.and_then(|xhat| self.norm.affine(&xhat, pass)))
    }

    /// Weights, then γ and β.
    pub fn parameters(&mut self) -> impl Iterator<Item = &mut Parameter<E, D>> {
        self.filter.parameters().into_iter().chain(self.norm.parameters())
    }
}
