//! What a device must offer to run a network, and which device a user asked for.

use super::{
    Element, Error,
    kernel::{Kernel, Memory},
    op::{
        Affine, Bias, Concatenate, Convolution, Depthwise, GlobalAveragePool, Normalise, Pool, Relu, Separable,
        WeightedSum,
    },
};
use std::str::FromStr;

/// dfdx's device trait, memory, and a kernel for every operation.
pub trait Backend<E: Element>:
    dfdx::tensor_ops::Device<E>
    + Memory<E>
    + Kernel<Affine, E>
    + Kernel<Bias, E>
    + Kernel<Concatenate, E>
    + Kernel<Convolution, E>
    + Kernel<Depthwise, E>
    + Kernel<GlobalAveragePool, E>
    + Kernel<Normalise, E>
    + Kernel<Pool, E>
    + Kernel<Relu, E>
    + Kernel<Separable, E>
    + Kernel<WeightedSum, E>
{
}

impl<E: Element, D> Backend<E> for D where
    D: dfdx::tensor_ops::Device<E>
        + Memory<E>
        + Kernel<Affine, E>
        + Kernel<Bias, E>
        + Kernel<Concatenate, E>
        + Kernel<Convolution, E>
        + Kernel<Depthwise, E>
        + Kernel<GlobalAveragePool, E>
        + Kernel<Normalise, E>
        + Kernel<Pool, E>
        + Kernel<Relu, E>
        + Kernel<Separable, E>
        + Kernel<WeightedSum, E>
{
}

const fn is_backend<E: Element, D: Backend<E>>() {}
const _: () = (is_backend::<f32, super::Cpu>(), is_backend::<f64, super::Cpu>()).0;
#[cfg(feature = "cuda")]
const _: () = (is_backend::<f32, super::Cuda>(), is_backend::<f64, super::Cuda>()).0;

/// A device by name: `cpu`, `cuda` or `cuda:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// The processor.
    Cpu,
    /// An NVIDIA GPU by number.
    Cuda(usize),
}

impl Device {
    /// Whether this build can compute there; the error says what is missing.
    pub fn check(self) -> Result<(), Error> {
        match self {
            Device::Cpu => Ok(()),
            Device::Cuda(_) if cfg!(feature = "cuda") => {
                Err(Error::NoKernel { device: "cuda", op: "convolution, normalisation and pooling" })
            }
            Device::Cuda(n) => Err(Error::NotBuilt(format!("cuda:{n}"))),
        }
    }
}

impl FromStr for Device {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let number = match name {
            "cpu" => return Ok(Device::Cpu),
            "cuda" => Some(0),
            _ => name.strip_prefix("cuda:").and_then(|n| n.parse().ok()),
        };
        number.map(Device::Cuda).ok_or_else(|| format!("unknown device '{name}'; known: cpu, cuda, cuda:N"))
    }
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
            Device::Cuda(n) => write!(f, "cuda:{n}"),
        }
    }
}
