//! A cell's graph as data: nodes, edges, and what each edge's role is.
//!
//! Nodes 0 and 1 are the inputs. A node is the sum of its incoming edges. The output is the
//! concatenation of the nodes listed as such; the links into it are the paper's *output edges* and
//! carry no operation (Fig. 7).

use serde::{Deserialize, Serialize};

/// Input nodes of every cell: the outputs of the previous two cells.
pub const INPUTS: usize = 2;

/// A directed acyclic graph; edges are ordered by target, then source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Graph", into = "Graph")]
pub struct Topology {
    nodes: usize,
    edges: Vec<[usize; 2]>,
    output: Vec<usize>,
}

/// A graph as a file gives it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Graph {
    nodes: usize,
    edges: Vec<[usize; 2]>,
    #[serde(default)]
    output: Vec<usize>,
}

/// Where an edge starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// At an input node.
    Input,
    /// At an intermediate node.
    Intermediate,
}

impl Topology {
    /// Two intermediate nodes, five edges: 0:(0→2) 1:(1→2) 2:(0→3) 3:(1→3) 4:(2→3) (Fig. 7).
    pub fn minimal() -> Self {
        Self::complete(2)
    }

    /// DARTS's cell: four intermediate nodes, fourteen edges, of which 4, 7, 8, 11, 12, 13 are
    /// intermediate.
    pub fn original() -> Self {
        Self::complete(4)
    }

    /// Every edge between the inputs and `intermediate` nodes in a row.
    pub fn complete(intermediate: usize) -> Self {
        let nodes = INPUTS + intermediate;
        let edges = (INPUTS..nodes).flat_map(|j| (0..j).map(move |i| [i, j])).collect();
        Topology { nodes, edges, output: (INPUTS..nodes).collect() }
    }

    /// Any graph: `nodes` counts the two inputs; an empty `output` stands for all intermediate nodes.
    /// Edges go from a lower to a higher number and are put in order; an error names the bad one.
    pub fn new(nodes: usize, mut edges: Vec<[usize; 2]>, output: Vec<usize>) -> Result<Self, String> {
        if nodes <= INPUTS {
            return Err(format!("nodes: {nodes} leaves no intermediate node; expected at least {}", INPUTS + 1));
        }
        if let Some([i, j]) = edges.iter().find(|[i, j]| i >= j || *j >= nodes || *j < INPUTS) {
            return Err(format!(
                "edges: [{i}, {j}] does not lead from a lower node to a higher intermediate node below {nodes}"
            ));
        }
        edges.sort_by_key(|[i, j]| (*j, *i));
        if let Some(pair) = edges.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("edges: {:?} is listed twice", pair[0]));
        }
        let output = if output.is_empty() { (INPUTS..nodes).collect() } else { output };
        let distinct = output.iter().enumerate().all(|(n, node)| !output[..n].contains(node));
        if !distinct || output.iter().any(|node| !(INPUTS..nodes).contains(node)) {
            return Err(format!("output: {output:?} are not distinct intermediate nodes ({INPUTS} to {})", nodes - 1));
        }
        Ok(Topology { nodes, edges, output })
    }

    /// Nodes, inputs included.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// `[source, target]` of each edge.
    pub fn edges(&self) -> &[[usize; 2]] {
        &self.edges
    }

    /// The nodes that are concatenated.
    pub fn output(&self) -> &[usize] {
        &self.output
    }

    /// Where edge `edge` starts.
    pub fn role(&self, edge: usize) -> Role {
        if self.edges[edge][0] < INPUTS { Role::Input } else { Role::Intermediate }
    }

    /// The numbers of the edges into `node`.
    pub fn into_node(&self, node: usize) -> impl Iterator<Item = usize> {
        self.edges.iter().enumerate().filter(move |(_, [_, j])| *j == node).map(|(edge, _)| edge)
    }

    /// The numbers of the edges out of `node`.
    pub fn out_of_node(&self, node: usize) -> impl Iterator<Item = usize> {
        self.edges.iter().enumerate().filter(move |(_, [i, _])| *i == node).map(|(edge, _)| edge)
    }
}

impl TryFrom<Graph> for Topology {
    type Error = String;

    fn try_from(graph: Graph) -> Result<Self, String> {
        Topology::new(graph.nodes, graph.edges, graph.output)
    }
}

impl From<Topology> for Graph {
    fn from(topology: Topology) -> Self {
        Graph { nodes: topology.nodes, edges: topology.edges, output: topology.output }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_cells_have_the_papers_numbering() {
        assert_eq!(Topology::minimal().edges(), [[0, 2], [1, 2], [0, 3], [1, 3], [2, 3]]);
        let original = Topology::original();
        let intermediate: Vec<_> = (0..14).filter(|edge| original.role(*edge) == Role::Intermediate).collect();
        assert_eq!(intermediate, [4, 7, 8, 11, 12, 13]);
    }

    #[test]
    fn a_bad_graph_is_refused_by_name() {
        let message = |nodes, edges: &[[usize; 2]], output: &[usize]| {
            Topology::new(nodes, edges.to_vec(), output.to_vec()).unwrap_err()
        };
        assert!(message(2, &[], &[]).starts_with("nodes: 2"));
        assert!(message(4, &[[3, 2]], &[]).starts_with("edges: [3, 2]"));
        assert!(message(4, &[[0, 1]], &[]).starts_with("edges: [0, 1]"));
        assert!(message(4, &[[0, 2], [0, 2]], &[]).contains("twice"));
        assert!(message(4, &[[0, 2]], &[1]).starts_with("output: [1]"));
        let file = r#"{"nodes": 4, "edges": [[2, 3], [0, 2]]}"#;
        assert_eq!(serde_json::from_str::<Topology>(file).unwrap().edges(), [[0, 2], [2, 3]]);
    }
}
