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
