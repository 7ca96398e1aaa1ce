//! The files of a data set on disk: where they are looked for, and whether they are the right ones.

use super::{Error, Result, images::hex};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

/// One file, as its publisher made it.
pub struct Expected {
    /// Its name, without `.gz`.
    pub name: &'static str,
    /// Its length, not compressed.
    pub bytes: usize,
    /// SHA-256 of its content, not compressed, where it could be verified.
    pub sha256: Option<&'static str>,
}

/// A data set's files.
pub struct Listing {
    /// Name of the data.
    pub name: &'static str,
    /// All of them, in one folder.
    pub files: &'static [Expected],
    /// Folders to look in where none is given; `~` stands for the user's own.
    pub folders: &'static [&'static str],
    /// Where to get them.
    pub remedy: &'static str,
}

impl Listing {
    /// The folder that has all the files, each as it is or with `.gz`: `given` or its subfolder named
    /// after the data, or without it the first of the usual ones.
    ///
    /// # Errors
    /// If there is none; the text says where was looked, for what, and where to get it.
    pub fn folder(&self, given: Option<&Path>) -> Result<PathBuf> {
        let looked: Vec<_> = match given {
            Some(folder) => vec![folder.to_path_buf(), folder.join(self.name)],
            None => self.folders.iter().map(|folder| at_home(folder)).collect(),
        };
        let has_all = |folder: &&PathBuf| self.files.iter().all(|file| path(folder, file.name).is_some());
        if let Some(folder) = looked.iter().find(has_all) {
            return Ok(folder.clone());
        }
        let files = self.files.iter().map(|file| file.name).collect();
        Err(Error::Missing { name: self.name, files, looked, remedy: self.remedy })
    }
}

/// The content of a file in `folder`, verified.
///
/// # Errors
/// If it cannot be read, or its length or checksum is another.
pub fn content(folder: &Path, file: &Expected) -> Result<(PathBuf, Vec<u8>)> {
    let path = path(folder, file.name).ok_or_else(|| Error::file(&folder.join(file.name), "no such file"))?;
    let bytes = read(&path)?;
    if bytes.len() != file.bytes {
        return Err(Error::file(&path, format!("expected {} bytes of content, found {}", file.bytes, bytes.len())));
    }
    if let Some(expected) = file.sha256 {
        let found = hex(&Sha256::digest(&bytes));
        if found != expected {
            return Err(Error::file(&path, format!("expected content with SHA-256 {expected}, found {found}")));
        }
    }
    Ok((path, bytes))
}

/// A file's content, decompressed if its name ends in `.gz`.
fn read(path: &Path) -> Result<Vec<u8>> {
    let unreadable = |problem: std::io::Error| Error::file(path, format!("cannot be read whole: {problem}"));
    if path.extension().is_none_or(|extension| extension != "gz") {
        return fs::read(path).map_err(unreadable);
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| GzDecoder::new(file).read_to_end(&mut bytes)).map_err(unreadable)?;
    Ok(bytes)
}

fn path(folder: &Path, name: &str) -> Option<PathBuf> {
    [name.to_string(), format!("{name}.gz")].into_iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

fn at_home(folder: &str) -> PathBuf {
    match (folder.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => folder.into(),
    }
}
