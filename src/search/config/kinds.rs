//! What some settings choose among.

use crate::cell::Topology;
use serde::{Deserialize, Serialize};

/// How α is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// One sampled operation an edge (Hu et al., 2020).
    Dsnas,
    /// A softmax mixture of all operations (Liu et al., 2018).
    Darts,
    /// A sample of the concrete distribution (Xie et al., 2018).
    Snas,
    /// Binary gates (Cai et al., 2018).
    ProxylessNas,
    /// Networks drawn uniformly: the baseline.
    Random,
}

/// On which images α is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The same batches as θ.
    Single,
    /// A set of its own, the search set.
    Bi,
}

/// Whose statistics normalise an image that is tested: where a norm's groups span the batch, the batch's
/// own, or averages gathered in training. Other norms have each image's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evaluation {
    /// The batch's own, as in training: the protocol's.
    #[default]
    Batch,
    /// Moving averages over the training batches.
    Moving,
}

/// A cell by name, or a graph of one's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CellChoice {
    /// `minimal` or `original`.
    Name(String),
    /// Nodes, edges, output.
    Graph(Topology),
}
