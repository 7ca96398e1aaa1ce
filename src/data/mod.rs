//! Labelled images, and the order in which a run sees them.
//!
//! Pixels are channels-last, `[N, H, W, C]`, f32, standardised per channel. All choices (split, batch
//! order, label noise, augmentation, synthetic images) come from named streams of [`crate::seed`].

mod augment;
mod batches;
pub mod cifar10;
mod digits;
mod error;
mod fashion_mnist;
mod files;
pub mod idx;
mod images;
mod noise;
mod split;
mod synthetic;

pub use augment::Augmentation;
pub use batches::{Batches, batches};
pub use cifar10::cifar10;
pub use digits::digits;
pub use error::{Error, Result};
pub use fashion_mnist::fashion_mnist;
pub use images::{Images, Moments};
pub use split::{first, held_out, split};
pub use synthetic::synthetic;

/// Images as they were published: those to train on, and those to test with where the publisher chose
/// them.
pub struct Dataset {
    /// To train on.
    pub training: Images,
    /// To test with.
    pub test: Option<Images>,
}
