//! Who is told how a search goes on.

use crate::run::EpochMetrics;
use ndarray::ArrayView2;

/// Where a search stands after a step or an epoch.
pub struct Progress<'a> {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
    /// Steps done in this epoch.
    pub step: usize,
    /// Steps in an epoch.
    pub steps: usize,
    /// At the end of an epoch: a line of metrics for each set.
    pub metrics: &'a [EpochMetrics],
    /// p_α, `[edges, operations]`.
    pub probabilities: ArrayView2<'a, f64>,
}

/// Told after every step and every epoch.
pub trait Observer {
    /// A step was done.
    fn step(&mut self, progress: &Progress);

    /// An epoch was done.
    fn epoch(&mut self, progress: &Progress);

    /// Asked after every step: whether to save and stop there.
    fn stop(&self) -> bool {
        false
    }
}

/// Says nothing.
pub struct Silent;

impl Observer for Silent {
    fn step(&mut self, _: &Progress) {}

    fn epoch(&mut self, _: &Progress) {}
}
