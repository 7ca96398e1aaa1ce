//! What is done to one image, in vector code for any number of channels.

mod channel;
mod dense;
mod depthwise;
mod flat;
mod frame;

pub use channel::{Products, Scale, Scatter, Standardise, StandardiseGradient, Total, spread};
pub use dense::{Dense, DenseGradient, columns, fold_columns, transposed};
pub use depthwise::{Depthwise, DepthwiseGradient, Taps, flipped};
pub use flat::{Axpy, Dot, ReluGradient, relu};
pub use frame::{Aligned, Frame};

/// Registers of every level divide this many elements.
const BLOCK: usize = 16;

/// The most registers that a tile has.
const TILE: usize = 8;

/// Appends `n` elements to `out`: `x` again and again.
fn repeat<E: Copy>(out: &mut Vec<E>, x: &[E], n: usize) {
    let end = out.len() + n;
    while out.len() < end {
        out.extend_from_slice(&x[..x.len().min(end - out.len())]);
    }
}
