//! What a run was: enough to make it again.

use super::{Error, MANIFEST, Result};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, path::Path};

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of wirecost.
    pub version: String,
    /// The command that makes this run again, without `--threads` and `--out`.
    pub command: String,
    /// The seed of every random stream.
    pub seed: u64,
    /// The configuration, with every default filled in.
    pub config: serde_json::Value,
    /// The data.
    pub data: DataSummary,
    /// The cell that was stacked.
    pub cell: CellSummary,
    /// Names of the operations, in the order of the columns of α.
    pub operations: Vec<String>,
    /// What the run is, for a figure's title.
    pub title: String,
    /// What a reader should know about its settings.
    pub note: String,
}

/// The data of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataSummary {
    /// Name of the data.
    pub name: String,
    /// Checksum of the raw pixels and labels, hexadecimal.
    pub sha256: String,
    /// Number of classes.
    pub classes: usize,
    /// Height, width, channels.
    pub image: [usize; 3],
    /// Images in each set.
    pub sets: BTreeMap<String, usize>,
}

/// The cell of a run. Nodes `0..inputs` are the cell's inputs, nodes `inputs..nodes` the intermediate
/// nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellSummary {
    /// Number of stacked cells.
    pub cells: usize,
    /// Number of nodes: inputs and intermediate nodes, without the output.
    pub nodes: usize,
    /// Number of input nodes.
    pub inputs: usize,
    /// `[from, to]` of each edge; the position is the edge's index.
    pub edges: Vec<[usize; 2]>,
    /// The nodes that the output concatenates.
    pub output: Vec<usize>,
}

impl CellSummary {
    /// Whether both ends of edge `edge` are intermediate nodes.
    pub fn is_intermediate(&self, edge: usize) -> bool {
        self.edges[edge][0] >= self.inputs
    }
}

impl Manifest {
    /// Reads and checks the manifest of the run folder `dir`.
    ///
    /// # Errors
    /// If there is none, or it is damaged; the error names the file.
    pub fn read(dir: &Path) -> Result<Self> {
        if !dir.is_dir() {
            return Err(Error::read(dir, "no such folder"));
        }
        let path = dir.join(MANIFEST);
        let text = fs::read_to_string(&path).map_err(|e| Error::read(&path, e))?;
        let manifest: Manifest = serde_json::from_str(&text).map_err(|e| Error::damaged(&path, e))?;
        manifest.check(&path)?;
        Ok(manifest)
    }

    /// The shape of α: edges and operations.
    pub fn shape(&self) -> [usize; 2] {
        [self.cell.edges.len(), self.operations.len()]
    }

    /// Checks that the parts fit each other; `path` is named in the error.
    pub(super) fn check(&self, path: &Path) -> Result<()> {
        let CellSummary { cells, nodes, inputs, ref edges, ref output } = self.cell;
        let wrong = |field: &str, expected: &str, found: &dyn std::fmt::Debug| {
            Err(Error::field(path, field, expected, format!("{found:?}")))
        };
        if cells == 0 {
            return wrong("cell.cells", "at least 1", &cells);
        }
        if inputs == 0 || inputs >= nodes {
            return wrong("cell.inputs", "at least 1 and fewer than cell.nodes", &inputs);
        }
        if let Some(edge) = edges.iter().find(|[from, to]| from >= to || *to >= nodes || *to < inputs) {
            return wrong("cell.edges", "[from, to] with from < to, to an intermediate node", edge);
        }
        if edges.is_empty() {
            return wrong("cell.edges", "at least one edge", edges);
        }
        if output.is_empty() || output.iter().any(|&node| node >= nodes) {
            return wrong("cell.output", "at least one node, each below cell.nodes", output);
        }
        if self.operations.is_empty() {
            return wrong("operations", "at least one name", &self.operations);
        }
        Ok(())
    }
}
