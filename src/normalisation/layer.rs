//! One normalisation layer of a network.

use super::{Grouping, NormSettings};
use crate::tensor::{Backend, Element, Init, Parameter, Pass, Scope, Statistics, Var, error::Result, op::Image};

/// γ x̂ + β with the statistics that the pass asks for.
pub struct Norm<E: Element, D: Backend<E>> {
    name: String,
    settings: NormSettings,
    affine: Option<[Parameter<E, D>; 2]>,
}

impl<E: Element, D: Backend<E>> Norm<E, D> {
    /// The layer `norm` of `scope`, for activations of the extents `image`.
    pub fn new(settings: NormSettings, image: Image, scope: &mut Scope<D>) -> Result<Self> {
        let mut scope = scope.enter("norm");
        let affine = match settings.affine {
            None => None,
            Some(layout) => {
                let shape = layout.shape(image);
                let gamma = scope.parameter("gamma", &shape, Init::Gamma)?;
                Some([gamma, scope.parameter("beta", &shape, Init::Zero)?])
            }
        };
        Ok(Norm { name: scope.path().into(), settings, affine })
    }

    /// `[N, H, W, C]` to the same shape. A probing pass keeps x under [`input_key`] and x̂ under
    /// [`normalised_key`].
    pub fn apply(&self, x: &Var<E, D>, pass: &mut Pass<E, D>) -> Result<Var<E, D>> {
        let channels = x.shape().last().copied().unwrap_or(0);
        let mut y = x.clone();
        if let Some(grouping) = self.settings.kind.grouping(channels) {
            let x = pass.watch(|| input_key(&self.name), x);
            let eps = self.settings.eps;
            let xhat = match pass.statistics() {
                Statistics::Moving(averages) if !grouping.per_sample => averages.normalise(&self.name, &x, eps)?,
                Statistics::Gathered(averages) if !grouping.per_sample => {
                    averages.gather(&self.name, &x)?;
                    x.normalise(grouping, eps)?
                }
                _ => x.normalise(grouping, eps)?,
            };
            y = pass.watch(|| normalised_key(&self.name), &xhat);
        }
        self.affine(&y, pass)
    }

    /// Whether γ and β follow.
    pub fn is_affine(&self) -> bool {
        self.affine.is_some()
    }

    /// The groups of an activation of `channels` channels and ε, where the norm may be taken in one step with what is
    /// before it: nothing where nothing is normalised, or where the pass has to see what lies between.
    pub fn in_one_step(&self, channels: usize, pass: &Pass<E, D>) -> Option<(Grouping, f64)> {
        let grouping = self.settings.kind.grouping(channels).filter(|_| pass.fuses());
        grouping.map(|grouping| (grouping, self.settings.eps))
    }

    /// γ x̂ + β, or x̂ itself where the layer is not affine.
    pub fn affine(&self, xhat: &Var<E, D>, pass: &Pass<E, D>) -> Result<Var<E, D>> {
        match (&self.affine, self.settings.affine) {
            (Some([gamma, beta]), Some(layout)) => xhat.affine(layout, &pass.parameter(gamma), &pass.parameter(beta)),
            _ => Ok(xhat.clone()),
        }
    }

    /// γ and β, if any.
    pub fn parameters(&mut self) -> impl Iterator<Item = &mut Parameter<E, D>> {
        self.affine.iter_mut().flatten()
    }
}

/// The name under which a probing pass keeps the input of the layer `name`.
pub fn input_key(name: &str) -> String {
    format!("{name} input")
}

/// The name under which a probing pass keeps x̂ of the layer `name`.
pub fn normalised_key(name: &str) -> String {
    format!("{name} normalised")
}
