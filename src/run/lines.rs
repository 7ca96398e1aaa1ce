//! A file of JSON lines that grows by whole epochs.

use super::{CHECKPOINT, Error, Result};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io::{Seek, Write},
    path::{Path, PathBuf},
};

/// An open file of JSON lines, each with its `epoch`.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    file: File,
    /// Bytes to keep of what is there.
    keep: u64,
}

/// What all lines have.
#[derive(Deserialize)]
struct Numbered {
    epoch: usize,
}

impl Lines {
    /// Opens a file to go on after its first `epochs` epochs; [`cut`](Lines::cut) drops what follows
    /// them.
    pub fn open(path: &Path, epochs: usize) -> Result<Self> {
        let file = OpenOptions::new().write(true).open(path).map_err(|e| Error::write(path, e))?;
        let text = fs::read(path).map_err(|e| Error::read(path, e))?;
        let (mut keep, mut last) = (0, None);
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            match serde_json::from_slice(line) {
                Ok(Numbered { epoch }) if epoch < epochs && line.ends_with(b"\n") => last = Some(epoch),
                _ => break,
            }
            keep += line.len() as u64;
        }
        if last != epochs.checked_sub(1) {
            let found = last.map_or("none".into(), |last| format!("those to {last}"));
            return Err(Error::field(path, "epoch", format!("all {epochs} epochs that {CHECKPOINT} knows"), found));
        }
        Ok(Lines { path: path.into(), file, keep })
    }

    /// Keeps other processes from writing, as long as this one lives.
    pub fn lock(&self) -> Result<()> {
        self.file.try_lock().map_err(|e| match e {
            fs::TryLockError::WouldBlock => Error::Busy(self.path.clone()),
            fs::TryLockError::Error(e) => Error::write(&self.path, e),
        })
    }

    /// Drops what follows the epochs that were asked for.
    pub fn cut(&mut self) -> Result<()> {
        let cut = self.file.set_len(self.keep).and_then(|()| self.file.seek(std::io::SeekFrom::End(0)));
        cut.map(|_| ()).map_err(|e| Error::write(&self.path, e))
    }

    /// Refuses a number that is NaN or infinite; `wrong` names its field.
    pub fn finite(&self, wrong: Option<(&'static str, f64)>) -> Result<()> {
        match wrong {
            None => Ok(()),
            Some((field, value)) => Err(Error::field(&self.path, field, "a finite number", value)),
        }
    }

    /// Adds a line for each value.
    pub fn append<T: Serialize>(&mut self, values: &[T]) -> Result<()> {
        let mut text = Vec::new();
        for value in values {
            serde_json::to_writer(&mut text, value).map_err(|e| Error::write(&self.path, e))?;
            text.push(b'\n');
        }
        self.file.write_all(&text).map_err(|e| Error::write(&self.path, e))
    }

    /// Waits until everything is on disk.
    pub fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(|e| Error::write(&self.path, e))
    }
}
