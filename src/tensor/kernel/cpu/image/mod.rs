//! What is done to one image, in vector code for any number of channels.

mod ahead;
mod channel;
mod dense;
mod dense_back;
mod depthwise;
mod edge;
mod edge_back;
mod flat;
mod frame;
mod planes;
mod pool;
mod rows;
mod runs;
mod space;
mod through;

pub use channel::{AddStandardised, GradientSums, Products, Scale, Scatter, Shift, Standardise, Total};
pub use dense::{Dense, Inputs, transposed};
pub use dense_back::{DenseBackward, InputGradient};
pub use depthwise::{Depthwise, DepthwiseGradient, flipped};
pub use edge::{Centred, Edge, EdgeForward};
pub use edge_back::EdgeBackward;
pub use flat::{Axpy, Dot, Multiple, ReluGradient, ReluOf, Strided};
pub use frame::{Aligned, Frame};
pub use pool::{Apportion, Maximum, MaximumGradient, Shares, WindowSums};
pub use runs::spread;
pub use through::{StandardiseGradient, ThroughNorm, Upstream};

/// Bytes of a cache line, and of the longest register.
const LINE: usize = 64;

/// Registers of every level divide this many elements.
const BLOCK: usize = 16;

/// Appends `n` elements to `out`: `x` again and again.
fn repeat<E: Copy>(out: &mut Vec<E>, x: &[E], n: usize) {
    let end = out.len() + n;
    while out.len() < end {
        out.extend_from_slice(&x[..x.len().min(end - out.len())]);
    }
}
