//! Network, α and their optimisers, and one pass over a batch.

use super::{Config, Error, Evaluation, step::From};
use crate::{
    architecture::{Alpha, Choice},
    cost::costs_and_gradients,
    data::Images,
    network::{Losses, Network, Output, Random, one_hot_rows},
    operation::Operation,
    seed::stream,
    tensor::{
        Adam, AdamRule, Backend, Element, Moving, Parameter, Pass, Scope, Sgd, SgdRule, Statistics, Var, clip,
        error::Result, op::finite_loss,
    },
};
use ndarray::{Array2, Array3};

/// What is trained.
pub struct Model<E: Element, D: Backend<E>> {
    /// Where.
    pub device: D,
    /// The architecture's logits, shared by all cells.
    pub alpha: Alpha<E, D>,
    /// The operations that each edge may have.
    pub allowed: Vec<Vec<Operation>>,
    pub(super) network: Network<E, D>,
    pub(super) theta_optimiser: Sgd<E, D>,
    pub(super) alpha_optimiser: Adam<E, D>,
    /// The norms' moving averages, where images are tested by them.
    pub(super) moving: Option<Moving>,
    clip: f64,
    classes: usize,
}

/// What one pass over a batch gave.
pub struct Batch {
    /// L, H, C per image.
    pub losses: Losses,
    /// C of each operation, `[cells, edges, operations]`.
    pub costs: Array3<f64>,
    /// ∂L/∂Z, in the same shape.
    pub gradients: Array3<f64>,
    /// Which operations ran on each edge, in every cell.
    pub active: Vec<Vec<Operation>>,
}

impl<E: Element, D: Backend<E>> Model<E, D> {
    /// A fresh model for the images.
    pub fn new(config: &Config, images: &Images, device: D) -> std::result::Result<Self, Error> {
        let settings = config.network(images.image, images.classes)?;
        let allowed = config.allowed()?;
        let mut source = Random { seed: config.training_seed(), gain: config.head_gain };
        let network = Network::new(&settings, |_, edge| allowed[edge].clone(), &mut Scope::new(&device, &mut source))?;
        let start = [config.alpha_mean, config.alpha_std];
        let alpha = Alpha::new(&device, &allowed, start, &mut stream(config.training_seed(), "alpha"))?;
        let theta = SgdRule { momentum: config.theta_momentum, weight_decay: config.theta_decay };
        let adam =
            AdamRule { learning_rate: config.alpha_lr, betas: config.alpha_betas, weight_decay: config.alpha_decay };
        Ok(Model {
            device,
            alpha,
            allowed,
            network,
            theta_optimiser: Sgd::new(theta),
            alpha_optimiser: Adam::new(adam),
            moving: (config.evaluation == Evaluation::Moving).then(Moving::default),
            clip: config.clip,
            classes: images.classes,
        })
    }

    /// The numbers in θ.
    pub fn parameters(&mut self) -> usize {
        self.network.parameters().iter().map(|p| p.value.shape().iter().product::<usize>()).sum()
    }

    /// Forward and backward over a batch, with one choice for all cells. The pass decides which gradients are
    /// kept. The host waits for numbers once all of it is under way.
    pub fn run(&self, from: From<E, D>, choice: &Choice<E, D>, mut pass: Pass<E, D>) -> Result<Batch> {
        let (output, labels) = self.forward(from, choice, &mut pass)?;
        let loss = output.logits.mean_cross_entropy(&one_hot_rows(&self.device, &labels, self.classes)?)?;
        loss.backward_from(&[E::one()])?;
        let host = Var::all_to_host(&[&loss, &output.logits])?;
        finite_loss(host[0][0])?;
        let [costs, gradients] = costs_and_gradients(&output)?;
        Ok(Batch { losses: self.losses(&host[1], &labels), costs, gradients, active: choice.active().to_vec() })
    }

    /// L and H of a batch, tested.
    pub fn evaluate(&self, from: From<E, D>, choice: &Choice<E, D>) -> Result<Losses> {
        let statistics = self.moving.clone().map_or(Statistics::Batch, Statistics::Moving);
        let mut pass = Pass::evaluating().normalising_by(statistics);
        let (output, labels) = self.forward(from, choice, &mut pass)?;
        Ok(self.losses(&output.logits.to_host()?, &labels))
    }

    /// The pass that trains θ.
    pub fn training_pass(&self) -> Pass<E, D> {
        let statistics = self.moving.clone().map_or(Statistics::Batch, Statistics::Gathered);
        Pass::recording().normalising_by(statistics)
    }

    /// The network's output, and the labels.
    fn forward(
        &self,
        from: From<E, D>,
        choice: &Choice<E, D>,
        pass: &mut Pass<E, D>,
    ) -> Result<(Output<E, D>, Vec<usize>)> {
        let (x, labels) = from.images.batch(from.cuts)?;
        Ok((self.network.forward(&x, &[choice], pass)?, labels))
    }

    fn losses(&self, logits: &[E], labels: &[usize]) -> Losses {
        let logits = logits.iter().map(|y| y.double()).collect();
        let logits = Array2::from_shape_vec((labels.len(), self.classes), logits).expect("logits [N, K]");
        Losses::new(logits.view(), labels)
    }

    /// SGD on θ with the gradients of the last recorded pass, clipped.
    pub fn step_theta(&mut self, learning_rate: f64) -> Result<()> {
        let mut values: Vec<_> = self.network.parameters().into_iter().map(|p| &mut p.value).collect();
        clip(&values, self.clip)?;
        self.theta_optimiser.step(&mut values, learning_rate)
    }

    /// Adam on α with the gradient that the last pass left, or that was put there.
    pub fn step_alpha(&mut self) -> Result<()> {
        self.alpha_optimiser.step(&mut self.alpha.value)
    }

    /// Puts ∂L/∂α `[edges, operations]` in place for the next step of α.
    pub fn set_alpha_gradient(&self, gradient: &Array2<f64>) -> Result<()> {
        self.alpha.value.set_gradient(&gradient.iter().map(|g| E::of(*g)).collect::<Vec<_>>())
    }

    /// Replaces α.
    pub fn set_alpha(&mut self, logits: &Array2<f64>) -> Result<()> {
        self.alpha.value.assign(&logits.iter().map(|a| E::of(*a)).collect::<Vec<_>>())
    }

    /// θ on the host, by parameter.
    pub fn theta(&mut self) -> Result<Vec<Vec<f64>>> {
        let host = |values: Vec<E>| values.into_iter().map(E::double).collect();
        self.network.parameters().into_iter().map(|p| Ok(host(p.value.to_host()?))).collect()
    }

    /// Replaces θ.
    pub fn set_theta(&mut self, theta: &[Vec<f64>]) -> Result<()> {
        let mut pairs = self.network.parameters().into_iter().zip(theta);
        pairs.try_for_each(|(p, values)| p.value.assign(&values.iter().map(|v| E::of(*v)).collect::<Vec<_>>()))
    }

    /// The gradient that the last recorded pass left on θ, zero where none arrived; takes it.
    pub fn take_theta_gradient(&mut self) -> Result<Vec<Vec<f64>>> {
        let host = |p: &mut Parameter<E, D>| {
            let length = p.value.shape().iter().product();
            let gradient = p.value.take_gradient()?.unwrap_or_else(|| vec![E::zero(); length]);
            Ok(gradient.into_iter().map(E::double).collect())
        };
        self.network.parameters().into_iter().map(host).collect()
    }
}
