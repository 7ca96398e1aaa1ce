//! One cell of a network: preprocessing, the operations on each edge, and how they are summed.

use super::Settings;
use crate::{
    cell::Topology,
    operation::{Filter, Layer, Operation, Unit},
    tensor::{Backend, Element, Error, Parameter, Pass, Scope, Var, error::Result, op::Deferred},
};

/// The layers of a cell; the graph that they hang on is the network's.
pub struct Cell<E: Element, D: Backend<E>> {
    index: usize,
    preprocess: [Unit<E, D>; 2],
    /// By edge, then operation.
    edges: Vec<[Option<Layer<E, D>>; Operation::ALL.len()]>,
}

impl<E: Element, D: Backend<E>> Cell<E, D> {
    /// Cell `index`, whose inputs have the given channels; `present` lists an edge's operations.
    pub fn new(
        settings: &Settings,
        index: usize,
        inputs: [usize; 2],
        present: impl Fn(usize) -> Vec<Operation>,
        scope: &mut Scope<D>,
    ) -> Result<Self> {
        let image = settings.input.with_channels(settings.channels);
        let (order, norm) = (settings.order, settings.norm);
        let mut scope = scope.enter(&format!("cell{index}"));
        let mut preprocess = |side: usize| {
            let mut scope = scope.enter(&format!("pre{side}"));
            let filter = Filter::dense(1, inputs[side], settings.channels, &mut scope)?;
            Unit::new(order, filter, norm, image, &mut scope)
        };
        let preprocess = [preprocess(0)?, preprocess(1)?];
        let mut edges = Vec::with_capacity(settings.topology.edges().len());
        for edge in 0..settings.topology.edges().len() {
            let mut scope = scope.enter(&format!("edge{edge}"));
            let mut layers = [const { None }; Operation::ALL.len()];
            for operation in present(edge) {
                layers[operation.index()] = Layer::new(operation, order, norm, image, &mut scope)?;
            }
            edges.push(layers);
        }
        Ok(Cell { index, preprocess, edges })
    }

    /// node_j = Σ over edges (i→j) and operations k of Z_k o_k(node_i); the output nodes, whose concatenation is the
    /// output. `z` is `[edges, operations]`, `active` names what runs on each edge.
    pub fn forward(
        &self,
        topology: &Topology,
        [s0, s1]: [Var<E, D>; 2],
        z: &Var<E, D>,
        active: &[Vec<Operation>],
        pass: &mut Pass<E, D>,
    ) -> Result<Vec<Var<E, D>>> {
        let t = self.index;
        let mut nodes = Unit::apply_both(self.preprocess.each_ref(), [&s0, &s1], pass)?;
        for j in nodes.len()..topology.nodes() {
            let mut terms = Vec::new();
            for edge in topology.into_node(j) {
                let [i, _] = topology.edges()[edge];
                let x = pass.watch(|| consumer_key(t, i, Some(edge)), &nodes[i]);
                for operation in active[edge].iter().filter(|operation| **operation != Operation::None) {
                    let layer = self.edges[edge][operation.index()]
                        .as_ref()
                        .ok_or_else(|| Error::Missing { what: format!("cell{t}.edge{edge}.{operation}") })?;
                    let term = match layer.deferred(&x, pass)? {
                        Some(deferred) => deferred,
                        None => {
                            let y = layer.apply(&x, pass)?;
                            Deferred::identity(&pass.watch(|| operation_key(t, edge, *operation), &y))
                        }
                    };
                    terms.push((edge * Operation::ALL.len() + operation.index(), term));
                }
            }
            let node = match terms.is_empty() {
                true => Var::zeros(z.device(), nodes[0].shape())?.on(z.tape()),
                false => z.node(&terms)?,
            };
            nodes.push(pass.watch(|| node_key(t, j), &node));
        }
        Ok(topology.output().iter().map(|j| pass.watch(|| consumer_key(t, *j, None), &nodes[*j])).collect())
    }

    /// Preprocessing first, then edge by edge.
    pub fn parameters(&mut self) -> impl Iterator<Item = &mut Parameter<E, D>> {
        let edges = self.edges.iter_mut().flatten().flatten().flat_map(Layer::parameters);
        self.preprocess.iter_mut().flat_map(Unit::parameters).chain(edges)
    }
}

/// The name under which a probing pass keeps node `j` of cell `t`.
pub fn node_key(t: usize, j: usize) -> String {
    format!("cell{t}.node{j}")
}

/// The name for node `j` as one consumer reads it: an edge, or the output edge.
pub fn consumer_key(t: usize, j: usize, edge: Option<usize>) -> String {
    match edge {
        Some(edge) => format!("cell{t}.node{j} to edge{edge}"),
        None => format!("cell{t}.node{j} to output"),
    }
}

/// The name for o_k(x_i), before its weight.
pub fn operation_key(t: usize, edge: usize, operation: Operation) -> String {
    format!("cell{t}.edge{edge}.{operation}")
}
