//! What a device has to offer: memory, and one kernel for each operation.

mod allocator;
mod cpu;
#[cfg(feature = "cuda")]
pub mod cuda;
mod lanes;
mod meter;
mod peak;
mod vectors;

pub use allocator::Allocator;
pub use lanes::Widths;
pub use meter::Meter;
pub use peak::peak;
pub use vectors::{Vectors, vector_width};

use super::{error::Result, moving::Average, op::Image};
use dfdx::tensor::{OwnedTape, Storage};
use std::sync::Arc;

/// A device buffer. Always written out: a device also stores `usize` and `bool`, which makes a plain
/// `D::Vec` ambiguous.
pub type Buf<E, D> = <D as Storage<E>>::Vec;

/// An operation's output, and what its backward pass will need.
pub type Computed<E, D, S> = (Arc<Buf<E, D>>, S);

/// The same, unless memory ran out.
pub type Forward<E, D, S> = Result<Computed<E, D, S>>;

/// One operation on one device.
pub trait Kernel<Op, E>: Storage<E> {
    /// What `forward` keeps for `backward`.
    type Saved: 'static;

    /// Whether [`backward`](Kernel::backward) takes an empty buffer for a gradient of which nothing has
    /// arrived yet, and puts a full one in its place: cheaper than adding to zeros.
    const FILLS_EMPTY: bool = false;

    /// Whether the gradient of input `i` is the output's as it is: then the two share a buffer, and
    /// [`backward`](Kernel::backward) is not asked for it.
    fn passes_on(&self, _: &Op, _: &Self::Saved, _i: usize) -> bool {
        false
    }

    /// Computes the output of `op` for the inputs `xs`.
    fn forward(&self, op: &Op, xs: &[&Arc<Buf<E, Self>>]) -> Forward<E, Self, Self::Saved>;

    /// Adds to each `gxs[i]` the gradient with respect to input `i`, given the output's gradient `gy`;
    /// `None` where nobody asks for that gradient. See [`FILLS_EMPTY`](Kernel::FILLS_EMPTY).
    fn backward(
        &self,
        op: &Op,
        saved: Self::Saved,
        gy: &Buf<E, Self>,
        gxs: &mut [Option<Buf<E, Self>>],
    ) -> std::result::Result<(), Self::Err>;
}

/// An operation of two inputs on its way back.
pub struct Returning<'a, Op, S, B> {
    /// The operation.
    pub op: &'a Op,
    /// What it kept.
    pub saved: S,
    /// The output's gradient.
    pub gy: &'a B,
    /// Where the gradient of the second input goes, if it is asked for.
    pub gw: &'a mut Option<B>,
}

/// Operations of two inputs, of which several may have the same first one: then it need be read but once. Such
/// operations [pass on](Kernel::passes_on) no gradient.
pub trait Several<Op, E>: Kernel<Op, E> {
    /// The [`forward`](Kernel::forward) of each operation, of `x` and of its own second input.
    fn forward_all(
        &self,
        ops: &[Op],
        x: &Arc<Buf<E, Self>>,
        ws: &[&Arc<Buf<E, Self>>],
    ) -> Result<Vec<Computed<E, Self, Self::Saved>>> {
        ops.iter().zip(ws).map(|(op, w)| self.forward(op, &[x, w])).collect()
    }

    /// The [`backward`](Kernel::backward) of each, from the last to the first, which all add to `gx`.
    fn backward_all(
        &self,
        all: Vec<Returning<'_, Op, Self::Saved, Buf<E, Self>>>,
        gx: &mut Option<Buf<E, Self>>,
    ) -> std::result::Result<(), Self::Err> {
        for Returning { op, saved, gy, gw } in all.into_iter().rev() {
            let mut gxs = [gx.take(), gw.take()];
            self.backward(op, saved, gy, &mut gxs)?;
            [*gx, *gw] = gxs;
        }
        Ok(())
    }
}

/// Copies between host and device, sums of buffers, and the start of a backward pass.
pub trait Memory<E>: Storage<E> {
    /// Host to device.
    fn upload(&self, host: &[E]) -> Result<Buf<E, Self>>;

    /// Device to host.
    fn download(&self, buf: &Buf<E, Self>) -> Result<Vec<E>>;

