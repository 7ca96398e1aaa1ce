//! Writes a run folder while the run goes on.

use super::{
    ALPHA, CHECKPOINT, COSTS, Checkpoint, CostRecord, EpochMetrics, Error, MACHINE, MANIFEST, METRICS, Manifest,
    Result, TIMING, atomic, lines::Lines,
};
use ndarray::{Array3, ArrayView2};
use ndarray_npy::{ReadNpyExt, WriteNpyExt};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

/// A run folder that is being written. Every call leaves complete lines and a complete `alpha.npy`
/// on disk, so a killed run loses at most what came after its last checkpoint.
#[derive(Debug)]
pub struct RunWriter {
    dir: PathBuf,
    manifest: Manifest,
    metrics: Lines,
    costs: Lines,
    timing: Lines,
    alpha: Vec<f64>,
}

impl RunWriter {
    /// Makes the folder `dir`, and its parents, for a new run. The folder appears with its manifest in
    /// it, or not at all.
    ///
    /// # Errors
    /// If `dir` exists, cannot be made, or the manifest's parts do not fit each other.
    pub fn create(dir: &Path, manifest: &Manifest, machine: serde_json::Value) -> Result<Self> {
        manifest.check(&dir.join(MANIFEST))?;
        atomic::folder(dir, |new| {
            atomic::write_json(&new.join(MANIFEST), manifest)?;
            atomic::write_json(&new.join(MACHINE), &machine)?;
            [METRICS, COSTS, TIMING].iter().try_for_each(|name| {
                File::create(new.join(name)).map(|_| ()).map_err(|e| Error::write(&new.join(name), e))
            })
        })?;
        Self::open(dir, manifest, 0, Vec::new())
    }

    /// Goes on with the run `manifest` in the folder `dir` after the epochs of its `checkpoint`, or from
    /// its beginning where none was written; cuts off what was written later.
    ///
    /// # Errors
    /// If a file lacks something of those epochs; then nothing is cut.
    pub fn resume(dir: &Path, manifest: &Manifest, checkpoint: Option<&Checkpoint>) -> Result<Self> {
        let epochs = checkpoint.map_or(0, |checkpoint| checkpoint.epoch);
        let mut alpha = Vec::new();
        if checkpoint.is_some() {
            let path = dir.join(ALPHA);
            let file = File::open(&path).map_err(|e| Error::read(&path, e))?;
            let history = Array3::<f64>::read_npy(file).map_err(|e| Error::damaged(&path, e))?;
            let (rows, edges, operations) = history.dim();
            if rows <= epochs || [edges, operations] != manifest.shape() {
                let expected = format!("at least {} rows of {:?}", epochs + 1, manifest.shape());
                return Err(Error::field(&path, "shape", expected, format!("{:?}", history.shape())));
            }
            alpha.extend(history.iter().take((epochs + 1) * edges * operations));
        } else if fs::metadata(dir.join(METRICS)).is_ok_and(|file| file.len() > 0) {
            let reason = "missing, though epochs of the run were written".into();
            return Err(Error::Checkpoint { path: dir.join(CHECKPOINT), reason });
        }
        Self::open(dir, manifest, epochs, alpha)
    }

    fn open(dir: &Path, manifest: &Manifest, epochs: usize, alpha: Vec<f64>) -> Result<Self> {
        let lines = |name| Lines::open(&dir.join(name), epochs);
        let [mut metrics, mut costs, mut timing] = [lines(METRICS)?, lines(COSTS)?, lines(TIMING)?];
        metrics.lock()?;
        [&mut metrics, &mut costs, &mut timing].into_iter().try_for_each(Lines::cut)?;
        [ALPHA, CHECKPOINT].iter().try_for_each(|name| atomic::tidy(&dir.join(name)))?;
        let mut run = RunWriter { dir: dir.into(), manifest: manifest.clone(), metrics, costs, timing, alpha };
        if !run.alpha.is_empty() {
            run.write_alpha()?;
        }
        Ok(run)
    }

    /// Whether α before training has been written.
    pub fn begun(&self) -> bool {
        !self.alpha.is_empty()
    }

    /// Appends a line to `metrics.jsonl`.
    ///
    /// # Errors
    /// If a number is NaN or infinite, or the file cannot be written.
    pub fn metrics(&mut self, metrics: &EpochMetrics) -> Result<()> {
        self.metrics.finite(metrics.not_finite())?;
        self.metrics.append(std::slice::from_ref(metrics))
    }

    /// Appends lines to `costs.jsonl`.
    ///
    /// # Errors
    /// If a number is NaN or infinite, or the file cannot be written.
    pub fn costs(&mut self, records: &[CostRecord]) -> Result<()> {
        self.costs.finite(records.iter().find_map(CostRecord::not_finite))?;
        self.costs.append(records)
    }

    /// Adds a row `[edges, operations]` of logits to `alpha.npy`: the first before training, then one
    /// after each epoch.
    ///
    /// # Errors
    /// If a number is NaN or infinite, the shape is not the manifest's, or the file cannot be written.
    pub fn alpha(&mut self, alpha: ArrayView2<f64>) -> Result<()> {
        let path = self.dir.join(ALPHA);
        if alpha.shape() != self.manifest.shape() {
            let expected = format!("{:?}", self.manifest.shape());
            return Err(Error::field(&path, "shape", expected, format!("{:?}", alpha.shape())));
        }
        if let Some(value) = alpha.iter().find(|value| !value.is_finite()) {
            return Err(Error::field(&path, "alpha", "a finite number", value));
        }
        self.alpha.extend(alpha);
        self.write_alpha()
    }

    fn write_alpha(&mut self) -> Result<()> {
        let path = self.dir.join(ALPHA);
        let [edges, operations] = self.manifest.shape();
        let rows = self.alpha.len() / (edges * operations);
        let history = Array3::from_shape_vec((rows, edges, operations), self.alpha.clone()).expect("whole rows");
        let mut bytes = Vec::new();
        history.write_npy(&mut bytes).map_err(|e| Error::write(&path, e))?;
        atomic::write(&path, &bytes)
    }

    /// Appends an epoch's duration to `timing.jsonl`; of an epoch that was interrupted, the last part.
    pub fn timing(&mut self, epoch: usize, seconds: f64) -> Result<()> {
        self.timing.append(&[serde_json::json!({ "epoch": epoch, "seconds": seconds })])
    }

    /// Replaces `checkpoint.safetensors`, once everything that it follows is on disk.
    pub fn checkpoint(&self, checkpoint: &Checkpoint) -> Result<()> {
        [&self.metrics, &self.costs, &self.timing].into_iter().try_for_each(Lines::sync)?;
        checkpoint.write(&self.dir, &self.manifest)
    }

    /// Makes sure that everything is on disk.
    pub fn finish(self) -> Result<()> {
        [self.metrics, self.costs, self.timing].iter().try_for_each(Lines::sync)
    }
}
