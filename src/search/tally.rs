//! Sums over an epoch's images, for its metrics.

use crate::{
    network::Losses,
    run::{EpochMetrics, Split},
};
use serde::{Deserialize, Serialize};

/// L and H summed over the correctly and the wrongly classified images of one set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    correct: Sums,
    wrong: Sums,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Sums {
    count: usize,
    loss: f64,
    entropy: f64,
}

impl Tally {
    /// Adds a batch.
    pub fn add(&mut self, losses: &Losses) {
        for ((loss, entropy), correct) in losses.loss.iter().zip(&losses.entropy).zip(&losses.correct) {
            let sums = if *correct { &mut self.correct } else { &mut self.wrong };
            sums.count += 1;
            sums.loss += loss;
            sums.entropy += entropy;
        }
    }

    /// The means.
    pub fn metrics(&self, epoch: usize, set: &str, learning_rate: f64) -> EpochMetrics {
        let (correct, wrong) = (self.correct, self.wrong);
        let all = Sums {
            count: correct.count + wrong.count,
            loss: correct.loss + wrong.loss,
            entropy: correct.entropy + wrong.entropy,
        };
        let Split { count, loss, entropy, cost } = all.means();
        EpochMetrics {
            epoch,
            set: set.into(),
            loss,
            entropy,
            cost,
            accuracy: correct.count as f64 / count.max(1) as f64,
            images: count,
            correct: correct.means(),
            wrong: wrong.means(),
            learning_rate,
        }
    }
}

impl Sums {
    fn means(self) -> Split {
        let n = self.count.max(1) as f64;
        let (loss, entropy) = (self.loss / n, self.entropy / n);
        Split { count: self.count, loss, entropy, cost: loss - entropy }
    }
}
