//! What claims look at: a drawn case, run once on the tape.

pub mod layer;
pub mod logits;
pub mod network;
pub mod norm;
pub mod relaxed;

use crate::{
    claim::{Check, Judge, strategy::histogram::Features},
    tensor::{Backend, Element, error::Result},
};
use proptest::strategy::BoxedStrategy;
use std::{any::Any, fmt::Debug};

/// Of judges in f64 and in f32, the one for `S`.
fn in_elements_of<S: 'static>(judges: [&dyn Any; 2]) -> Option<Judge<S>> {
    judges.iter().find_map(|judge| judge.downcast_ref::<Judge<S>>().copied())
}

/// The numbers that elements of type `E` can hold.
fn rounded<E: Element>(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| E::of(*value).double()).collect()
}

/// A kind of case, how it is drawn, and what running it leaves to be seen.
pub trait Subject: Sized + Send + Sync {
    /// Everything that the run depends on.
    type Case: Any + Debug + Clone + Send + Sync;
    /// The elements that it runs in.
    type Element: Element;

    /// The kind's name.
    const NAME: &'static str;

    /// Draws a case; shrinks towards small ones.
    fn strategy() -> BoxedStrategy<Self::Case>;

    /// Runs it on the processor.
    fn observe(case: &Self::Case) -> Result<Self>;

    /// Runs it on a device.
    fn observe_on<D: Backend<Self::Element>>(case: &Self::Case, device: &D) -> Result<Self>;

    /// A check's judge, if it is for this kind.
    fn judge(check: &Check) -> Option<Judge<Self>>;

    /// What the case exercises, for the histogram.
    fn features(case: &Self::Case) -> Features;

    /// Numbers in the case: the smallest of several counterexamples is kept.
    fn size(case: &Self::Case) -> usize;
}
