//! A chain of steps that hand the cost on, or should, with every value and gradient between them.

use super::{Subject, rounded};
use crate::{
    claim::{
        Check, Judge,
        judgement::{Amount, Arithmetic, Judgement},
        strategy::{self, histogram::Features},
    },
    tensor::{
        Backend, Cpu, Element, Pass, Seen, Var,
        error::Result,
        op::{Image, PoolKind},
    },
};
use proptest::strategy::BoxedStrategy;
use std::marker::PhantomData;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// Dense k×k convolution to `out` channels.
    Convolution {
        /// k.
        kernel: usize,
        /// Output channels.
        out: usize,
    },
    /// One k×k filter a channel.
    Depthwise {
        /// k.
        kernel: usize,
        /// Dilation.
        dilation: usize,
    },
    /// Maximum or average over 3×3.
    Pool(PoolKind),
    /// max(x, 0).
    Relu,
    /// The identity.
    Skip,
    /// Σ_k Z_k x over this many copies of x: a node's total.
    Sum(usize),
    /// This many copies of x side by side.
    Concatenate(usize),
    /// The mean over the image; what follows sees 1×1 pixels.
    GlobalAveragePool,
    /// x + b: not homogeneous.
    Bias,
}

/// A chain with its numbers.
#[derive(Debug, Clone)]
pub struct LayerCase {
    /// Extents of x.
    pub image: Image,
    /// The steps.
    pub steps: Vec<Step>,
    /// Each step's weights, row-major in the operation's layout.
    pub weights: Vec<Vec<f64>>,
    /// x.
    pub x: Vec<f64>,
    /// ∂L/∂y of the last step.
    pub gy: Vec<f64>,
}

/// What the tape made of it.
#[derive(Debug, Clone)]
pub struct LayerObservation<E = f64> {
    /// The case, in numbers of type `E`.
    pub case: LayerCase,
    /// The input of each step, then the output, with the gradients that reached them.
    pub stages: Vec<Seen>,
    /// |A||x| for each step.
    pub magnitudes: Vec<Vec<f64>>,
    /// The output for 2x.
    pub doubled: Vec<f64>,
    elements: PhantomData<fn() -> E>,
}

impl LayerCase {
    /// The case with the numbers that elements of type `E` can hold.
    fn in_elements<E: Element>(&self) -> Self {
        LayerCase {
            weights: self.weights.iter().map(|weights| rounded::<E>(weights)).collect(),
            x: rounded::<E>(&self.x),
            gy: rounded::<E>(&self.gy),
            ..self.clone()
        }
    }
}

impl Step {
    /// The extents after the step.
    pub fn output(self, image: Image) -> Image {
        match self {
            Step::Convolution { out, .. } => image.with_channels(out),
            Step::Concatenate(parts) => image.with_channels(image.c * parts),
            Step::GlobalAveragePool => Image { h: 1, w: 1, ..image },
            _ => image,
        }
    }

    /// The shape of the step's weights; empty if it has none.
    pub fn weights(self, image: Image) -> Vec<usize> {
        match self {
            Step::Convolution { kernel, out } => vec![kernel, kernel, image.c, out],
            Step::Depthwise { kernel, .. } => vec![kernel, kernel, image.c],
            Step::Sum(parts) => vec![parts],
            Step::Bias => vec![image.c],
            _ => Vec::new(),
        }
    }

    /// Roundings that an entry goes through, forwards and backwards together: one for each term of a computed sum of
    /// products (`ChainRounding.step_maps_to`), and in an average one for the share and one for its product, either way
    /// (`ChainRounding.scaled_step_maps_to`, `ChainRounding.shared_step_maps_to`).
    pub fn roundings(self, image: Image) -> usize {
        match self {
            Step::Convolution { kernel, out } => kernel * kernel * (image.c + out) + 2,
            Step::Depthwise { kernel, .. } => 2 * kernel * kernel + 2,
            Step::Pool(PoolKind::Max) => 9,
            Step::Pool(PoolKind::Average) => 2 * (9 + 2),
            Step::Relu | Step::Skip => 0,
            Step::Sum(parts) => 2 * parts + 2,
            Step::Concatenate(parts) => parts,
            Step::GlobalAveragePool => image.h * image.w + 5,
            Step::Bias => 1,
        }
    }

    /// Applies the step.
    pub fn apply<E: Element, D: Backend<E>>(self, x: &Var<E, D>, w: &Var<E, D>) -> Result<Var<E, D>> {
        match self {
            Step::Convolution { .. } => x.convolution(w),
            Step::Depthwise { dilation, .. } => x.depthwise(w, dilation),
            Step::Pool(kind) => x.pool(kind),
            Step::Relu => x.relu(),
            Step::Skip => Ok(x.clone()),
            Step::Sum(parts) => {
                let copies: Vec<_> = (0..parts).map(|_| x.watch().0).collect();
                w.weighted_sum(&copies.iter().enumerate().collect::<Vec<_>>())
            }
            Step::Concatenate(parts) => {
                let copies: Vec<_> = (0..parts).map(|_| x.watch().0).collect();
                Var::concatenate(&copies.iter().collect::<Vec<_>>())
            }
            Step::GlobalAveragePool => x.global_average_pool(),
            Step::Bias => x.bias(w),
        }
    }
}

