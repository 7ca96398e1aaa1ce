//! What can go wrong below the network: shapes, targets, devices.

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
    /// A device that cannot be used here.
    #[error("device {device}: {problem}, or use --device cpu")]
    Unusable {
        /// The device.
        device: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The device's memory is full.
    #[error("the device is out of memory; lower --batch, --channels or --cells")]
    OutOfMemory,
    /// The device's own error.
    #[error("device error: {0}")]
    Device(String),
    /// A loss that is not a number.
    #[error("the loss is {0}; lower the learning rate or look for NaN in the data")]
    NotFinite(f64),
}

impl Error {
    /// Wraps a device's own error, of which dfdx tells no more than its text.
    pub fn device(error: impl std::fmt::Display) -> Self {
        let text = error.to_string();
        if text.contains("OUT_OF_MEMORY") { Error::OutOfMemory } else { Error::Device(text) }
    }
}

/// The result of anything in the tensor layer.
pub type Result<T> = std::result::Result<T, Error>;
