//! Instance norm without an affine map (eq. 16): every value sums to 0 over the image, and every
//! gradient is flat (equal at all pixels) but for noise.
//!
//! The sums are zero but for the means' errors, n Γ (1 + κ) (`NormRounding.xhat_sum_bound`), and they add
//! up along the cell. A flat gradient a, and noise η, go through such a norm as noise of the size of
//! `FlatRounding.flat_gradient_bound`, and noise through a convolution as at most the largest column sum
//! of |W| (`FlatRounding.noise_through_weights`). A cost is off by what the flat part makes of the sum, and
//! the noise of the values (`FlatRounding.flat_cost_bound`). So the bound on what a cost may differ from zero
//! is a product of such factors along the path.

use super::{
    norm::{Conditioning, Group, groups},
    passage::Run,
};
use crate::{
    cell::INPUTS,
    claim::observe::network::NetworkObservation,
    network::consumer_key,
    normalisation::{input_key, normalised_key},
    operation::Operation,
    tensor::Element,
};

/// What further roundings make of noise, while there are fewer than 16384 of them in f32 (`FlatRounding.small_growth`).
const GROWTH: f64 = 1.0 + 1e-3;

/// A gradient that reaches a node: a flat part for each (sample, channel), and noise anywhere.
#[derive(Debug, Clone)]
struct Flat {
    flat: Vec<f64>,
    noise: f64,
}

/// What a network's flat gradients and vanishing sums come to.
pub struct FlatBounds<'a, E> {
    o: &'a NetworkObservation<E>,
}

impl<'a, E: Element> FlatBounds<'a, E> {
    /// For a run with instance norm.
    pub fn new(o: &'a NetworkObservation<E>) -> Self {
        FlatBounds { o }
    }

    fn groups(&self, norm: &str) -> Vec<(Group, Conditioning, f64)> {
        let settings = self.o.case.settings.norm_of(norm);
        let (input, normalised) = (self.o.seen(&input_key(norm)), self.o.seen(&normalised_key(norm)));
        let largest = |group: &Group| group.xhat.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        let with = |group: Group| (group.conditioning(), largest(&group), group);
        groups(settings.kind, settings.eps, input, normalised)
            .into_iter()
            .map(with)
            .map(|(k, m, g)| (g, k, m))
            .collect()
    }

    /// How far Σ_d γ x̂ may be from 0 for each (sample, channel), for a γ of each channel or none.
    fn norm_sums(&self, norm: &str) -> Vec<f64> {
        let a = self.o.arithmetic;
        let gamma = self.o.case.parameters.get(&format!("{norm}.gamma"));
        let scale = |slot: usize| gamma.map_or(1.0, |gamma| gamma[slot % gamma.len()].abs());
        let one = |(group, k, largest): (Group, Conditioning, f64)| match largest {
            0.0 => 0.0,
            _ if !group.is_well_above_rounding(a) => f64::INFINITY,
            _ => k.xhat_sum(a),
        };
        let sums = self.groups(norm).into_iter().map(one).enumerate();
        sums.map(|(slot, sum)| if sum == 0.0 { 0.0 } else { sum * scale(slot) }).collect()
    }

    /// The norms of an operation, in the order of execution.
    fn norms(&self, t: usize, e: usize, operation: Operation) -> Vec<String> {
        let name = format!("cell{t}.edge{e}.{operation}");
        match operation {
            Operation::MaxPool3x3 | Operation::AvgPool3x3 => vec![format!("{name}.norm")],
            Operation::SepConv3x3 | Operation::SepConv5x5 => (1..=2).map(|b| format!("{name}.block{b}.norm")).collect(),
            _ => vec![format!("{name}.block1.norm")],
        }
    }

    fn slots(&self) -> usize {
        self.o.case.settings.input.n * self.o.case.settings.channels
    }

    /// How far Σ_d X_e may be from 0, given the same for the cell's nodes
    /// (`ChainRounding.node_bound`).
    fn edge_sums(&self, t: usize, e: usize, nodes: &[Vec<f64>]) -> Vec<f64> {
        let source = self.o.topology().edges()[e][0];
        let run = Run { case: &self.o.case, trace: self.o.trace(), arithmetic: self.o.arithmetic };
        let magnitude = run.trace.edge_magnitude(t, e, run.case.arch[t].row(e));
        let mut sums = vec![0.0; self.slots()];
        for operation in self.o.case.present(t, e).into_iter().filter(|o| *o != Operation::None) {
            let own = match operation {
                Operation::SkipConnect => nodes[source].clone(),
                _ => self.norm_sums(self.norms(t, e, operation).last().expect("a norm")),
            };
            sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
        }
        let (c, per_sample) = (self.o.case.settings.channels, magnitude.len() / self.o.case.settings.input.n);
        let rounding = run.mixture_gamma(t, e);
        magnitude.iter().enumerate().for_each(|(i, x)| sums[i / per_sample * c + i % c] += rounding * x);
        sums
    }

