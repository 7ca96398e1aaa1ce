//! What can go wrong with a report.

use crate::run;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// An error of a report; its text is one line.
#[derive(Debug, Error)]
pub enum Error {
    /// Neither runs nor verdicts.
    #[error("nothing to report; give at least one run folder")]
    Nothing,
    /// Two runs whose figures would have the same file names.
    #[error("{}: another run in this report is also named {name}; rename one of the folders", .path.display())]
    SameName {
        /// The name.
        name: String,
        /// The second run.
        path: PathBuf,
    },
    /// The only figure asked for, and no run that has its numbers.
    #[error("{figure}: none of these runs has its numbers; make one with: {command}")]
    Unsupported {
        /// The figure.
        figure: String,
        /// What makes such runs.
        command: String,
    },
    /// The folder is there and no report.
    #[error("{}: already exists and is not a report that wirecost wrote; choose another --out", .0.display())]
    NotOurs(PathBuf),
    /// The report would overwrite a file that is not its own.
    #[error("{}: not listed in the report's manifest.json; move it away or choose another --out", .0.display())]
    NotListed(PathBuf),
    /// The operating system refused.
    #[error("{}: cannot write: {reason}; choose an --out in a folder that you may write to, with space left", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// A run that the new report would replace.
    #[error("{}: is part of the report that would be replaced; choose another --out", .0.display())]
    Inside(PathBuf),
    /// A run folder that cannot be copied.
    #[error(transparent)]
    Run(#[from] run::Error),
    /// A figure that cannot be drawn.
    #[error("{file}: {reason}")]
    Figure {
        /// The figure's file name.
        file: String,
        /// Why.
        reason: String,
    },
}

impl Error {
    pub(super) fn io(path: &Path, reason: impl std::fmt::Display) -> Self {
        Error::Io { path: path.into(), reason: reason.to_string() }
    }
}

/// The result of writing a report.
pub type Result<T> = std::result::Result<T, Error>;
