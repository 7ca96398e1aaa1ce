//! What claims look at: a drawn case, run once on the tape.

pub mod layer;
pub mod logits;
pub mod network;
pub mod norm;
pub mod relaxed;

use crate::{
    claim::{Check, Judge, strategy::histogram::Features},
    tensor::error::Result,
};
use proptest::strategy::BoxedStrategy;
use std::{any::Any, fmt::Debug};

/// A kind of case, how it is drawn, and what running it leaves to be seen.
pub trait Subject: Sized + Send + Sync {
    /// Everything that the run depends on.
    type Case: Any + Debug + Clone + Send + Sync;

    /// The kind's name.
    const NAME: &'static str;

    /// Draws a case; shrinks towards small ones.
    fn strategy() -> BoxedStrategy<Self::Case>;

    /// Runs it.
    fn observe(case: &Self::Case) -> Result<Self>;

    /// A check's judge, if it is for this kind.
    fn judge(check: &Check) -> Option<Judge<Self>>;

    /// What the case exercises, for the histogram.
    fn features(case: &Self::Case) -> Features;

    /// Numbers in the case: the smallest of several counterexamples is kept.
    fn size(case: &Self::Case) -> usize;
}
