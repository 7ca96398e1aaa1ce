//! What a device has to offer: memory, and one kernel for each operation.

mod cpu;
#[cfg(feature = "cuda")]
mod cuda;
mod lanes;
mod vectors;

pub use lanes::Widths;
pub use vectors::{Vectors, vector_width};

use super::error::Result;
use dfdx::tensor::Storage;
use std::sync::Arc;

/// A device buffer. Always written out: a device also stores `usize` and `bool`, which makes a plain
/// `D::Vec` ambiguous.
pub type Buf<E, D> = <D as Storage<E>>::Vec;

/// An operation's output, and what its backward pass will need.
pub type Forward<E, D, S> = Result<(Arc<Buf<E, D>>, S)>;

/// One operation on one device.
pub trait Kernel<Op, E>: Storage<E> {
    /// What `forward` keeps for `backward`.
    type Saved: 'static;

    /// Computes the output of `op` for the inputs `xs`.
    fn forward(&self, op: &Op, xs: &[&Arc<Buf<E, Self>>]) -> Forward<E, Self, Self::Saved>;

    /// Adds to each `gxs[i]` the gradient with respect to input `i`, given the output's gradient `gy`;
    /// `None` where nobody asks for that gradient.
    fn backward(
        &self,
        op: &Op,
        saved: Self::Saved,
        gy: &Buf<E, Self>,
        gxs: &mut [Option<Buf<E, Self>>],
    ) -> std::result::Result<(), Self::Err>;
}

/// Copies between host and device, and sums of buffers.
pub trait Memory<E>: Storage<E> {
    /// Host to device.
    fn upload(&self, host: &[E]) -> Result<Buf<E, Self>>;

    /// Device to host.
    fn download(&self, buf: &Buf<E, Self>) -> Result<Vec<E>>;

    /// `a += b`.
    fn accumulate(&self, a: &mut Buf<E, Self>, b: &Buf<E, Self>) -> std::result::Result<(), Self::Err>;
}

/// A buffer of `n` zeros.
pub fn zeros<E, D: Storage<E>>(dev: &D, n: usize) -> std::result::Result<Buf<E, D>, D::Err> {
    dev.try_alloc_len(n)
}

/// The number of elements in a buffer.
pub fn len<E, D: Storage<E>>(dev: &D, buf: &Buf<E, D>) -> usize {
    dev.len(buf)
}
