//! Where a search stands: epoch, step, the sums of the running epoch, and the model's numbers.

use super::{Error, model::Model, tally::Tally};
use crate::{
    run::{Checkpoint, CostAccumulator, Manifest},
    tensor::{Backend, Element},
};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Position and running sums.
pub struct State {
    /// Epochs that are over.
    pub epoch: usize,
    /// Steps done in the epoch after them.
    pub step: usize,
    /// Over those steps.
    pub sums: Sums,
}

/// Sums over an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sums {
    /// Of the set that trains θ.
    pub training: Tally,
    /// Of the set that trains α.
    pub search: Tally,
    /// Of every operation on every edge.
    pub costs: CostAccumulator,
}

impl Sums {
    fn new(manifest: &Manifest) -> Self {
        let [edges, operations] = manifest.shape();
        let costs = CostAccumulator::new(manifest.cell.cells, edges, operations);
        Sums { training: Tally::default(), search: Tally::default(), costs }
    }
}

impl State {
    /// Before the first step of `epoch`.
    pub fn at(epoch: usize, manifest: &Manifest) -> Self {
        State { epoch, step: 0, sums: Sums::new(manifest) }
    }

    /// Everything that the next step depends on.
    pub fn checkpoint<E: Element, D: Backend<E>>(&self, model: &mut Model<E, D>) -> Result<Checkpoint, Error> {
        let sums = match self.step {
            0 => serde_json::Value::Null,
            _ => serde_json::to_value(&self.sums).expect("sums are plain numbers"),
        };
        Ok(Checkpoint { epoch: self.epoch, step: self.step, sums, tensors: model.tensors()? })
    }

    /// Takes up a checkpoint that was read from the file `path`.
    pub fn restore<E: Element, D: Backend<E>>(
        checkpoint: &Checkpoint,
        model: &mut Model<E, D>,
        manifest: &Manifest,
        path: &Path,
    ) -> Result<Self, Error> {
        let foreign = |reason: String| Error::Run(crate::run::Error::Checkpoint { path: path.into(), reason });
        model.restore(checkpoint.tensors.clone()).map_err(foreign)?;
        let sums = match &checkpoint.sums {
            serde_json::Value::Null => Sums::new(manifest),
            sums => Sums::deserialize(sums).map_err(|e| foreign(format!("sums: {e}")))?,
        };
        Ok(State { epoch: checkpoint.epoch, step: checkpoint.step, sums })
    }
}
