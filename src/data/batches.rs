//! The order of images within an epoch.

use crate::seed;
use rand::seq::SliceRandom;

/// The batches of one epoch, as positions in the set.
#[derive(Debug, Clone)]
pub struct Batches {
    order: Vec<usize>,
    batch: usize,
    at: usize,
}

/// Epoch `epoch` over `images` images of set `set`, shuffled by the stream "batches SET EPOCH" of
/// `seed`: any epoch can be had without those before it. Every image occurs once, so the last batch
/// may be smaller.
///
/// # Panics
/// If `batch` is 0.
pub fn batches(seed: u64, set: &str, epoch: usize, images: usize, batch: usize) -> Batches {
    assert!(batch > 0, "a batch holds at least one image");
    let mut order: Vec<usize> = (0..images).collect();
    order.shuffle(&mut seed::stream(seed, &format!("batches {set} {epoch}")));
    Batches { order, batch, at: 0 }
}

impl Iterator for Batches {
    type Item = Vec<usize>;

    fn next(&mut self) -> Option<Vec<usize>> {
        let end = (self.at + self.batch).min(self.order.len());
        let indices = self.order[self.at..end].to_vec();
        self.at = end;
        (!indices.is_empty()).then_some(indices)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.order.len() - self.at).div_ceil(self.batch);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Batches {}
