//! Costs from values and gradients themselves, as a probing pass kept them.

use crate::{
    cell::Topology,
    network::{consumer_key, node_key, operation_key, output_key},
    normalisation::{NormSettings, Normalisation, input_key, normalised_key},
    operation::Operation,
    tensor::{Backend, Element, Pass, Seen, error::Result, op::Image},
};
use ndarray::{Array2, Array3, ArrayView1, ArrayView3};
use std::collections::HashMap;

/// What one probing pass and its backward pass left, by place.
pub struct Trace {
    seen: HashMap<String, Seen>,
    norms: Vec<String>,
}

/// What the norms let through (eq. 10 for ε > 0), summed over all groups of one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct NormResidual {
    /// The layer.
    pub name: String,
    /// Σ ∂L/∂x · x at the input.
    pub measured: f64,
    /// Σ over groups of ε/(σ² + ε) · Σ ∂L/∂x̂ · x̂.
    pub predicted: f64,
    /// Σ |∂L/∂x · x|.
    pub scale: f64,
}

impl Trace {
    /// Reads the pass after its backward pass.
    pub fn new<E: Element, D: Backend<E>>(pass: &Pass<E, D>) -> Result<Self> {
        let seen = pass.seen()?;
        let norm = |name: &str| name.strip_suffix(input_key("").as_str()).map(String::from);
        Ok(Trace { norms: seen.iter().filter_map(|(name, _)| norm(name)).collect(), seen: seen.into_iter().collect() })
    }

    /// What was seen at a place.
    pub fn at(&self, key: &str) -> Option<&Seen> {
        self.seen.get(key)
    }

    /// The same places with other contents: a part of the batch, say.
    pub fn map(&self, f: impl Fn(&str, &Seen) -> Seen) -> Self {
        let seen = self.seen.iter().map(|(name, seen)| (name.clone(), f(name, seen))).collect();
        Trace { seen, norms: self.norms.clone() }
    }

    /// A value or gradient that overflowed, if one did.
    pub fn first_not_finite(&self) -> Option<f64> {
        let mut numbers = self.seen.values().flat_map(|seen| seen.value.iter().chain(&seen.gradient));
        numbers.find(|v| !v.is_finite()).copied()
    }

    /// The norms in the order of execution.
    pub fn norms(&self) -> &[String] {
        &self.norms
    }

    /// C of operation k on edge e of cell t: the gradient of its weighted output times that output.
    pub fn operation_costs(&self, topology: &Topology, cells: usize) -> Array3<f64> {
        Array3::from_shape_fn((cells, topology.edges().len(), Operation::ALL.len()), |(t, edge, k)| {
            self.at(&operation_key(t, edge, Operation::ALL[k])).map_or(0.0, Seen::cost)
        })
    }

    /// X_e, the edge's output as it enters its node, given Z `[cells, edges, operations]`; empty if
    /// nothing ran on the edge.
    pub fn edge_output(&self, t: usize, edge: usize, z: ArrayView3<f64>) -> Vec<f64> {
        self.edge_sum(t, edge, z.slice(ndarray::s![t, edge, ..]), |term| term)
    }

    /// Σ_k |Z_k o_k|, the scale of what rounding does to X_e, given the edge's Z.
    pub fn edge_magnitude(&self, t: usize, edge: usize, z: ArrayView1<f64>) -> Vec<f64> {
        self.edge_sum(t, edge, z, f64::abs)
    }

    fn edge_sum(&self, t: usize, edge: usize, z: ArrayView1<f64>, of: impl Fn(f64) -> f64) -> Vec<f64> {
        let mut sum = Vec::new();
        for operation in Operation::ALL {
            let Some(seen) = self.at(&operation_key(t, edge, operation)) else { continue };
            sum.resize(seen.value.len(), 0.0);
            let z = z[operation.index()];
            sum.iter_mut().zip(&seen.value).for_each(|(sum, o)| *sum += of(z * o));
        }
        sum
    }

    /// The products ∂L/∂x_j · X_e of an edge into node j, with the gradient that reaches x_j at `key`.
    fn edge_products(&self, key: &str, t: usize, edge: usize, z: ArrayView3<f64>) -> Vec<f64> {
        let Some(node) = self.at(key) else { return Vec::new() };
        self.edge_output(t, edge, z).iter().zip(&node.gradient).map(|(x, g)| x * g).collect()
    }

