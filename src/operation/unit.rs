//! The unit that all convolutional operations and a cell's preprocessing are made of.

use super::{Order, Stage};
use crate::{
    normalisation::{Norm, NormSettings},
    tensor::{
        Backend, Element, Init, Parameter, Pass, Scope, Var,
        error::Result,
        op::{Deferred, Grouping, Image},
    },
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
        let xhat = match self {
            Filter::Dense(_) => self
                .dense_in_one_step(norm, pass)
                .map(|(weight, (grouping, eps))| x.normalised_convolution(&weight, relu, grouping, eps)),
            Filter::Separable { .. } if relu => self.deferred(norm, x, pass).map(|deferred| deferred?.value()),
            Filter::Separable { .. } => None,
        };
        let Some(xhat) = xhat.transpose()? else {
            let x = if relu { x.relu()? } else { x.clone() };
            return norm.apply(&self.apply(&x, pass)?, pass);
        };
        norm.affine(&xhat, pass)
    }

    /// The weight of a dense filter and the settings of `norm`, if one step can take both.
    fn dense_in_one_step(&self, norm: &Norm<E, D>, pass: &Pass<E, D>) -> Option<(Var<E, D>, (Grouping, f64))> {
        match self {
            Filter::Dense(weight) => Some((pass.parameter(weight), norm.in_one_step(self.outputs(), pass)?)),
            Filter::Separable { .. } => None,
        }
    }

    /// `norm` of a separable filter's output for max(x, 0), without the affine map, to be computed where a node sums it;
    /// nothing where it has to be taken apart.
    fn deferred(&self, norm: &Norm<E, D>, x: &Var<E, D>, pass: &Pass<E, D>) -> Option<Result<Deferred<E, D>>> {
        let (weights, dilation) = self.separable_weights(pass)?;
        let (grouping, eps) = norm.in_one_step(self.outputs(), pass)?;
        Some(Deferred::separable(x, weights.each_ref(), dilation, grouping, eps))
    }

    /// The weights and the dilation of a separable filter.
    fn separable_weights(&self, pass: &Pass<E, D>) -> Option<([Var<E, D>; 2], usize)> {
        match self {
            Filter::Dense(_) => None,
            Filter::Separable { depthwise, pointwise, dilation } => {
                Some(([depthwise, pointwise].map(|w| pass.parameter(w)), *dilation))
            }
        }
    }

    /// Output channels.
    fn outputs(&self) -> usize {
        let (Filter::Dense(last) | Filter::Separable { pointwise: last, .. }) = self;
        last.value.shape()[3]
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

    /// Two units, each of its own value; where that is the same, it may be read once.
    pub fn apply_both(units: [&Self; 2], xs: [&Var<E, D>; 2], pass: &mut Pass<E, D>) -> Result<Vec<Var<E, D>>> {
        let [one, other] = units.map(|unit| match unit.order {
            Order::ReluConvNorm => unit.filter.dense_in_one_step(&unit.norm, pass),
            _ => None,
        });
        if let (Some((one, settings)), Some((other, same))) = (one, other)
            && settings == same
            && xs[0].is(xs[1])
        {
            let (grouping, eps) = settings;
            let xhats = xs[0].normalised_convolutions(&[&one, &other], true, grouping, eps)?;
            return xhats.iter().zip(units).map(|(xhat, unit)| unit.affine(xhat, pass)).collect();
        }
        xs.into_iter().zip(units).map(|(x, unit)| unit.apply(x, pass)).collect()
    }

    /// The unit but for its affine map, to be computed where a node sums it; nothing where it has to be taken apart.
    pub fn deferred(&self, x: &Var<E, D>, pass: &Pass<E, D>) -> Option<Result<Deferred<E, D>>> {
        if self.order == Order::ReluConvNorm { self.filter.deferred(&self.norm, x, pass) } else { None }
    }

    /// The same of this unit and `next` in a row, where no affine map is between them.
    pub fn deferred_with(&self, next: &Self, x: &Var<E, D>, pass: &Pass<E, D>) -> Option<Result<Deferred<E, D>>> {
        let units = [self, next];
        if units.iter().any(|unit| unit.order != Order::ReluConvNorm) || self.is_affine() {
            return None;
        }
        let [first, second] = units.map(|unit| unit.norm.in_one_step(unit.filter.outputs(), pass));
        let [(weights, dilation), (weights2, dilation2)] =
            [self.filter.separable_weights(pass)?, next.filter.separable_weights(pass)?];
        let (grouping, eps) = first.filter(|_| first == second && dilation == dilation2)?;
        let weights = [weights.each_ref(), weights2.each_ref()];
        Some(Deferred::separable_twice(x, weights, dilation, grouping, eps))
    }

    /// γ x̂ + β, or x̂ itself.
    pub fn affine(&self, xhat: &Var<E, D>, pass: &Pass<E, D>) -> Result<Var<E, D>> {
        self.norm.affine(xhat, pass)
    }

    /// Whether γ and β follow.
    pub fn is_affine(&self) -> bool {
        self.norm.is_affine()
    }

    /// Weights, then γ and β.
    pub fn parameters(&mut self) -> impl Iterator<Item = &mut Parameter<E, D>> {
        self.filter.parameters().into_iter().chain(self.norm.parameters())
    }
}
