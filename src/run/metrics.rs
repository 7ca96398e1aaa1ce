//! Loss, entropy and cost per epoch.

use serde::{Deserialize, Serialize};

/// A line of `metrics.jsonl`: means over one epoch's images of one set, in nats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Epoch, from 0.
    pub epoch: usize,
    /// "training" (trains θ), "search" (trains α) or "test".
    pub set: String,
    /// Cross-entropy L.
    pub loss: f64,
    /// Entropy H of the predicted distribution.
    pub entropy: f64,
    /// Cost C = L − H (Theorem 2).
    pub cost: f64,
    /// Fraction of images whose largest logit is their label's.
    pub accuracy: f64,
    /// Images counted.
    pub images: usize,
    /// The correctly classified images.
    pub correct: Split,
    /// The others.
    pub wrong: Split,
    /// Learning rate of θ in this epoch.
    pub learning_rate: f64,
}

/// Means over the images that one epoch classified correctly, or wrongly; zeros if there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// Images.
    pub count: usize,
    /// Cross-entropy L.
    pub loss: f64,
    /// Entropy H.
    pub entropy: f64,
    /// Cost C = L − H.
    pub cost: f64,
}

impl EpochMetrics {
    /// The name of a field that is not a finite number.
    pub(super) fn not_finite(&self) -> Option<(&'static str, f64)> {
        [
            ("loss", self.loss),
            ("entropy", self.entropy),
            ("cost", self.cost),
            ("accuracy", self.accuracy),
            ("correct.loss", self.correct.loss),
            ("correct.entropy", self.correct.entropy),
            ("correct.cost", self.correct.cost),
            ("wrong.loss", self.wrong.loss),
            ("wrong.entropy", self.wrong.entropy),
            ("wrong.cost", self.wrong.cost),
            ("learning_rate", self.learning_rate),
        ]
        .into_iter()
        .find(|(_, value)| !value.is_finite())
    }
}
