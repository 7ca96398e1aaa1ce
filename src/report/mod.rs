//! The page: figures, verdicts and the exact commands, from run folders alone.
//!
//! A report folder holds `index.html` (self-contained: figures embedded, no script, nothing fetched),
//! the same figures as PNG, `figures.md` with a row for each figure, `claims.json` if there are verdicts, a
//! copy of each run below `runs/`, and [`manifest.json`](ReportManifest), which lists every file with its
//! checksum.
//!
//! An existing folder is used again only if it is such a report, and then only files that its manifest
//! lists are replaced or removed.

mod claims;
mod error;
mod folder;
mod html;
mod page;
mod registry;
mod settings;
mod verdict;

pub use error::{Error, Result};
pub use folder::{ReportManifest, RunEntry};
pub use registry::write_claims;

use crate::{
    claim::record::Verdicts,
    figure::{self, Entry, Figure},
    run::{MANIFEST, METRICS, RunFolder},
    trend::{Finding, Trend},
};
use rayon::prelude::*;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// What [`write()`] made.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The page to open.
    pub index: PathBuf,
    /// Every file, `index` and the manifest included.
    pub files: Vec<PathBuf>,
}

/// What a report is about.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a> {
    /// The runs.
    pub runs: &'a [RunFolder],
    /// Verdicts to show as well.
    pub claims: Option<&'a Verdicts>,
    /// What the user typed.
    pub command: &'a str,
    /// The only figure to draw; all that the runs support if none is named.
    pub only: Option<&'static Entry>,
    /// How much of each run goes with the report.
    pub copies: Copies,
}

/// How much of a run is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copies {
    /// All but its checkpoint: figures can be drawn from the copy.
    Whole,
    /// Its manifest and metrics: enough to make it again.
    Summary,
}

/// A figure as the page needs it.
struct Plate<'a> {
    figure: Figure<'a>,
    file: String,
    png: Vec<u8>,
    findings: Vec<(Trend, Option<Finding>)>,
}

/// Writes a report into `out`.
///
/// # Errors
/// Nothing to report; two runs of one name; the only figure asked for cannot be drawn from these runs; `out`
/// is there and no report of ours; a figure that cannot be drawn; a folder that cannot be written. Nothing is
/// written unless everything could be drawn.
pub fn write(out: &Path, content: &Content) -> Result<Page> {
    let Content { runs, claims, command, only, copies } = *content;
    let wanted = |entry: &Entry| only.is_none_or(|only| only.name == entry.name);
    let figures: Vec<_> = figure::supported(runs).into_iter().filter(|figure| wanted(figure.entry)).collect();
    let missing: Vec<_> = figure::missing(runs).into_iter().filter(|entry| wanted(entry)).collect();
    match only {
        None if runs.is_empty() && claims.is_none() => return Err(Error::Nothing),
        Some(entry) if figures.is_empty() => {
            return Err(Error::Unsupported { figure: entry.heading(), command: entry.command() });
        }
        _ => {}
    }
    let earlier = folder::inspect(out)?;
    if let Some(run) = runs.iter().find(|run| inside(&run.path, out)) {
        return Err(Error::Inside(run.path.clone()));
    }
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for run in runs {
        for (file, bytes) in run.files()?.into_iter().filter(|(file, _)| copies.has(file)) {
            if files.insert(format!("runs/{}/{file}", run.name()), bytes).is_some() {
                return Err(Error::SameName { name: run.name(), path: run.path.clone() });
            }
        }
    }
    let plates = figures.into_par_iter().map(Plate::draw).collect::<Result<Vec<_>>>()?;
    files.insert("figures.md".into(), verdict::markdown(&plates, &missing).into_bytes());
    files.extend(plates.iter().map(|plate| (plate.file.clone(), plate.png.clone())));
    if let Some(verdicts) = claims {
        files.insert("claims.json".into(), folder::json(verdicts));
    }
    files.insert("index.html".into(), page::render(content, &plates, &missing).into_bytes());
    folder::replace(out, earlier, runs, command, files)
}

impl<'a> Plate<'a> {
    fn draw(figure: Figure<'a>) -> Result<Self> {
        let file = figure.file();
        let png = figure.png().map_err(|error| Error::Figure { file: file.clone(), reason: error.to_string() })?;
        let findings = figure.findings();
        Ok(Plate { figure, file, png, findings })
    }
}

impl Copies {
    fn has(self, file: &str) -> bool {
        self == Copies::Whole || [MANIFEST, METRICS].contains(&file)
    }
}

/// Refuses, before anything is computed, a folder that [`write()`] would refuse or that cannot be written.
pub fn check(out: &Path) -> Result<()> {
    folder::writable(out)
}

/// Whether `run` lies in the folder that is about to be replaced.
fn inside(run: &Path, out: &Path) -> bool {
    matches!((run.canonicalize(), out.canonicalize()), (Ok(run), Ok(out)) if run.starts_with(&out))
}