    /// Several buffers to the host, which waits once.
    fn download_all(&self, bufs: &[&Buf<E, Self>]) -> Result<Vec<Vec<E>>> {
        bufs.iter().map(|buf| self.download(buf)).collect()
    }

    /// Takes a buffer's memory for buffers to come; what is left is not to be used.
    fn recycle(&self, _: &mut Buf<E, Self>) {}

    /// `a += b`.
    fn accumulate(&self, a: &mut Buf<E, Self>, b: &Buf<E, Self>) -> std::result::Result<(), Self::Err>;

    /// The meter of this device's memory.
    fn meter() -> &'static Meter;

    /// Runs a tape backwards. dfdx begins with a scalar of its own, for which a device must be named.
    fn run_tape(&self, tape: OwnedTape<E, Self>) -> std::result::Result<(), Self::Err>;
}

/// One step of SGD with momentum and L2 decay.
#[derive(Debug, Clone, Copy)]
pub struct SgdStep {
    /// Learning rate.
    pub rate: f64,
    /// Momentum.
    pub momentum: f64,
    /// Decay.
    pub decay: f64,
}

/// One step of Adam with L2 decay.
#[derive(Debug, Clone, Copy)]
pub struct AdamStep {
    /// Which, from 1.
    pub steps: i32,
    /// Learning rate.
    pub rate: f64,
    /// β₁, β₂.
    pub betas: [f64; 2],
    /// Keeps the quotient finite.
    pub eps: f64,
    /// Decay.
    pub decay: f64,
}

/// The arithmetic of the optimisers, in place.
pub trait Optimise<E>: Storage<E> {
    /// v = g + decay p + momentum v; p −= rate v.
    fn sgd(
        &self,
        step: SgdStep,
        p: &mut Buf<E, Self>,
        velocity: &mut Buf<E, Self>,
        g: &Buf<E, Self>,
    ) -> std::result::Result<(), Self::Err>;

    /// Adam with bias correction; `moments` are the running means of g and g².
    fn adam(
        &self,
        step: AdamStep,
        p: &mut Buf<E, Self>,
        moments: &mut [Buf<E, Self>; 2],
        g: &Buf<E, Self>,
    ) -> std::result::Result<(), Self::Err>;

    /// Scales all down so that their joint Euclidean norm, summed in double precision, is at most `limit`.
    fn clip(&self, gs: &mut [&mut Buf<E, Self>], limit: f64) -> Result<()>;
}

/// One image of a batch: an image of a set, or the part of it that shows after a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Which image of the set, from 0.
    pub image: usize,
    /// Row and column of it that come first; beyond its border it is black.
    pub at: [isize; 2],
    /// Whether what shows is reflected left to right.
    pub reflected: bool,
}

impl Cut {
    /// The image as it is.
    pub fn whole(image: usize) -> Self {
        Cut { image, at: [0, 0], reflected: false }
    }
}

/// Batches put together from a set of images that stays on the device.
pub trait Assemble<E>: Storage<E> {
    /// The `cuts`, `[cuts, H, W, C]`, of `pixels` `[N, H, W, C]`, whose extents are those of `set`; `black` is
    /// `[C]`. Every cut is of an image below N.
    fn assemble(&self, set: Image, pixels: &Buf<E, Self>, black: &Buf<E, Self>, cuts: &[Cut]) -> Result<Buf<E, Self>>;
}

/// Averages of the channels' statistics that follow batch after batch, without the host waiting for any.
pub trait Follow<E>: Storage<E> {
    /// Where they are kept.
    type Averages: 'static;

    /// They begin with these.
    fn averages(&self, start: Average) -> Result<Self::Averages>;

    /// Moves them by `share` of the way to mean and variance, without bias, of `x`, `[…, C]`.
    fn follow(&self, averages: &mut Self::Averages, x: &Buf<E, Self>, share: f64) -> Result<()>;

    /// What they are now.
    fn read(&self, averages: &Self::Averages) -> Result<Average>;
}

/// A buffer of `n` zeros.
pub fn zeros<E, D: Storage<E>>(dev: &D, n: usize) -> std::result::Result<Buf<E, D>, D::Err> {
    dev.try_alloc_len(n)
}

/// The number of elements in a buffer.
pub fn len<E, D: Storage<E>>(dev: &D, buf: &Buf<E, D>) -> usize {
    dev.len(buf)
}
