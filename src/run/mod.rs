//! A run folder: everything that a figure or a report needs from one experiment.
//!
//! | file | content |
//! | --- | --- |
//! | `manifest.json` | [`Manifest`]: version, command, seed, configuration, data, cell |
//! | `metrics.jsonl` | [`EpochMetrics`], one line per epoch and data set |
//! | `costs.jsonl` | [`CostRecord`], one line per epoch, cell, edge and operation that occurred |
//! | `alpha.npy` | the logits α, f64 `[epochs + 1, edges, operations]`; p_α is their softmax over operations |
//! | `checkpoint.safetensors` | [`Checkpoint`]: θ, α, both optimisers' states, epoch and step |
//! | `timing.jsonl`, `machine.json` | all that depends on the clock or the machine |
//!
//! All files but the last two are byte-identical for the same seed. Epochs count from 0: row `e` of
//! `alpha.npy` is α before epoch `e`, and the last row is α at the end.
//!
//! [`RunWriter::create`] makes such a folder and never touches one that exists; [`RunWriter::resume`]
//! goes on with an unfinished one from its checkpoint, and cuts off what was written after it, so the
//! end is the same as without the interruption. [`RunFolder`] reads a folder back and checks it.

mod atomic;
mod checkpoint;
mod costs;
mod error;
mod folder;
mod lines;
mod manifest;
mod metrics;
mod writer;

pub use atomic::{folder as create_folder, write_json};
pub use checkpoint::Checkpoint;
pub use costs::{CostAccumulator, CostRecord};
pub use error::{Error, Result};
pub use folder::RunFolder;
pub use manifest::{CellSummary, DataSummary, Manifest};
pub use metrics::{EpochMetrics, Split};
pub use writer::RunWriter;

/// Name of the [`Manifest`] in a run folder.
pub const MANIFEST: &str = "manifest.json";
/// Name of the [`EpochMetrics`] file.
pub const METRICS: &str = "metrics.jsonl";
/// Name of the [`CostRecord`] file.
pub const COSTS: &str = "costs.jsonl";
/// Name of the history of α.
pub const ALPHA: &str = "alpha.npy";
/// Name of the [`Checkpoint`].
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// Name of the seconds per epoch.
pub const TIMING: &str = "timing.jsonl";
/// Name of the machine's description.
pub const MACHINE: &str = "machine.json";
