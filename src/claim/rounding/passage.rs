//! What an edge, or a preprocessing unit, lets through of the cost at its input, and how exactly.

use super::norm::groups;
use crate::{
    claim::{
        judgement::{Amount, Arithmetic},
        observe::layer::Step,
    },
    cost::{Trace, case::Case},
    network::operation_key,
    normalisation::{Normalisation, input_key, normalised_key},
    operation::Operation,
    tensor::{Cpu, Seen, Var, error::Result, op::PoolKind},
    theorem::rounding::{range, softmax_roundings},
};

/// A network and what one pass through it left.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The network.
    pub case: &'a Case,
    /// Values and gradients.
    pub trace: &'a Trace,
    /// The element type that ran.
    pub arithmetic: Arithmetic,
}

/// Steps with their weights' names.
type Chain = Vec<(Step, Option<String>)>;

impl Run<'_> {
    /// What edge `edge` of cell `t` hands on to its source, summed over its operations: a skip all of
    /// its cost (eq. 11), any other operation what its first norm lets through (eq. 10 for ε ≥ 0), and
    /// all of its cost too if nothing is normalised.
    pub fn edge_passage(&self, t: usize, edge: usize, x: &Seen) -> Result<Amount> {
        let mut total = Amount::default();
        for operation in self.case.present(t, edge).into_iter().filter(|o| *o != Operation::None) {
            let name = format!("cell{t}.edge{edge}.{operation}");
            let Some(output) = self.trace.at(&operation_key(t, edge, operation)) else { continue };
            let normalised = self.case.settings.norm.kind != Normalisation::None;
            let passage = if operation == Operation::SkipConnect {
                Amount::dot(&output.gradient, &output.value)
            } else if normalised {
                let (chain, norm) = self.before_first_norm(operation, &name);
                self.norm_passage(&norm)? + self.chain_error(&chain, x, &self.trace_at(&input_key(&norm)).gradient)?
            } else {
                let chain = self.whole(operation, &name);
                Amount::dot(&output.gradient, &output.value) + self.chain_error(&chain, x, &output.gradient)?
            };
            total = total + passage;
        }
        // The operations' gradients are added up (`ChainRounding.accumulated_bound`).
        Ok(total.off_by(self.arithmetic.gamma(Operation::ALL.len())))
    }

    /// What the unit `name` (`cell1.pre0`) hands on of the cost at its input.
    pub fn unit_passage(&self, name: &str, x: &Seen) -> Result<Amount> {
        let step = Step::Convolution { kernel: 1, out: self.case.settings.channels };
        let chain = vec![(step, Some(format!("{name}.conv.weight")))];
        let norm = format!("{name}.norm");
        Ok(self.norm_passage(&norm)? + self.chain_error(&chain, x, &self.trace_at(&input_key(&norm)).gradient)?)
    }

    /// ⟨g, X_e⟩, X_e the sum of the edge's weighted operations.
    pub fn mixture_cost(&self, t: usize, e: usize, g: &[f64], output: &[f64]) -> Amount {
        let magnitude = self.trace.edge_magnitude(t, e, self.case.arch[t].row(e));
        let scale: f64 = g.iter().zip(&magnitude).map(|(g, x)| g.abs() * x).sum();
        let cost = Amount { scale, ..Amount::dot(g, output) }.off_by(self.mixture_gamma(t, e));
        let lost = self.arithmetic.tiny * g.iter().chain(output).map(|v| v.abs()).sum::<f64>();
        Amount { bound: cost.bound + lost, ..cost }
    }

    /// γ for the terms of the node that edge `e` enters, one computed sum over all operations of its edges, and of X_e
    /// itself in f64. The weights may be softmaxes, computed on either side (`ChainRounding.node_bound`).
    pub fn mixture_gamma(&self, t: usize, e: usize) -> f64 {
        let (topology, k) = (&self.case.settings.topology, Operation::ALL.len());
        let softmax = || 2 * softmax_roundings(k, range(self.case.arch[t].row(e)));
        let weights = if self.case.alpha.is_some() { softmax() } else { 0 };
        self.arithmetic.gamma(weights + k * topology.into_node(topology.edges()[e][1]).count() + 2 * k)
    }

    fn trace_at(&self, key: &str) -> &Seen {
        self.trace.at(key).unwrap_or_else(|| panic!("{key} was not watched"))
    }

    /// Σ over groups of ε/(σ² + ε) ⟨g, x̂⟩, and how far the cost at the norm's input may be from it.
    pub fn norm_passage(&self, norm: &str) -> Result<Amount> {
        let settings = self.case.settings.norm_of(norm);
        let (input, normalised) = (self.trace_at(&input_key(norm)), self.trace_at(&normalised_key(norm)));
        let passage = |group: super::norm::Group| {
            let cost = group.input_cost(self.arithmetic);
            Amount { value: group.lets_through(), ..cost }
        };
        Ok(groups(settings.kind, settings.eps, input, normalised).into_iter().map(passage).sum())
    }

    /// The first steps of an operation, up to its first norm, and that norm's name. A ReLU on the way
    /// is exact, whatever its place.
    fn before_first_norm(&self, operation: Operation, name: &str) -> (Chain, String) {
        match pool(operation) {
            Some(kind) => (vec![(Step::Pool(kind), None)], format!("{name}.norm")),
            None => (self.block(operation, &format!("{name}.block1")), format!("{name}.block1.norm")),
        }
    }

    /// All steps of an operation without norms.
    fn whole(&self, operation: Operation, name: &str) -> Chain {
        match (pool(operation), operation) {
            (Some(kind), _) => vec![(Step::Pool(kind), None)],
            (None, Operation::SepConv3x3 | Operation::SepConv5x5) => {
                (1..=2).flat_map(|block| self.block(operation, &format!("{name}.block{block}"))).collect()
            }
            (None, _) => self.block(operation, &format!("{name}.block1")),
        }
    }

    fn block(&self, operation: Operation, name: &str) -> Chain {
        let kernel = if matches!(operation, Operation::SepConv5x5 | Operation::DilConv5x5) { 5 } else { 3 };
        let dilation = if matches!(operation, Operation::DilConv3x3 | Operation::DilConv5x5) { 2 } else { 1 };
        vec![
            (Step::Depthwise { kernel, dilation }, Some(format!("{name}.dw.weight"))),
            (Step::Convolution { kernel: 1, out: self.case.settings.channels }, Some(format!("{name}.pw.weight"))),
        ]
    }

    /// An amount of 0 with the bound γ_{m+n} ⟨|∂L/∂y|, |A||x|⟩ of the steps A together, m roundings
    /// forwards and n backwards (`ChainRounding.chain_maps_to`, `ChainRounding.chain_bound`), and what
    /// underflow in them may lose.
    fn chain_error(&self, chain: &Chain, x: &Seen, gy: &[f64]) -> Result<Amount> {
        let (device, mut image) = (Cpu::default(), crate::tensor::op::Image::of("trace", &x.shape)?);
        let absolute = |values: &[f64]| values.iter().map(|v| v.abs()).collect::<Vec<_>>();
        let mut y = Var::new(&device, &x.shape, &absolute(&x.value))?;
        let sum = |values: &[f64]| values.iter().map(|v| v.abs()).sum::<f64>();
        // What an underflow anywhere on the way may be multiplied by: what comes before, or after.
        let (mut roundings, mut before, mut after) = (0, sum(&x.value), sum(gy));
        for (step, weight) in chain {
            let weight = match weight {
                Some(name) => absolute(&self.case.parameters[name]),
                None => vec![0.0],
            };
            after *= 1.0 + sum(&weight);
            let shape = step.weights(image);
            let shape = if shape.is_empty() { vec![1] } else { shape };
            y = step.apply(&y, &Var::new(&device, &shape, &weight)?)?;
            before += sum(&y.to_host()?);
            roundings += step.roundings(image);
            image = step.output(image);
        }
        let scale: f64 = y.to_host()?.iter().zip(gy).map(|(y, g)| y * g.abs()).sum();
        let lost = self.arithmetic.tiny * roundings as f64 * (before + after);
        let bound = self.arithmetic.gamma(roundings) * scale + lost;
        Ok(Amount { value: 0.0, bound, scale })
    }
}

fn pool(operation: Operation) -> Option<PoolKind> {
    match operation {
        Operation::MaxPool3x3 => Some(PoolKind::Max),
        Operation::AvgPool3x3 => Some(PoolKind::Average),
        _ => None,
    }
}
