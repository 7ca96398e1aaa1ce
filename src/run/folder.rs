//! Reads a run folder back.

use super::{ALPHA, COSTS, CostRecord, EpochMetrics, Error, MACHINE, MANIFEST, METRICS, Manifest, Result, TIMING};
use crate::architecture::softmax_rows;
use ndarray::{Array2, Array3, Axis};
use ndarray_npy::read_npy;
use serde::de::DeserializeOwned;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A run, as its folder tells it.
#[derive(Debug, Clone)]
pub struct RunFolder {
    /// The folder.
    pub path: PathBuf,
    /// What the run was.
    pub manifest: Manifest,
    /// Per epoch and set.
    pub metrics: Vec<EpochMetrics>,
    /// Per epoch, cell, edge and operation.
    pub costs: Vec<CostRecord>,
    /// The logits α, `[epochs + 1, edges, operations]`.
    pub alpha: Array3<f64>,
}

impl RunFolder {
    /// Reads and checks the folder `dir`.
    ///
    /// # Errors
    /// If a file is missing, damaged, or does not fit the others; the error names file, line and field.
    pub fn open(dir: &Path) -> Result<RunFolder> {
        let manifest = Manifest::read(dir)?;
        let path = dir.join(ALPHA);
        if !path.is_file() {
            return Err(Error::read(&path, "no such file"));
        }
        let alpha = read_npy(&path).map_err(|e| Error::damaged(&path, e))?;
        let run = RunFolder {
            path: dir.into(),
            manifest,
            metrics: read_lines(&dir.join(METRICS))?,
            costs: read_lines(&dir.join(COSTS))?,
            alpha,
        };
        run.check()?;
        Ok(run)
    }

    /// For each folder the run in it, or those in the folders that it holds, by name.
    ///
    /// # Errors
    /// If there is none, or one cannot be read.
    pub fn open_all(folders: &[PathBuf]) -> Result<Vec<RunFolder>> {
        let runs = folders.iter().map(|folder| Self::open_in(folder)).collect::<Result<Vec<_>>>()?;
        Ok(runs.into_iter().flatten().collect())
    }

    fn open_in(dir: &Path) -> Result<Vec<RunFolder>> {
        if dir.join(MANIFEST).is_file() {
            return Ok(vec![Self::open(dir)?]);
        }
        let entries = fs::read_dir(dir).map_err(|e| Error::read(dir, e))?;
        let entries = entries.collect::<std::io::Result<Vec<_>>>().map_err(|e| Error::read(dir, e))?;
        let mut paths: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        paths.retain(|path| path.join(MANIFEST).is_file());
        paths.sort();
        if paths.is_empty() {
            return Err(Error::read(dir, format!("neither a run folder nor a folder of them: no {MANIFEST}")));
        }
        paths.iter().map(|path| Self::open(path)).collect()
    }

    /// The folder's own name, which tells runs apart on a page.
    pub fn name(&self) -> String {
        let path = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        path.file_name().map_or_else(|| "run".into(), |name| name.to_string_lossy().into_owned())
    }

    /// The command without its seed: the same for runs that differ in their seed alone.
    pub fn setting(&self) -> String {
        self.manifest.command.replace(&format!(" --seed {}", self.manifest.seed), "")
    }

    /// The runs by setting, both in the order given.
    pub fn by_setting<'a>(runs: impl IntoIterator<Item = &'a RunFolder>) -> Vec<Vec<&'a RunFolder>> {
        let mut groups: Vec<(String, Vec<&RunFolder>)> = Vec::new();
        for run in runs {
            let setting = run.setting();
            match groups.iter_mut().find(|(known, _)| *known == setting) {
                Some((_, group)) => group.push(run),
                None => groups.push((setting, vec![run])),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// Name and content of each of its files, for a copy.
    ///
    /// # Errors
    /// If one is there and cannot be read.
    pub fn files(&self) -> Result<Vec<(&'static str, Vec<u8>)>> {
        let names = [MANIFEST, METRICS, COSTS, ALPHA, TIMING, MACHINE].into_iter();
        let there = names.filter(|name| self.path.join(name).exists());
        there
            .map(|name| Ok((name, fs::read(self.path.join(name)).map_err(|e| Error::read(&self.path.join(name), e))?)))
            .collect()
    }

    /// Number of epochs.
    pub fn epochs(&self) -> usize {
        self.alpha.len_of(Axis(0)) - 1
    }

    /// p_α = softmax over operations, `[edges, operations]`, after `row` epochs.
    ///
    /// # Panics
    /// If `row` exceeds the number of epochs.
    pub fn probabilities(&self, row: usize) -> Array2<f64> {
        softmax_rows(self.alpha.index_axis(Axis(0), row))
    }

    fn check(&self) -> Result<()> {
        let (edges, operations) = (self.manifest.cell.edges.len(), self.manifest.operations.len());
        let path = self.path.join(ALPHA);
        let (rows, columns) = (self.alpha.len_of(Axis(0)), self.alpha.shape()[1..].to_vec());
        if rows == 0 || columns != [edges, operations] {
            let expected = format!("[epochs + 1, {edges}, {operations}] as in {MANIFEST}");
            return Err(Error::field(&path, "shape", expected, format!("{:?}", self.alpha.shape())));
        }
        if let Some(value) = self.alpha.iter().find(|value| !value.is_finite()) {
            return Err(Error::field(&path, "alpha", "finite numbers", value));
        }
        let path = self.path.join(METRICS);
        let recorded = self.metrics.iter().map(|m| m.epoch + 1).max().unwrap_or(0);
        if recorded != rows - 1 {
            let expected = format!("{} epochs as in {ALPHA} (did the run finish?)", rows - 1);
            return Err(Error::field(&path, "epoch", expected, format!("{recorded} epochs")));
        }
        for (index, m) in self.metrics.iter().enumerate() {
            if m.correct.count + m.wrong.count != m.images || m.images == 0 {
                let field = format!("line {}: images", index + 1);
                return Err(Error::field(&path, field, "correct.count + wrong.count, at least 1", m.images));
            }
        }
        let path = self.path.join(COSTS);
        for (index, c) in self.costs.iter().enumerate() {
            let limits = [
                ("epoch", c.epoch, rows - 1),
                ("cell", c.cell, self.manifest.cell.cells),
                ("edge", c.edge, edges),
                ("operation", c.operation, operations),
            ];
            if let Some((field, value, limit)) = limits.into_iter().find(|(_, value, limit)| value >= limit) {
                let field = format!("line {}: {field}", index + 1);
                return Err(Error::field(&path, field, format!("less than {limit}"), value));
            }
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| Error::read(path, e))
}

fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text = read(path)?;
    if !text.is_empty() && !text.ends_with('\n') {
        let line = text.lines().count();
        return Err(Error::damaged(path, format!("line {line}: cut off")));
    }
    text.lines()
        .enumerate()
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|e| {
                // serde_json counts lines within the line that it was given.
                let reason = e.to_string();
                let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
                Error::damaged(path, format!("line {}: {reason}", index + 1))
            })
        })
        .collect()
}
