//! Searches: α and θ trained together, and everything that a figure needs written to a run folder.
//!
//! | file | what it is |
//! | --- | --- |
//! | [`config`](Config) | every setting, with the protocol's defaults for each method |
//! | `model` | network, α and their optimisers; one pass over a batch |
//! | [`preset`], `phase` | settings for the paper's figures, and for the phase diagram |
//! | [`plan`] | the presets with their seeds, as one list of searches |
//! | `step` | one step of any method |
//! | `darts`, `unrolled`, `snas`, `dsnas`, `proxylessnas`, `random` | how each draws Z and trains α, with its equations |
//! | `sets`, [`resident`] | the images, which of them a step sees, and where they stay |
//! | `driver` | epochs, metrics, the run folder |
//! | `size` | time and memory, from a few steps |
//! | `state`, `persist` | what a checkpoint holds |
//! | [`retrain`] | a cell trained from scratch, beside random ones |
//! | `describe` | the manifest |
//! | `observer` | who is told about progress |
//!
//! The cost of operation k on edge e is Z_k ∂L/∂Z_k, so the costs that the figures show are read off the
//! gradient that trains α.

mod config;
pub mod darts;
mod describe;
mod driver;
pub mod dsnas;
pub mod model;
mod observer;
mod persist;
mod phase;
pub mod plan;
pub mod preset;
pub mod proxylessnas;
pub mod random;
pub mod resident;
pub mod retrain;
mod sets;
mod size;
pub mod snas;
mod state;
pub mod step;
mod tally;
pub mod unrolled;

pub use config::{CellChoice, Config, Edge, Edges, Evaluation, Level, Method};
pub use driver::{Ended, resume, search};
pub use observer::{Observer, Progress, Silent};
pub use size::{Size, memory, size};

use crate::{data, run, tensor};
use thiserror::Error;

/// Why a search did not start or did not end; one line.
#[derive(Debug, Error)]
pub enum Error {
    /// A setting that makes no sense.
    #[error("{field}: {problem}")]
    Config {
        /// The setting's key.
        field: &'static str,
        /// What is wrong and what is possible.
        problem: String,
    },
    /// The data.
    #[error(transparent)]
    Data(#[from] data::Error),
    /// The run folder.
    #[error(transparent)]
    Run(#[from] run::Error),
    /// Building the network.
    #[error(transparent)]
    Network(#[from] tensor::Error),
    /// A run that cannot be resumed, since it was another search.
    #[error("{key}: {given}, but the run was recorded with {recorded}; resume it as recorded, or choose another --out")]
    Differs {
        /// The setting's key.
        key: String,
        /// What was asked for.
        given: String,
        /// What the manifest has.
        recorded: String,
    },
    /// A step that failed; what was written before it stays.
    #[error("epoch {epoch}, step {step}: {problem}")]
    Step {
        /// The epoch, from 0.
        epoch: usize,
        /// The step in it, from 0.
        step: usize,
        /// What happened.
        problem: tensor::Error,
    },
}
