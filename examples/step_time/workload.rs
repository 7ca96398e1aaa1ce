//! The workloads by name, each as something that makes steps.

use crate::{
    network::{self, EPS, Extents, Wiring},
    stream::{Parameters, activation},
};
use serde_json::Value;
use std::{cell::RefCell, hint::black_box};
use wirecost::{
    normalisation::{NormSettings, Normalisation},
    operation::{Layer, Operation, Order},
    tensor::{Both, Cpu, Pass, Scope, Var, error::Result, op::Image},
};

pub const NETWORKS: [&str; 4] = ["W_DSNAS", "W_DARTS", "W_ORIG8", "W_VERIFY"];
/// Tiny networks in a step of W_VERIFY.
pub const CASES: usize = 200;

/// All names.
pub fn names() -> Vec<String> {
    let operations = Operation::ALL.map(|operation| format!("OP_{operation}"));
    NETWORKS.map(String::from).into_iter().chain(operations).collect()
}

/// One workload, built and ready.
pub enum Workload<D: Both> {
    Network(Box<network::Step<f32, D>>),
    /// On the processor: its networks are too small for another device.
    Verify,
    Operation(Box<Alone<D>>),
}

fn single(name: &str) -> Option<(Extents, Wiring)> {
    let minimal = |samples| Extents { samples, channels: 16, side: 32, cells: 1, nodes: 2 };
    Some(match name {
        "W_DSNAS" => (minimal(96), Wiring::All(Operation::SepConv5x5)),
        "W_DARTS" => (minimal(64), Wiring::Mixed),
        "W_ORIG8" => (Extents { cells: 8, nodes: 4, ..minimal(16) }, Wiring::Sampled),
        _ => return None,
    })
}

fn tiny<D: Both>(device: &D, case: usize) -> Result<network::Step<f64, D>> {
    let extents = Extents { samples: 8, channels: 8, side: 8, cells: 1, nodes: 2 };
    network::Step::new(device, &format!("W_VERIFY/{case}"), extents, Wiring::Sampled)
}

thread_local! {
    /// This thread's share of W_VERIFY's networks, which stay where they were built.
    static TINY: RefCell<Vec<network::Step<f64, Cpu>>> = const { RefCell::new(Vec::new()) };
}

impl<D: Both> Workload<D> {
    /// Builds the workload on `device`; nothing if there is none of that name.
    pub fn new(device: &D, name: &str) -> Result<Option<Self>> {
        if let Some((extents, wiring)) = single(name) {
            return Ok(Some(Workload::Network(Box::new(network::Step::new(device, name, extents, wiring)?))));
        }
        if name == "W_VERIFY" {
            rayon::broadcast(|thread| {
                let mine = (0..CASES).filter(|case| case % thread.num_threads() == thread.index());
                let built = mine.map(|case| tiny(&Cpu::default(), case)).collect::<Result<_>>()?;
                TINY.set(built);
                Ok(())
            })
            .into_iter()
            .collect::<Result<()>>()?;
            return Ok(Some(Workload::Verify));
        }
        let operation = name.strip_prefix("OP_").and_then(|operation| operation.parse().ok());
        operation.map(|operation| Ok(Workload::Operation(Box::new(Alone::new(device, operation)?)))).transpose()
    }

    /// One step.
    pub fn step(&mut self) -> Result<()> {
        match self {
            Workload::Network(step) => drop(black_box(step.run()?)),
            Workload::Verify => {
                let all = rayon::broadcast(|_| {
                    TINY.with_borrow_mut(|mine| {
                        mine.iter_mut().try_for_each(|step| step.run().map(|found| drop(black_box(found))))
                    })
                });
                all.into_iter().collect::<Result<()>>()?;
            }
            Workload::Operation(alone) => alone.step()?,
        }
        Ok(())
    }
}

/// What a step of the network `name` finds; for W_VERIFY of its first `cases` networks.
pub fn summaries<D: Both>(device: &D, name: &str, cases: usize) -> Result<Vec<Value>> {
    match single(name) {
        Some((extents, wiring)) => Ok(vec![network::Step::<f32, D>::new(device, name, extents, wiring)?.summary()?]),
        None => (0..cases).map(|case| tiny(device, case)?.summary()).collect(),
    }
}

/// One operation alone, forward and backward.
pub struct Alone<D: Both> {
    layer: Option<Layer<f32, D>>,
    x: Var<f32, D>,
    /// The output's gradient.
    g: Var<f32, D>,
}

impl<D: Both> Alone<D> {
    fn new(device: &D, operation: Operation) -> Result<Self> {
        let shape = [96, 32, 32, 16];
        let [n, h, w, c] = shape;
        let norm = NormSettings { kind: Normalisation::Batch, eps: EPS, affine: None };
        // A layer names its parameters after its operation; alone, the peers give them no such name.
        let prefix = format!("OP_{operation}");
        let mut source = Parameters { prefix: &prefix };
        let mut scope = Scope::new(device, &mut source);
        let layer = Layer::new(operation, Order::ReluConvNorm, norm, Image { n, h, w, c }, &mut scope)?;
        let draw = |name: &str| {
            let drawn = activation(&format!("{prefix}/{name}"), shape).into_iter().map(|x| x as f32);
            Var::new(device, &shape, &drawn.collect::<Vec<_>>())
        };
        Ok(Alone { layer, x: draw("x")?, g: draw("g")? })
    }

    fn step(&mut self) -> Result<()> {
        let mut pass = Pass::recording();
        let x = pass.on(&self.x);
        x.clear_gradient();
        let Some(layer) = &mut self.layer else {
            // none: y = 0 · x
            black_box(Var::<f32, D>::zeros(self.x.device(), x.shape())?);
            return Ok(());
        };
        layer.parameters().iter().for_each(|p| p.value.clear_gradient());
        let y = layer.apply(&x, &mut pass)?;
        y.put_gradient(self.g.clone())?;
        y.backward()
    }
}
