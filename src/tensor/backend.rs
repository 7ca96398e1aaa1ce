//! What a device must offer to run a network, and which device a user asked for.

use super::{
    Element, Error,
    kernel::{Assemble, Follow, Kernel, Memory, Optimise, Several},
    op::{
        Affine, Bias, Concatenate, Convolution, CrossEntropy, Depthwise, GlobalAveragePool, Normalise,
        NormalisedConvolution, NormalisedPool, Pool, Relu, Separable, Softmax, Twice, WeightedSum,
    },
};
use std::str::FromStr;

/// Memory, batches and their statistics, the optimisers' arithmetic, and a kernel for every operation: a device that
/// lacks one is not a backend.
pub trait Backend<E: Element>:
    Memory<E>
    + Assemble<E>
    + Follow<E>
    + Optimise<E>
    + Kernel<Affine, E>
    + Kernel<Bias, E>
    + Kernel<Concatenate, E>
    + Kernel<Convolution, E>
    + Kernel<CrossEntropy, E>
    + Kernel<Depthwise, E>
    + Kernel<GlobalAveragePool, E>
    + Kernel<Normalise, E>
    + Several<NormalisedConvolution, E>
    + Kernel<NormalisedPool, E>
    + Kernel<Pool, E>
    + Kernel<Relu, E>
    + Kernel<Separable, E>
    + Kernel<Softmax, E>
    + Kernel<Twice, E>
    + Kernel<WeightedSum, E>
{
}

impl<E: Element, D> Backend<E> for D where
    D: Memory<E>
        + Assemble<E>
        + Follow<E>
        + Optimise<E>
        + Kernel<Affine, E>
        + Kernel<Bias, E>
        + Kernel<Concatenate, E>
        + Kernel<Convolution, E>
        + Kernel<CrossEntropy, E>
        + Kernel<Depthwise, E>
        + Kernel<GlobalAveragePool, E>
        + Kernel<Normalise, E>
        + Several<NormalisedConvolution, E>
        + Kernel<NormalisedPool, E>
        + Kernel<Pool, E>
        + Kernel<Relu, E>
        + Kernel<Separable, E>
        + Kernel<Softmax, E>
        + Kernel<Twice, E>
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

/// A device for both element types.
pub trait Both: Backend<f32> + Backend<f64> {}

impl<D: Backend<f32> + Backend<f64>> Both for D {}

/// Something to compute on whichever device was chosen at run time.
pub trait OnDevice {
    /// What it gives.
    type Output;

    /// Does it, on what `open` returns; a thread that wants the device opens it for itself.
    fn run<D: Both>(self, open: impl Fn() -> Result<D, Error> + Sync) -> Self::Output;
}

impl Device {
    /// Runs `task` on this device. Opening it fails where it cannot be used, and says why.
    pub fn run<T: OnDevice>(self, task: T) -> T::Output {
        match self {
            Device::Cpu => task.run(|| Ok(super::Cpu::default())),
            Device::Cuda(number) => {
                task.run(|| cuda(number).map_err(|problem| Error::Unusable { device: self.to_string(), problem }))
            }
        }
    }
}

#[cfg(feature = "cuda")]
use super::kernel::cuda::open as cuda;

#[cfg(not(feature = "cuda"))]
fn cuda(_: usize) -> Result<super::Cpu, String> {
    Err("this build has no CUDA; rebuild with `--features cuda`".into())
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
