//! One normalisation layer with its affine map, and the gradients through it.

use super::{Subject, rounded};
use crate::{
    claim::{
        Check, Judge,
        judgement::Arithmetic,
        rounding::norm::{Group, groups},
        strategy::{self, histogram::Features},
    },
    network::Ready,
    normalisation::{AffineLayout, Norm, NormSettings, input_key, normalised_key},
    tensor::{Backend, Cpu, Element, Pass, Scope, Seen, Var, error::Result, op::Image},
    theorem::norm::Normalised,
};
use ndarray::Array4;
use proptest::strategy::BoxedStrategy;
use std::marker::PhantomData;

/// A layer's input, parameters and upstream gradient.
#[derive(Debug, Clone)]
pub struct NormCase {
    /// Extents of x.
    pub image: Image,
    /// Whose statistics, ε, affine layout.
    pub settings: NormSettings,
    /// x.
    pub x: Vec<f64>,
    /// γ; empty if the layer is not affine.
    pub gamma: Vec<f64>,
    /// β.
    pub beta: Vec<f64>,
    /// ∂L/∂y.
    pub gy: Vec<f64>,
}

/// What the tape made of it.
#[derive(Debug, Clone)]
pub struct NormObservation<E = f64> {
    /// The case, in numbers of type `E`.
    pub case: NormCase,
    /// x and ∂L/∂x.
    pub input: Seen,
    /// x̂, and g = γ ∂L/∂y as the case says it.
    pub normalised: Seen,
    /// y = γ x̂ + β.
    pub y: Vec<f64>,
    /// The same layer at another scale: 2x where ε = 0, else x/2.
    pub rescaled: Option<Box<Self>>,
    elements: PhantomData<fn() -> E>,
}

impl NormCase {
    /// The case with the numbers that elements of type `E` can hold.
    fn in_elements<E: Element>(&self) -> Self {
        NormCase {
            image: self.image,
            settings: NormSettings { eps: E::of(self.settings.eps).double(), ..self.settings },
            x: rounded::<E>(&self.x),
            gamma: rounded::<E>(&self.gamma),
            beta: rounded::<E>(&self.beta),
            gy: rounded::<E>(&self.gy),
        }
    }

    /// γ of row-major entry `i`; 1 if the layer is not affine.
    pub fn gamma_of(&self, i: usize) -> f64 {
        match self.settings.affine {
            None => 1.0,
            Some(AffineLayout::Channel) => self.gamma[i % self.image.c],
            Some(AffineLayout::Element) => self.gamma[i % self.image.per_sample()],
            Some(AffineLayout::Sample) => self.gamma[i / self.image.per_sample()],
        }
    }

    /// The layer in closed form, and g = γ ∂L/∂y.
    pub fn closed_form(&self) -> (Normalised, Array4<f64>) {
        let grouping = self.settings.kind.grouping(self.image.c).expect("a normalisation");
        let Image { n, h, w, c } = self.image;
        let groups = crate::theorem::norm::groups([n, h, w, c], grouping.per_sample, grouping.channels);
        let g = self.gy.iter().enumerate().map(|(i, gy)| self.gamma_of(i) * gy).collect();
        (Normalised::new(&self.array(self.x.clone()), groups, self.settings.eps), self.array(g))
    }

    /// Row-major values in the case's shape.
    pub fn array(&self, values: Vec<f64>) -> Array4<f64> {
        let Image { n, h, w, c } = self.image;
        Array4::from_shape_vec((n, h, w, c), values).expect("as many as the shape says")
    }
}

impl<E: Element> NormObservation<E> {
    /// The groups that share statistics.
    pub fn groups(&self) -> Vec<Group> {
        groups(self.case.settings.kind, self.case.settings.eps, &self.input, &self.normalised)
    }

    /// The element type that ran.
    pub fn arithmetic(&self) -> Arithmetic {
        Arithmetic::of::<E>()
    }
}

impl<E: Element> Subject for NormObservation<E>
where
    Cpu: Backend<E>,
{
    type Case = NormCase;
    type Element = E;
    const NAME: &'static str = if size_of::<E>() == 4 { "normalisation layer in f32" } else { "normalisation layer" };

    fn strategy() -> BoxedStrategy<NormCase> {
        strategy::norm::cases()
    }

    fn observe(case: &NormCase) -> Result<Self> {
        Self::observe_on(case, &Cpu::default())
    }

    fn observe_on<D: Backend<E>>(case: &NormCase, device: &D) -> Result<Self> {
        let scale = if case.settings.eps == 0.0 { 2.0 } else { 0.5 };
        let other = NormCase { x: case.x.iter().map(|x| scale * x).collect(), ..case.clone() };
        Ok(NormObservation { rescaled: Some(Box::new(Self::once(&other, device)?)), ..Self::once(case, device)? })
    }

    fn judge(check: &Check) -> Option<Judge<Self>> {
        let Check::Norm(double, single) = check else { return None };
        super::in_elements_of([double, single])
    }

    fn features(case: &NormCase) -> Features {
        strategy::histogram::norm_features(&case.settings, case.image)
    }

    fn size(case: &NormCase) -> usize {
        case.x.len()
    }
}

impl<E: Element> NormObservation<E> {
    /// What a pass shows, at the scale of the case.
    fn once<D: Backend<E>>(case: &NormCase, device: &D) -> Result<Self> {
        let case = &case.in_elements::<E>();
        let mut pass = Pass::<E, D>::probing();
        let host = |values: &[f64]| values.iter().copied().map(E::of).collect::<Vec<E>>();
        let parameters = [("norm.gamma", &case.gamma), ("norm.beta", &case.beta)];
        let mut source = Ready(parameters.map(|(name, values)| (name.to_string(), values.clone())).into());
        let layer = Norm::new(case.settings, case.image, &mut Scope::new(device, &mut source))?;
        let x = pass.on(&Var::new(device, &case.image.shape(), &host(&case.x))?);
        let y = layer.apply(&x, &mut pass)?;
        y.backward_from(&host(&case.gy))?;
        let seen: std::collections::HashMap<_, _> = pass.seen()?.into_iter().collect();
        let mut normalised = seen[&normalised_key("norm")].clone();
        normalised.gradient = case.gy.iter().enumerate().map(|(i, gy)| case.gamma_of(i) * gy).collect();
        let y = y.to_host()?.into_iter().map(E::double).collect();
        let (input, case) = (seen[&input_key("norm")].clone(), case.clone());
        Ok(NormObservation { input, normalised, y, case, rescaled: None, elements: PhantomData })
    }
}
