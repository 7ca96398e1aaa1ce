//! Labelled images, and the order in which a run sees them.
//!
//! Pixels are channels-last, `[N, H, W, C]`, f32, standardised per channel. All choices (split, batch
//! order, label noise, synthetic images) come from named streams of [`crate::seed`].

mod batches;
mod digits;
mod images;
mod noise;
mod split;
mod synthetic;

pub use batches::{Batches, batches};
pub use digits::digits;
pub use images::{Error, Images, Result};
pub use split::split;
pub use synthetic::synthetic;