impl<E: Element> LayerObservation<E> {
    /// Eq. 2–5 for step `i`, sample by sample: ⟨∂L/∂x, x⟩ = ⟨∂L/∂y, y⟩.
    pub fn hands_on(&self, i: usize) -> Vec<Judgement> {
        self.between(i, i + 1)
    }

    /// The same for the steps from `from` to before `to` together: the bounds of the stages add up.
    pub fn between(&self, from: usize, to: usize) -> Vec<Judgement> {
        let cost = |stage: &Seen, b| {
            let per_sample = stage.value.len() / self.case.image.n;
            let at = b * per_sample..(b + 1) * per_sample;
            Amount::dot(&stage.gradient[at.clone()], &stage.value[at])
        };
        let judge = |b| {
            let (x, y) = (cost(&self.stages[from], b), cost(&self.stages[to], b));
            let stages: f64 = (from..to).map(|step| self.stage_bound(step, b)).sum();
            Judgement::equal(x.value, y.value, x.bound + y.bound + stages)
        };
        (0..self.case.image.n).map(judge).collect()
    }

    /// γ_{m+n} ⟨|∂L/∂y|, |A||x|⟩ for one sample (`ChainRounding.chain_bound`).
    fn stage_bound(&self, step: usize, b: usize) -> f64 {
        let (a, image) = (Arithmetic::of::<E>(), self.image(step));
        let (out, magnitude) = (&self.stages[step + 1], &self.magnitudes[step]);
        let per_sample = magnitude.len() / image.n;
        let entries = b * per_sample..(b + 1) * per_sample;
        let inner: f64 = entries.map(|i| out.gradient[i].abs() * magnitude[i]).sum();
        a.gamma(self.case.steps[step].roundings(image)) * inner
    }

    /// The extents before step `i`.
    pub fn image(&self, i: usize) -> Image {
        self.case.steps[..i].iter().fold(self.case.image, |image, step| step.output(image))
    }
}

impl<E: Element> Subject for LayerObservation<E>
where
    Cpu: Backend<E>,
{
    type Case = LayerCase;
    type Element = E;
    const NAME: &'static str = if size_of::<E>() == 4 { "chain of operations in f32" } else { "chain of operations" };

    fn strategy() -> BoxedStrategy<LayerCase> {
        strategy::layer::cases()
    }

    fn observe(case: &LayerCase) -> Result<Self> {
        Self::observe_on(case, &Cpu::default())
    }

    fn observe_on<D: Backend<E>>(case: &LayerCase, device: &D) -> Result<Self> {
        let case = case.in_elements::<E>();
        let mut pass = Pass::<E, D>::probing();
        let host = |values: &[f64]| values.iter().copied().map(E::of).collect::<Vec<E>>();
        let absolute = |values: &[E]| values.iter().map(|v| v.abs()).collect::<Vec<_>>();
        let upload = |x: &[f64]| Var::new(device, &case.image.shape(), &host(x));
        let (mut x, mut doubled) =
            (pass.on(&upload(&case.x)?), upload(&case.x.iter().map(|x| 2.0 * x).collect::<Vec<_>>())?);
        let (mut image, mut magnitudes) = (case.image, Vec::new());
        for (i, (step, weights)) in case.steps.iter().zip(&case.weights).enumerate() {
            x = pass.watch(|| i.to_string(), &x);
            let (shape, weights) = (step.weights(image), host(weights));
            let value = absolute(&x.to_host()?);
            // GAP leaves [N, 1, 1, C], and the bias acts on the last axis of any shape.
            let (w, w_magnitude) = match shape.is_empty() {
                true => (Var::zeros(device, &[1])?, Var::zeros(device, &[1])?),
                false => (Var::new(device, &shape, &weights)?, Var::new(device, &shape, &absolute(&weights))?),
            };
            let magnitude = step.apply(&Var::new(device, &image.shape(), &value)?, &w_magnitude)?.to_host()?;
            magnitudes.push(magnitude.into_iter().map(E::double).collect());
            doubled = step.apply(&doubled, &w)?;
            x = step.apply(&x, &pass.on(&w))?;
            image = step.output(image);
        }
        let y = pass.watch(|| "output".into(), &x);
        y.backward_from(&host(&case.gy))?;
        let stages = pass.seen()?.into_iter().map(|(_, seen)| seen).collect();
        let doubled = doubled.to_host()?.into_iter().map(E::double).collect();
        Ok(LayerObservation { case, stages, magnitudes, doubled, elements: PhantomData })
    }

    fn judge(check: &Check) -> Option<Judge<Self>> {
        let Check::Layer(double, single) = check else { return None };
        super::in_elements_of([double, single])
    }

    fn features(case: &LayerCase) -> Features {
        strategy::histogram::layer_features(&case.steps, case.image)
    }

    fn size(case: &LayerCase) -> usize {
        case.x.len() + case.weights.iter().map(Vec::len).sum::<usize>()
    }
}