    /// For each edge `[cells, edges]`: C_e and Σ |∂L/∂x_j · X_e|.
    pub fn edge_costs(&self, topology: &Topology, z: ArrayView3<f64>) -> [Array2<f64>; 2] {
        let shape = (z.dim().0, topology.edges().len());
        let products = Array2::from_shape_fn(shape, |(t, edge)| {
            self.edge_products(&node_key(t, topology.edges()[edge][1]), t, edge, z)
        });
        [products.map(|p| p.iter().sum()), products.map(|p| p.iter().map(|x| x.abs()).sum())]
    }

    /// The part of C_e that comes through the node's output edge, `[cells, edges]`.
    pub fn output_path_costs(&self, topology: &Topology, z: ArrayView3<f64>) -> Array2<f64> {
        Array2::from_shape_fn((z.dim().0, topology.edges().len()), |(t, edge)| {
            let key = consumer_key(t, topology.edges()[edge][1], None);
            self.edge_products(&key, t, edge, z).iter().sum()
        })
    }

    /// The part of C_e that comes through edge f alone, `[cells, e, f]` (the path of Theorem 1).
    pub fn edge_path_costs(&self, topology: &Topology, z: ArrayView3<f64>) -> Array3<f64> {
        let edges = topology.edges();
        Array3::from_shape_fn((z.dim().0, edges.len(), edges.len()), |(t, e, f)| match edges[f][0] == edges[e][1] {
            true => self.edge_products(&consumer_key(t, edges[e][1], Some(f)), t, e, z).iter().sum(),
            false => 0.0,
        })
    }

    /// ⟨gradient through one consumer, out_t⟩, `[cells, 3]`: the head, pre1 of cell t + 1, pre0 of t + 2.
    pub fn cell_output_costs(&self, cells: usize) -> Array2<f64> {
        Array2::from_shape_fn((cells, 3), |(t, consumer)| {
            let consumer = match consumer {
                0 => "head".to_string(),
                1 => format!("cell{}.pre1", t + 1),
                _ => format!("cell{}.pre0", t + 2),
            };
            self.at(&output_key(t, &consumer)).map_or(0.0, Seen::cost)
        })
    }

    /// One entry a norm, in the order of execution; `settings` gives the ε and groups of a layer.
    pub fn norm_residuals(&self, settings: impl Fn(&str) -> NormSettings) -> Vec<NormResidual> {
        let residual = |name: &String| {
            let (input, normalised) = (self.at(&input_key(name))?, self.at(&normalised_key(name))?);
            let NormSettings { kind, eps, .. } = settings(name);
            Some(NormResidual {
                name: name.clone(),
                measured: input.cost(),
                predicted: predicted(kind, eps, input, normalised),
                scale: input.products().map(f64::abs).sum(),
            })
        };
        self.norms.iter().filter_map(residual).collect()
    }
}

/// Σ over groups of ε/(σ² + ε) · Σ ∂L/∂x̂ · x̂; a group with σ² + ε = 0 has x̂ = 0.
fn predicted(kind: Normalisation, eps: f64, input: &Seen, normalised: &Seen) -> f64 {
    let [n, h, w, c] = *input.shape else { unreachable!("an activation") };
    let image = Image { n, h, w, c };
    let Some(grouping) = kind.grouping(c) else { return 0.0 };
    let group = |i: usize| grouping.index(image, i / image.per_sample(), i % c);
    let size = grouping.size(image) as f64;
    let means = |values: &mut dyn Iterator<Item = f64>| {
        let mut means = vec![0.0; grouping.count(image)];
        values.enumerate().for_each(|(i, value)| means[group(i)] += value / size);
        means
    };
    let mean = means(&mut input.value.iter().copied());
    let variance = means(&mut input.value.iter().enumerate().map(|(i, x)| (x - mean[group(i)]).powi(2)));
    let share = |i: usize| match variance[group(i)] + eps {
        0.0 => 0.0,
        spread => eps / spread,
    };
    normalised.products().enumerate().map(|(i, product)| share(i) * product).sum()
}
