//! A case: one network, one batch and, where an oracle made it, the expected numbers, in a file of the
//! format `wiring-cost-golden-1`.
//!
//! [`Case::read`] checks everything before a network is built; [`Evaluation`] recomputes every number
//! on the tape; [`Case::write`] saves a witness so that it can be replayed.

mod evaluate;
mod header;
mod layout;
mod read;
mod write;

pub use evaluate::{Comparison, Evaluation};
pub use write::to_safetensors;

use crate::{network::Settings, operation::Operation};
use ndarray::{Array2, ArrayD};
use std::collections::{BTreeMap, HashMap};
use thiserror::Error;

/// The format's name, in every file's metadata.
pub const FORMAT: &str = "wiring-cost-golden-1";

/// One network and one batch.
#[derive(Debug, Clone)]
pub struct Case {
    /// A short name.
    pub name: String,
    /// What it shows.
    pub note: String,
    /// The network.
    pub settings: Settings,
    /// Z of each cell, `[edges, operations]`.
    pub arch: Vec<Array2<f64>>,
    /// α of each cell, where Z is its softmax.
    pub alpha: Option<Vec<Array2<f64>>>,
    /// Parameters by name, row-major in this crate's layout.
    pub parameters: HashMap<String, Vec<f64>>,
    /// Inputs, channels-last.
    pub x: Vec<f64>,
    /// A class a sample.
    pub labels: Vec<usize>,
    /// Expected tensors by name, as stored in the file.
    pub expected: BTreeMap<String, ArrayD<f64>>,
}

/// What is wrong with a case: one line with the file, the field and what was expected.
#[derive(Debug, Error)]
#[error("{file}: {field}: {problem}")]
pub struct CaseError {
    /// The file.
    pub file: String,
    /// The tensor or metadata entry.
    pub field: String,
    /// What is wrong and what was expected.
    pub problem: String,
}

impl Case {
    /// The operations with a part in Z on an edge of a cell, in column order.
    pub fn present(&self, cell: usize, edge: usize) -> Vec<Operation> {
        let row = self.arch[cell].row(edge);
        Operation::ALL.into_iter().filter(|operation| row[operation.index()] != 0.0).collect()
    }
}
