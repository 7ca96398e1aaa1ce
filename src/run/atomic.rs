//! Files that readers see whole: the old content or the new one, never half of it.

use super::{Error, Result};
use std::{
    fs::{self, File},
    io::Write,
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

/// Removes what a killed [`write()`] left beside `path`.
pub fn tidy(path: &Path) -> Result<()> {
    let part = part(path);
    if part.exists() { fs::remove_file(&part).map_err(|e| Error::write(&part, e)) } else { Ok(()) }
}

fn part(path: &Path) -> PathBuf {
    path.with_added_extension("part")
}
