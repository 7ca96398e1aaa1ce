//! dfdx's CUDA device with kernels of our own.
//!
//! dfdx supplies device, allocation and stream; none of its kernels run: they do not see our buffers,
//! its sums add floats atomically, in any order, and building them takes a GPU. Ours are CUDA C, one
//! file an operation, beside the Rust that launches them. A buffer is dfdx's own allocation, whose
//! address kernels take as it is, so nothing is copied on the way in or out. All work goes to one
//! stream, in order; the host waits where it reads numbers, and for large uploads.
//!
//! | file | what it is |
//! | --- | --- |
//! | `kernels.cu` | everything as one module, for f32 and f64; compiled to PTX by `build.rs` |
//! | `kernels.ptx.gz` | the same as the repository has it, for a machine without `nvcc` |
//! | `driver` | NVIDIA's library, opened at run time |
//! | `launch` | the launcher |
//! | `argument` | what it hands to kernels |
//! | `open` | a device by number, and what is wrong with it |

mod affine;
mod argument;
mod assemble;
mod concatenate;
mod convolution;
mod depthwise;
mod driver;
mod follow;
mod head;
mod launch;
mod normalise;
mod normalised;
mod open;
mod optimise;
mod pool;
mod relu;
mod separable;
mod sum;
mod twice;
mod weighted;

pub use open::{describe, open};

use super::{Buf, Memory, Meter, zeros};
use crate::tensor::{Element, Error, error::Result};
use argument::Scalar;
use cudarc::driver::{CudaDevice, DeviceRepr};
use dfdx::{
    prelude::{Backward, Rank0},
    tensor::{Cuda, CudaError, OwnedTape, PutTape, Tensor, ZerosTensor},
};
use launch::Launch;
use std::sync::Arc;

/// Bytes that the driver copies for itself when an upload begins, so that the host need not wait.
const STAGED: usize = 1 << 16;

/// What kernels can compute with.
pub trait Real: Element + DeviceRepr + Scalar {}

impl Real for f32 {}
impl Real for f64 {}

/// The outcome of what is done on the device.
type Done<T = ()> = std::result::Result<T, CudaError>;

impl<E: Real> Memory<E> for Cuda {
    fn upload(&self, host: &[E]) -> Result<Buf<E, Self>> {
        let mut buf = fresh::<E>(self, host.len()).map_err(Error::device)?;
        let device = buf.device();
        let copied = match size_of_val(host) <= STAGED {
            true => device.htod_copy_into(host.to_vec(), &mut buf),
            false => device.htod_sync_copy_into(host, &mut buf),
        };
        copied.map_err(Error::device)?;
        Ok(buf)
    }

    fn download(&self, buf: &Buf<E, Self>) -> Result<Vec<E>> {
        buf.device().dtoh_sync_copy(buf).map_err(Error::device)
    }

    /// One after another in a buffer of the device's, and from there in one copy.
    fn download_all(&self, bufs: &[&Buf<E, Self>]) -> Result<Vec<Vec<E>>> {
        let Some(device) = bufs.first().map(|buf| buf.device()) else { return Ok(Vec::new()) };
        let mut all = fresh::<E>(self, bufs.iter().map(|buf| len::<E>(buf)).sum()).map_err(Error::device)?;
        let mut at = 0;
        for buf in bufs {
            let end = at + len::<E>(buf);
            device.dtod_copy(*buf, &mut all.slice_mut(at..end)).map_err(Error::device)?;
            at = end;
        }
        let host = self.download(&all)?;
        let mut rest = host.as_slice();
        Ok(bufs.iter().map(|buf| rest.split_off(..len::<E>(buf)).expect("as long as all of them").to_vec()).collect())
    }

    fn accumulate(&self, a: &mut Buf<E, Self>, b: &Buf<E, Self>) -> Done {
        sum::add::<E>(self, a, b)
    }

    fn meter() -> &'static Meter {
        &driver::METER
    }

    fn run_tape(&self, tape: OwnedTape<E, Self>) -> Done {
        let start: Tensor<Rank0, E, Cuda> = self.try_zeros()?;
        start.put_tape(tape).try_backward().map(|_| ())
    }
}

/// The length of a buffer.
fn len<E: Real>(buf: &Buf<E, Cuda>) -> usize {
    cudarc::driver::DeviceSlice::len(buf)
}

/// A buffer for a kernel that writes all of it: its numbers are whatever is there.
fn fresh<E: Real>(device: &Cuda, n: usize) -> Done<Buf<E, Cuda>> {
    driver::without_memset(|| zeros::<E, Cuda>(device, n))
}

/// A gradient of `n` elements of which parts are added to: zeros if nothing has arrived yet.
fn zeroed<E: Real>(device: &Cuda, gx: &mut Buf<E, Cuda>, n: usize) -> Done {
    if len::<E>(gx) < n {
        *gx = zeros::<E, Cuda>(device, n)?;
    }
    Ok(())
}

/// A launch of a kernel that adds to all `n` elements of a gradient, or fills it if nothing has arrived yet.
fn gradient<'a, E: Real>(device: &Cuda, name: &str, gx: &'a mut Buf<E, Cuda>, n: usize) -> Done<Launch<'a>> {
    let launch = kernel::<E>(&gx.device(), name);
    adds_to::<E>(device, launch, gx, n)
}

/// The same as a launch's next argument.
fn adds_to<'a, E: Real>(device: &Cuda, launch: Launch<'a>, gx: &'a mut Buf<E, Cuda>, n: usize) -> Done<Launch<'a>> {
    let empty = len::<E>(gx) < n;
    if empty {
        *gx = fresh::<E>(device, n)?;
    }
    Ok(launch.adds_to(gx, !empty))
}

/// A launch of kernel `name` for elements `E`.
fn kernel<'a, E: Real>(device: &Arc<CudaDevice>, name: &str) -> Launch<'a> {
    Launch::new::<E>(device, name)
}
