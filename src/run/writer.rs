//! Writes a run folder while the run goes on.

use super::{ALPHA, COSTS, CostRecord, EpochMetrics, Error, MACHINE, MANIFEST, METRICS, Manifest, Result, TIMING};
use ndarray::{Array3, ArrayView2};
use ndarray_npy::WriteNpyExt;
use serde::Serialize;
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// A run folder that is being written. Every call leaves complete lines and a complete `alpha.npy`
/// on disk, so an interrupted run loses at most its current epoch.
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
    /// Makes the folder `dir`, and its parents, for a new run.
    ///
    /// # Errors
    /// If `dir` exists, cannot be made, or the manifest's parts do not fit each other.
    pub fn create(dir: &Path, manifest: &Manifest, machine: serde_json::Value) -> Result<Self> {
        manifest.check(&dir.join(MANIFEST))?;
        if let Some(parent) = dir.parent() {
            fs::create_dir_all(parent).map_err(|e| Error::write(parent, e))?;
        }
        fs::create_dir(dir).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => Error::Exists(dir.into()),
            _ => Error::write(dir, e),
        })?;
        write_json(&dir.join(MANIFEST), manifest)?;
        write_json(&dir.join(MACHINE), &machine)?;
        Ok(RunWriter {
            metrics: Lines::create(dir.join(METRICS))?,
            costs: Lines::create(dir.join(COSTS))?,
            timing: Lines::create(dir.join(TIMING))?,
            dir: dir.into(),
            manifest: manifest.clone(),
            alpha: Vec::new(),
        })
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
        let shape = (self.manifest.cell.edges.len(), self.manifest.operations.len());
        if alpha.dim() != shape {
            return Err(Error::field(&path, "shape", format!("{shape:?}"), format!("{:?}", alpha.dim())));
        }
        if let Some(value) = alpha.iter().find(|value| !value.is_finite()) {
            return Err(Error::field(&path, "alpha", "a finite number", value));
        }
        self.alpha.extend(alpha);
        let rows = self.alpha.len() / (shape.0 * shape.1);
        let history = Array3::from_shape_vec((rows, shape.0, shape.1), self.alpha.clone()).expect("whole rows");
        // Readers see the old file or the new one, never half of it.
        let part = self.dir.join("alpha.npy.part");
        let written = File::create(&part).map_err(|e| Error::write(&part, e)).and_then(|file| {
            let mut file = BufWriter::new(file);
            history.write_npy(&mut file).map_err(|e| Error::write(&part, e))?;
            file.into_inner().map_err(|e| Error::write(&part, e))?.sync_all().map_err(|e| Error::write(&part, e))
        });
        written?;
        fs::rename(&part, &path).map_err(|e| Error::write(&path, e))
    }

    /// Appends an epoch's duration to `timing.jsonl`.
    pub fn timing(&mut self, epoch: usize, seconds: f64) -> Result<()> {
        self.timing.append(&[serde_json::json!({ "epoch": epoch, "seconds": seconds })])
    }

    /// Makes sure that everything is on disk.
    pub fn finish(self) -> Result<()> {
        [self.metrics, self.costs, self.timing]
            .iter()
            .try_for_each(|lines| lines.file.sync_all().map_err(|e| Error::write(&lines.path, e)))
    }
}

/// A file of JSON lines.
#[derive(Debug)]
struct Lines {
    path: PathBuf,
    file: File,
}

impl Lines {
    fn create(path: PathBuf) -> Result<Self> {
        let file = File::create_new(&path).map_err(|e| Error::write(&path, e))?;
        Ok(Lines { path, file })
    }

    fn finite(&self, wrong: Option<(&'static str, f64)>) -> Result<()> {
        match wrong {
            None => Ok(()),
            Some((field, value)) => Err(Error::field(&self.path, field, "a finite number", value)),
        }
    }

    fn append<T: Serialize>(&mut self, values: &[T]) -> Result<()> {
        let mut text = Vec::new();
        for value in values {
            serde_json::to_writer(&mut text, value).map_err(|e| Error::write(&self.path, e))?;
            text.push(b'\n');
        }
        self.file.write_all(&text).map_err(|e| Error::write(&self.path, e))
    }
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value).map_err(|e| Error::write(path, e))?;
    text.push('\n');
    fs::write(path, text).map_err(|e| Error::write(path, e))
}
