//! The report folder: whose it is, and how it is replaced.

use super::{Error, Page, Result};
use crate::run::{self, Manifest, RunFolder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Component, Path},
};

const MANIFEST: &str = "manifest.json";

/// `manifest.json` of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportManifest {
    /// Version of wirecost that wrote the report.
    pub version: String,
    /// The exact command.
    pub command: String,
    /// The runs shown.
    pub runs: Vec<RunEntry>,
    /// SHA-256, hexadecimal, of every file but this one; `null` for a file that depends on the clock or
    /// the machine.
    pub files: BTreeMap<String, Option<String>>,
}

/// A run that a report shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEntry {
    /// Name of its folder, which its figures' file names end in.
    pub name: String,
    /// Its manifest.
    pub manifest: Manifest,
}

/// The manifest of the report that `out` holds; `None` if nothing is there yet.
pub(super) fn inspect(out: &Path) -> Result<Option<ReportManifest>> {
    match out.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(out, error)),
        Ok(_) => {}
    }
    let manifest: Option<ReportManifest> =
        fs::read(out.join(MANIFEST)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    // A listed name that leads elsewhere was not written by us.
    match manifest {
        Some(manifest) if manifest.files.keys().all(|name| is_plain(name)) => Ok(Some(manifest)),
        _ => Err(Error::NotOurs(out.into())),
    }
}

/// Whether a report can be written into `out`, before anything is computed for it.
pub(super) fn writable(out: &Path) -> Result<()> {
    inspect(out)?;
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = if out.exists() { out } else { parent };
    fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    tempfile::tempfile_in(folder).map(drop).map_err(|e| Error::io(folder, e))
}

/// Puts `files` in the place of those of the `earlier` report.
///
/// The new manifest is written before the files that it lists, so that a report that was interrupted
/// half-way is still known as ours.
pub(super) fn replace(
    out: &Path,
    earlier: Option<ReportManifest>,
    runs: &[RunFolder],
    command: &str,
    files: BTreeMap<String, Vec<u8>>,
) -> Result<Page> {
    fs::create_dir_all(out).map_err(|e| Error::io(out, e))?;
    let old = earlier.map(|manifest| manifest.files).unwrap_or_default();
    if let Some(name) = files.keys().find(|name| !old.contains_key(*name) && out.join(name).exists()) {
        return Err(Error::NotListed(out.join(name)));
    }
    let manifest = ReportManifest {
        version: env!("CARGO_PKG_VERSION").into(),
        command: command.into(),
        runs: runs.iter().map(|run| RunEntry { name: run.name(), manifest: run.manifest.clone() }).collect(),
        files: files.iter().map(|(name, bytes)| (name.clone(), checksum(name, bytes))).collect(),
    };
    for name in old.keys().filter(|name| !files.contains_key(*name)) {
        match fs::remove_file(out.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io(&out.join(name), error)),
            _ => {}
        }
    }
    store(out, MANIFEST, &json(&manifest))?;
    files.iter().try_for_each(|(name, bytes)| store(out, name, bytes))?;
    let names = files.keys().map(String::as_str).chain([MANIFEST]);
    let index = files.keys().find(|name| name.ends_with(".html")).map_or(MANIFEST, String::as_str);
    Ok(Page { index: out.join(index), files: names.map(|name| out.join(name)).collect() })
}

/// Pretty JSON with a final newline.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("plain data with text keys");
    text.push(b'\n');
    text
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

/// Readers see the old file or the new one.
fn store(out: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let (part, path) = (out.join(format!("{name}.part")), out.join(name));
    let folder = path.parent().unwrap_or(out);
    fs::create_dir_all(folder).map_err(|e| Error::io(folder, e))?;
    fs::write(&part, bytes).map_err(|e| Error::io(&part, e))?;
    fs::rename(&part, &path).map_err(|e| Error::io(&path, e))
}

fn checksum(name: &str, bytes: &[u8]) -> Option<String> {
    let varies = [run::TIMING, run::MACHINE].iter().any(|file| Path::new(name).ends_with(file));
    (!varies).then(|| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}