    /// The same for every node and edge of cell `t`.
    pub fn sums(&self, t: usize) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
        let topology = self.o.topology();
        let mut nodes: Vec<Vec<f64>> =
            (0..INPUTS).map(|side| self.norm_sums(&format!("cell{t}.pre{side}.norm"))).collect();
        let mut edges = vec![vec![0.0; self.slots()]; topology.edges().len()];
        for j in INPUTS..topology.nodes() {
            let mut node = vec![0.0; self.slots()];
            for e in topology.into_node(j) {
                edges[e] = self.edge_sums(t, e, &nodes);
                node.iter_mut().zip(&edges[e]).for_each(|(node, edge)| *node += edge);
            }
            nodes.push(node);
        }
        (nodes, edges)
    }

    /// The noise that a gradient leaves behind a norm.
    fn through_norm(&self, norm: &str, g: &Flat, weight: f64) -> f64 {
        let a = self.o.arithmetic;
        let one = |(i, (group, k, largest)): (usize, (Group, Conditioning, f64))| {
            if largest == 0.0 {
                // Without x̂ only g − mean g is left: noise of the flat part's own rounding.
                return weight * k.through_flat(a, g.flat[i], g.noise, 0.0);
            }
            if !group.is_well_above_rounding(a) {
                return f64::INFINITY;
            }
            weight * k.through_flat(a, g.flat[i], g.noise, largest) * GROWTH
        };
        self.groups(norm).into_iter().enumerate().map(one).fold(0.0, f64::max)
    }

    /// The largest Σ over outputs of |W| for one input.
    fn gain(&self, weight: &str, outputs: usize) -> f64 {
        let w = &self.o.case.parameters[weight];
        if weight.ends_with("dw.weight") {
            let c = self.o.case.settings.channels;
            return (0..c).map(|c0| w.iter().skip(c0).step_by(c).map(|w| w.abs()).sum()).fold(0.0, f64::max);
        }
        w.chunks_exact(outputs).map(|row| row.iter().map(|w| w.abs()).sum()).fold(0.0, f64::max)
    }

    /// The noise that an operation hands to its source.
    fn through_operation(&self, t: usize, e: usize, operation: Operation, g: &Flat, weight: f64) -> f64 {
        let c = self.o.case.settings.channels;
        let (mut g, mut weight) = (g.clone(), weight);
        for norm in self.norms(t, e, operation).iter().rev() {
            let behind = self.through_norm(norm, &g, weight);
            let block = norm.strip_suffix(".norm").expect("a norm's name");
            let gain = match operation {
                // A pixel lies in at most nine windows.
                Operation::MaxPool3x3 | Operation::AvgPool3x3 => 9.0,
                _ => self.gain(&format!("{block}.pw.weight"), c) * self.gain(&format!("{block}.dw.weight"), 1),
            };
            g = Flat { flat: vec![0.0; self.slots()], noise: behind * gain };
            weight = 1.0;
        }
        g.noise
    }

    /// For every cell and edge: how far C_e may be from 0.
    pub fn edge_costs(&self) -> Vec<Vec<f64>> {
        let (o, topology) = (self.o, self.o.topology());
        let (cells, c) = (o.cells(), o.case.settings.channels);
        let mut output_noise = vec![0.0; cells];
        let mut bounds = vec![vec![0.0; topology.edges().len()]; cells];
        for t in (0..cells).rev() {
            let (_, sums) = self.sums(t);
            let mut nodes = vec![Flat { flat: vec![0.0; self.slots()], noise: 0.0 }; topology.nodes()];
            for j in (0..topology.nodes()).rev() {
                if topology.output().contains(&j) {
                    let seen = o.seen(&consumer_key(t, j, None));
                    let per_sample = seen.value.len() / seen.shape[0];
                    if t + 1 == cells {
                        let flat = |slot: usize| seen.gradient[slot / c * per_sample + slot % c].abs();
                        (0..self.slots()).for_each(|slot| nodes[j].flat[slot] += flat(slot));
                    }
                    nodes[j].noise += output_noise[t];
                }
                for e in topology.out_of_node(j) {
                    let target = nodes[topology.edges()[e][1]].clone();
                    for operation in o.case.present(t, e).into_iter().filter(|o| *o != Operation::None) {
                        let weight = o.case.arch[t][[e, operation.index()]];
                        if operation == Operation::SkipConnect {
                            nodes[j].noise += weight * target.noise;
                            nodes[j].flat.iter_mut().zip(&target.flat).for_each(|(a, b)| *a += weight * b);
                        } else {
                            nodes[j].noise += self.through_operation(t, e, operation, &target, weight);
                        }
                    }
                }
                // Fewer than 64 gradients meet, and go on with a weight (`FlatRounding.accumulated_noise`).
                nodes[j].noise += o.arithmetic.gamma(64) * nodes[j].flat.iter().fold(0.0f64, |m, a| m.max(*a));
                nodes[j].noise *= GROWTH;
            }
            for (e, [_, j]) in topology.edges().iter().enumerate() {
                let flat: f64 = nodes[*j].flat.iter().zip(&sums[e]).map(|(a, sum)| a * sum).sum();
                let size: f64 = o.outputs[t][e].iter().map(|x| x.abs()).sum();
                let noise = if size == 0.0 { 0.0 } else { nodes[*j].noise * size };
                bounds[t][e] = flat + noise + o.edge_cost(t, e).bound;
            }
            for (side, node) in nodes[..INPUTS].iter().enumerate() {
                let Some(from) = (t + side).checked_sub(2) else { continue };
                let behind = self.through_norm(&format!("cell{t}.pre{side}.norm"), node, 1.0);
                output_noise[from] += behind * self.gain(&format!("cell{t}.pre{side}.conv.weight"), c);
            }
        }
        bounds
    }
}
