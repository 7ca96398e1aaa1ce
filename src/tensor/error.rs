//! What can go wrong below the network: shapes, devices, missing kernels.

use thiserror::Error;

/// An error of the tensor layer; its text is one line.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Error {
    /// An input's shape does not fit the operation.
    #[error("{op}: expected {expected}, found shape {found:?}")]
    Shape {
        /// The operation.
        op: &'static str,
        /// What it asks for.
        expected: String,
        /// What it was given.
        found: Vec<usize>,
    },
    /// ε must not be negative.
    #[error("eps: expected a finite number that is not negative, found {0}")]
    Eps(f64),
    /// A label that names no class.
    #[error("labels: sample {sample} has label {label}; expected 0 to {}", classes - 1)]
    Label {
        /// Which sample.
        sample: usize,
        /// Its label.
        label: i64,
        /// How many classes there are.
        classes: usize,
    },
    /// Something that the network needs and was not given.
    #[error("{what} is missing")]
    Missing {
        /// Its full name.
        what: String,
    },
    /// The device has no kernel for an operation yet.
    #[error("{device}: no kernel for {op} yet; use --device cpu")]
    NoKernel {
        /// The device.
        device: &'static str,
        /// The operation.
        op: &'static str,
    },
    /// The device is not part of this build.
    #[error("device {0}: this build has no CUDA; rebuild with `--features cuda` or use --device cpu")]
    NotBuilt(String),
    /// The device's own error.
    #[error("device error: {0}")]
    Device(String),
    /// A loss that is not a number.
    #[error("the loss is {0}; lower the learning rate or look for NaN in the data")]
    NotFinite(f64),
}

impl Error {
    /// Wraps a device's own error.
    pub fn device(error: impl std::fmt::Display) -> Self {
        Error::Device(error.to_string())
    }
}

/// The result of anything in the tensor layer.
pub type Result<T> = std::result::Result<T, Error>;
