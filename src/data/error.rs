//! What can be wrong with data.

use std::path::{Path, PathBuf};
use thiserror::Error;

/// What can be wrong with data; the text is one line.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Error {
    /// Nothing to train on.
    #[error("data {name}: images: expected at least 1, found 0; choose a larger set")]
    Empty {
        /// Name of the data.
        name: String,
    },
    /// Another number of labels than of images.
    #[error("data {name}: labels: expected {images}, one for each image, found {labels}; give as many as images")]
    Count {
        /// Name of the data.
        name: String,
        /// Images.
        images: usize,
        /// Labels.
        labels: usize,
    },
    /// A label that is no class.
    #[error(
        "data {name}: labels[{index}]: expected less than {classes}, found {label}; correct the label or the number of classes"
    )]
    Label {
        /// Name of the data.
        name: String,
        /// Position.
        index: usize,
        /// The label.
        label: usize,
        /// Number of classes.
        classes: usize,
    },
    /// NaN or infinity among the pixels.
    #[error("data {name}: pixels of image {index}: expected finite numbers, found {value}; remove the image")]
    Pixel {
        /// Name of the data.
        name: String,
        /// Position of the image.
        index: usize,
        /// The value.
        value: f32,
    },
    /// A setting that the data cannot serve.
    #[error("data {name}: {field}: expected {expected}, found {found}; change the setting")]
    Setting {
        /// Name of the data.
        name: String,
        /// The setting.
        field: String,
        /// What it may be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// No folder has the files.
    #[error("data {name}: no folder with {}; looked in {}; {remedy}", .files.join(", "), list(.looked))]
    Missing {
        /// Name of the data.
        name: &'static str,
        /// The files that were expected.
        files: Vec<&'static str>,
        /// The folders.
        looked: Vec<PathBuf>,
        /// Where to get them.
        remedy: &'static str,
    },
    /// A file that is not what it should be.
    #[error("{}: {problem}; get the file anew", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was expected, and what was found.
        problem: String,
    },
}

impl Error {
    pub(super) fn file(path: &Path, problem: impl std::fmt::Display) -> Self {
        Error::File { path: path.into(), problem: problem.to_string() }
    }
}

fn list(folders: &[PathBuf]) -> String {
    folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The result of preparing data.
pub type Result<T> = std::result::Result<T, Error>;
