//! The page: figures, verdicts and the exact commands, from run folders alone.
//!
//! A report folder holds `index.html` (self-contained: figures embedded, no script, nothing fetched),
//! the same figures as PNG, `claims.json` if there are verdicts, a copy of each run folder below `runs/`,
//! and [`manifest.json`](ReportManifest), which lists every file with its checksum.
//!
//! An existing folder is used again only if it is such a report, and then only files that its manifest
//! lists are replaced or removed.

mod claims;
mod error;
mod folder;
mod html;
mod page;

pub use error::{Error, Result};
pub use folder::{ReportManifest, RunEntry};

use crate::{claim::record::Verdicts, figure, run::RunFolder};
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

/// A figure as the page needs it.
struct Plate<'a> {
    figure: figure::Figure<'a>,
    file: String,
    png: Vec<u8>,
}

/// Writes a report on `runs` and `claims` into `out`; `command` is what the user typed.
///
/// # Errors
/// Nothing to report; two runs of one name; `out` is there and no report of ours; a figure that cannot
/// be drawn; a folder that cannot be written. Nothing is written unless everything could be drawn.
pub fn write(out: &Path, runs: &[RunFolder], claims: Option<&Verdicts>, command: &str) -> Result<Page> {
    if runs.is_empty() && claims.is_none() {
        return Err(Error::Nothing);
    }
    let earlier = folder::inspect(out)?;
    if let Some(run) = runs.iter().find(|run| inside(&run.path, out)) {
        return Err(Error::Inside(run.path.clone()));
    }
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut sections = Vec::new();
    for run in runs {
        let mut plates = Vec::new();
        for figure in figure::supported(run) {
            let file = figure.file();
            let png = figure.png().map_err(|error| Error::Figure { file: file.clone(), reason: error.to_string() })?;
            if files.insert(file.clone(), png.clone()).is_some() {
                return Err(Error::SameName { name: run.name(), path: run.path.clone() });
            }
            plates.push(Plate { figure, file, png });
        }
        for (file, bytes) in run.files()? {
            files.insert(format!("runs/{}/{file}", run.name()), bytes);
        }
        sections.push((run, plates));
    }
    if let Some(verdicts) = claims {
        files.insert("claims.json".into(), folder::json(verdicts));
    }
    files.insert("index.html".into(), page::render(&sections, claims, command).into_bytes());
    folder::replace(out, earlier, runs, command, files)
}

/// Refuses, before anything is computed, a folder that [`write()`] would refuse or that cannot be written.
pub fn check(out: &Path) -> Result<()> {
    folder::writable(out)
}

/// Whether `run` lies in the folder that is about to be replaced.
fn inside(run: &Path, out: &Path) -> bool {
    matches!((run.canonicalize(), out.canonicalize()), (Ok(run), Ok(out)) if run.starts_with(&out))
}
