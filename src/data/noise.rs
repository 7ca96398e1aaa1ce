//! Labels that θ can memorise and α cannot predict.

use super::{Error, Images, Result};
use crate::seed;
use rand::{RngExt, seq::SliceRandom};

impl Images {
    /// The same images with a `fraction` of the labels, rounded to whole images, replaced by another
    /// class, uniform among the others. So `fraction` is the share of labels that are wrong. Uses the
    /// stream "label noise" of `seed`.
    ///
    /// # Errors
    /// If `fraction` is outside 0..=1, or positive with a single class.
    pub fn with_label_noise(&self, fraction: f64, seed: u64) -> Result<Images> {
        if !(0.0..=1.0).contains(&fraction) || (fraction > 0.0 && self.classes < 2) {
            return Err(Error::Setting {
                name: self.name.clone(),
                field: "label noise".into(),
                expected: "a fraction from 0 to 1, and 0 for a single class".into(),
                found: format!("{fraction} with {} classes", self.classes),
            });
        }
        let mut stream = seed::stream(seed, "label noise");
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(&mut stream);
        let mut noisy = self.clone();
        for &index in &order[..(fraction * self.len() as f64).round() as usize] {
            // A shift by 1..classes never meets the true class, and meets each other class once.
            noisy.labels[index] = (noisy.labels[index] + stream.random_range(1..self.classes)) % self.classes;
        }
        Ok(noisy)
    }
}
