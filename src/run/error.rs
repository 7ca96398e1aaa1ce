//! What can go wrong with a run folder.

use std::path::{Path, PathBuf};
use thiserror::Error;

/// An error of a run folder; its text is one line.
#[derive(Debug, Error)]
pub enum Error {
    /// The folder of a new run is already there.
    #[error("{}: already exists; choose another --out, or delete it yourself", .0.display())]
    Exists(PathBuf),
    /// The operating system refused.
    #[error("{}: cannot {action}: {reason}; {remedy}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's reason.
        reason: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A file that cannot be read as what it should be.
    #[error("{}: {reason}; the file is damaged or unfinished: make the run again into another folder", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Line and reason.
        reason: String,
    },
    /// A checkpoint that this run cannot go on from.
    #[error("{}: {reason}; nothing was changed: put the run's own checkpoint back, or run into another --out", .path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process writes this run.
    #[error("{}: another process is writing this run; wait for it, or end it", .0.display())]
    Busy(PathBuf),
    /// A value that does not fit the rest of the run.
    #[error("{}: {field}: expected {expected}, found {found}", .path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// The field, with its line where the file has lines.
        field: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
}

impl Error {
    pub(super) fn write(path: &Path, reason: impl std::fmt::Display) -> Self {
        Error::Io {
            path: path.into(),
            action: "write",
            reason: reason.to_string(),
            remedy: "choose an --out in a folder that you may write to, with space left",
        }
    }

    pub(super) fn read(path: &Path, reason: impl std::fmt::Display) -> Self {
        Error::Io {
            path: path.into(),
            action: "read",
            reason: reason.to_string(),
            remedy: "give the folder of a finished run",
        }
    }

    pub(super) fn damaged(path: &Path, reason: impl std::fmt::Display) -> Self {
        Error::Damaged { path: path.into(), reason: reason.to_string() }
    }

    pub(super) fn field(
        path: &Path,
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl std::fmt::Display,
    ) -> Self {
        Error::Field { path: path.into(), field: field.into(), expected: expected.into(), found: found.to_string() }
    }
}

/// The result of anything that touches a run folder.
pub type Result<T> = std::result::Result<T, Error>;
