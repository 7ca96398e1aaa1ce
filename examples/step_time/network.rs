//! A whole network: one step is forward, backward, every edge's cost, every parameter's gradient.

use crate::stream::{Parameters, activation, peer_index, peer_name, uniform, words};
use serde_json::{Value, json};
use wirecost::{
    architecture::Choice,
    cell::Topology,
    cost::{edge_costs, operation_costs},
    network::{Losses, Network, Settings, one_hot_rows},
    normalisation::{NormSettings, Normalisation},
    operation::{Operation, Order},
    tensor::{
        Backend, Element, Pass, Scope, Var,
        op::{Image, finite_loss},
    },
};

pub const CLASSES: usize = 10;
pub const EPS: f64 = 1e-5;

/// A workload's extents.
#[derive(Clone, Copy)]
pub struct Extents {
    pub samples: usize,
    pub channels: usize,
    pub side: usize,
    pub cells: usize,
    pub nodes: usize,
}

/// What runs on the edges.
#[derive(Clone, Copy, PartialEq)]
pub enum Wiring {
    /// The same operation everywhere.
    All(Operation),
    /// One operation an edge, from the stream PREFIX/arch.
    Sampled,
    /// Mixtures by softmax(α), α from the stream PREFIX/alpha.
    Mixed,
}

/// A network with its data, ready to make steps.
pub struct Step<E: Element, D: Backend<E>> {
    prefix: String,
    network: Network<E, D>,
    choices: Vec<Choice<E, D>>,
    alpha: Option<Var<E, D>>,
    x: Var<E, D>,
    target: Var<E, D>,
    labels: Vec<usize>,
}

impl<E: Element, D: Backend<E>> Step<E, D> {
    pub fn new(device: &D, prefix: &str, of: Extents, wiring: Wiring) -> wirecost::tensor::error::Result<Self> {
        let input = Image { n: of.samples, h: of.side, w: of.side, c: 3 };
        let norm = NormSettings { kind: Normalisation::Batch, eps: EPS, affine: None };
        let settings = Settings {
            input,
            stem: Some((3 * of.channels, norm)),
            topology: Topology::complete(of.nodes),
            cells: of.cells,
            channels: of.channels,
            norm,
            order: Order::ReluConvNorm,
            classes: CLASSES,
            bias: false,
        };
        let edges = settings.topology.edges().len();
        let stream = format!("{prefix}/arch");
        let mut sampled = words(&stream).map(|word| Operation::ALL[(word % 8) as usize]);
        let operations: Vec<Vec<Operation>> = (0..of.cells)
            .map(|_| match wiring {
                Wiring::All(operation) => vec![operation; edges],
                _ => sampled.by_ref().take(edges).collect(),
            })
            .collect();
        let present = |cell: usize, edge: usize| match wiring {
            Wiring::Mixed => Operation::ALL.to_vec(),
            _ => vec![operations[cell][edge]],
        };
        let network = Network::new(&settings, present, &mut Scope::new(device, &mut Parameters { prefix }))?;
        let upload =
            |shape: &[usize], host: Vec<f64>| Var::new(device, shape, &host.into_iter().map(E::of).collect::<Vec<_>>());
        let alpha = uniform(&format!("{prefix}/alpha")).map(|u| 2.0 * u - 1.0).take(edges * 8).collect();
        let labels: Vec<usize> =
            words(&format!("{prefix}/y")).map(|word| (word % 10) as usize).take(of.samples).collect();
        Ok(Step {
            network,
            choices: match wiring {
                Wiring::Mixed => Vec::new(),
                _ => operations.iter().map(|cell| Choice::one_hot(device, cell)).collect::<Result<_, _>>()?,
            },
            alpha: if wiring == Wiring::Mixed { Some(upload(&[edges, 8], alpha)?) } else { None },
            x: upload(&input.shape(), activation(&format!("{prefix}/x"), [input.n, input.h, input.w, input.c]))?,
            target: one_hot_rows(device, &labels, CLASSES)?,
            labels,
            prefix: prefix.into(),
        })
    }

    /// One step; the gradients are left with α and the parameters.
    pub fn run(&mut self) -> wirecost::tensor::error::Result<Found> {
        self.network.parameters().iter().for_each(|p| p.value.clear_gradient());
        let mut pass = Pass::recording();
        let mixed;
        let choices: Vec<_> = match &self.alpha {
            None => self.choices.iter().collect(),
            Some(alpha) => {
                alpha.clear_gradient();
                mixed = Choice::mixture(pass.on(alpha).softmax()?);
                vec![&mixed]
            }
        };
        let output = self.network.forward(&self.x, &choices, &mut pass)?;
        let loss = output.logits.mean_cross_entropy(&self.target)?;
        loss.backward_from(&[E::one()])?;
        let host = Var::all_to_host(&[&loss, &output.logits])?;
        Ok(Found {
            loss: finite_loss(host[0][0])?,
            costs: operation_costs(&output)?,
            logits: host[1].iter().map(|y| y.double()).collect(),
        })
    }

    /// What `expected.json` states of a step.
    pub fn summary(&mut self) -> wirecost::tensor::error::Result<Value> {
        let found = self.run()?;
        let logits = ndarray::Array2::from_shape_vec((self.labels.len(), CLASSES), found.logits).expect("[N, K]");
        let losses = Losses::new(logits.view(), &self.labels);
        let costs: Vec<Vec<f64>> = edge_costs(&found.costs).outer_iter().map(|cell| cell.to_vec()).collect();
        let mut summary = json!({"loss": found.loss, "entropy": losses.means()[1], "costs": costs});
        if let Some(alpha) = &self.alpha {
            let g: Vec<f64> = alpha.take_gradient()?.into_iter().flatten().map(E::double).collect();
            summary["alpha_grad"] = json!(g.chunks(8).collect::<Vec<_>>());
        }
        let mut gradients = serde_json::Map::new();
        for parameter in self.network.parameters() {
            let (name, shape) = (peer_name(&parameter.name), parameter.value.shape().to_vec());
            let n = shape.iter().product();
            let g: Vec<f64> = match parameter.value.take_gradient()? {
                Some(g) => g.into_iter().map(E::double).collect(),
                None => vec![0.0; n],
            };
            let probe: Vec<f64> =
                uniform(&format!("{}/{name}/probe", self.prefix)).map(|u| 2.0 * u - 1.0).take(n).collect();
            let norm = g.iter().map(|g| g * g).sum::<f64>().sqrt();
            let dot: f64 = g.iter().enumerate().map(|(i, g)| g * probe[peer_index(&shape, i)]).sum();
            gradients.insert(name, json!([norm, dot]));
        }
        summary["grads"] = Value::Object(gradients);
        Ok(summary)
    }
}

/// What a step finds apart from gradients.
pub struct Found {
    pub loss: f64,
    pub costs: ndarray::Array3<f64>,
    pub logits: Vec<f64>,
}
