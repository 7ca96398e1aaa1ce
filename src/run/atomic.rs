//! Files that readers see whole: the old content or the new one, never half of it.

use super::{Error, Result};
use serde::Serialize;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Writes `bytes` beside `path`, waits until they are on disk, and renames.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let part = part(path);
    File::create(&part)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(|e| Error::write(&part, e))?;
    fs::rename(&part, path).map_err(|e| Error::write(path, e))
}

/// Writes a value as JSON, whole or not at all.
///
/// # Errors
/// If the file cannot be written.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value).map_err(|e| Error::write(path, e))?;
    text.push('\n');
    write(path, text.as_bytes())
}

/// Makes the folder `dir`, and its parents, with what `fill` writes into it; it appears with all of
/// that, or not at all.
///
/// # Errors
/// If `dir` exists or cannot be made.
pub fn folder(dir: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if dir.symlink_metadata().is_ok() {
        return Err(Error::Exists(dir.into()));
    }
    let parent = match dir.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(|e| Error::write(parent, e))?;
    let work = tempfile::Builder::new().prefix(".wirecost-").tempdir_in(parent);
    let work = work.map_err(|e| Error::write(parent, e))?;
    // One level below the temporary folder, which is private to its maker.
    let new = work.path().join("run");
    fs::create_dir(&new).map_err(|e| Error::write(&new, e))?;
    fill(&new)?;
    fs::rename(&new, dir).map_err(|e| match e.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty => Error::Exists(dir.into()),
        _ => Error::write(dir, e),
    })
}

/// Removes what a killed [`write()`] left beside `path`.
pub fn tidy(path: &Path) -> Result<()> {
    let part = part(path);
    if part.exists() { fs::remove_file(&part).map_err(|e| Error::write(&part, e)) } else { Ok(()) }
}

fn part(path: &Path) -> PathBuf {
    path.with_added_extension("part")
}
