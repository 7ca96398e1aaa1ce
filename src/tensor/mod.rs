//! Values of run-time shape on dfdx's tape and devices. The only place that names dfdx.
//!
//! dfdx 0.13 supplies the devices and their storage, the tape, and on the processor the arithmetic of SGD
//! and Adam. Its tensors hide their memory from kernels on every device, its convolutions need a nightly
//! compiler, and its sums on CUDA add atomically, in any order; so a [`Var`] holds a buffer of dfdx's that
//! kernels read as it is, and an operation of ours is
//!
//! 1. a plain struct in [`op`], with a method on [`Var`] that checks shapes and calls [`Var::apply`];
//! 2. an implementation of [`Kernel`] for each device, in [`kernel`]: what a new device has to write, and an empty one of
//!    [`Several`] where operations of one value may be taken together.
//!
//! Activations are channels-last: `[N, H, W, C]`, row-major. Everything is generic over the element
//! type ([`Element`]: `f32` for searches, `f64` for checks) and the device ([`Backend`]).

mod assemble;
mod backend;
mod element;
pub mod error;
pub mod kernel;
mod moving;
pub mod op;
mod optimiser;
mod parameter;
mod pass;
mod several;
mod slot;
mod threads;
mod var;

pub use backend::{Backend, Both, Device, OnDevice};
pub use dfdx::tensor::Cpu;
pub use element::Element;
pub use error::Error;
pub use kernel::{Allocator, Buf, Cut, Kernel, Memory, Meter, Several};
pub use moving::{Average, Moving, Statistics};
pub use op::Loss;
pub use optimiser::{Adam, AdamRule, Moments, Sgd, SgdRule, clip};
pub use parameter::{Init, Parameter, Scope, Source};
pub use pass::{Pass, Seen};
pub use threads::start_threads;
pub use var::{Tape, Var, Watch};

#[cfg(feature = "cuda")]
pub use dfdx::tensor::Cuda;
