//! Figures 11–16: the sign of C = L − H as θ is trained, α fixed.

use super::{Across, Sighting, Trend, setting::Setting, statistic};
use crate::run::{EpochMetrics, RunFolder};

pub(super) const TRENDS: [Trend; 6] = [
    Trend {
        id: "fig11-dsnas-sign",
        figure: 11,
        statement: "in DSNAS with fixed α, C_Z starts positive and turns negative as θ is trained",
        decided: "mean C is positive in the first epoch and negative in the last",
        across: Across::OneSetting,
        see: |run| turns(&metrics(run, "dsnas", "training")?, true),
    },
    Trend {
        id: "fig12-darts-training",
        figure: 12,
        statement: "in DARTS C_Z on the training set turns negative",
        decided: "mean C on the training set is lower in the last epoch than in the first, and negative",
        across: Across::OneSetting,
        see: |run| turns(&metrics(run, "darts", "training")?, false),
    },
    Trend {
        id: "fig13-darts-search",
        figure: 13,
        statement: "in DARTS C_Z on the search set stays higher: the loss falls more slowly, the entropy keeps falling",
        decided: "in the last epoch C and L are greater on the search set than on the training set, and H on the search \
set is lower than in the first",
        across: Across::OneSetting,
        see: search_set,
    },
    Trend {
        id: "fig14-dsnas-correct-wrong",
        figure: 14,
        statement: "in DSNAS C is negative for correct and positive for wrong predictions, on average",
        decided: "over all epochs' images of a set, mean C is negative for correct and positive for wrong predictions",
        across: Across::OneSetting,
        see: |run| split(&metrics(run, "dsnas", "training")?),
    },
    Trend {
        id: "fig15-darts-training-correct-wrong",
        figure: 15,
        statement: "the same in DARTS on the training set",
        decided: "over all epochs' images of a set, mean C is negative for correct and positive for wrong predictions",
        across: Across::OneSetting,
        see: |run| split(&metrics(run, "darts", "training")?),
    },
    Trend {
        id: "fig16-darts-search-correct-wrong",
        figure: 16,
        statement: "the same in DARTS on the search set",
        decided: "over all epochs' images of a set, mean C is negative for correct and positive for wrong predictions",
        across: Across::OneSetting,
        see: |run| split(&metrics(run, "darts", "search")?),
    },
];

/// The epochs of a set, where `method` ran with α fixed in the protocol's minimal cells.
fn metrics<'a>(run: &'a RunFolder, method: &str, set: &str) -> Option<Vec<&'a EpochMetrics>> {
    let setting = Setting(run);
    let figure = setting.fixes_alpha(method)
        && setting.stacks("batch", "relu_conv_norm")
        && setting.is_minimal()
        && setting.is_unrestricted();
    let metrics = statistic::of_set(run, set);
    (figure && !metrics.is_empty()).then_some(metrics)
}

fn turns(metrics: &[&EpochMetrics], starts_positive: bool) -> Option<Sighting> {
    let (first, last) = (metrics.first()?.cost, metrics.last()?.cost);
    let from = if starts_positive { first > 0.0 } else { first > last };
    let numbers = format!("C from {} to {}", statistic::nats(first), statistic::nats(last));
    Some(Sighting { appeared: from && last < 0.0, numbers })
}

fn search_set(run: &RunFolder) -> Option<Sighting> {
    let [training, search] = [metrics(run, "darts", "training")?, metrics(run, "darts", "search")?];
    let (train, first, last) = (training.last()?, search.first()?, search.last()?);
    let numbers = format!(
        "last epoch: C {} against {} in training, L {:.2} against {:.2}; H on the search set from {:.2} to {:.2}",
        statistic::nats(last.cost),
        statistic::nats(train.cost),
        last.loss,
        train.loss,
        first.entropy,
        last.entropy
    );
    let appeared = last.cost > train.cost && last.loss > train.loss && last.entropy < first.entropy;
    Some(Sighting { appeared, numbers })
}

fn split(metrics: &[&EpochMetrics]) -> Option<Sighting> {
    let mean = |half: fn(&EpochMetrics) -> crate::run::Split| {
        let halves: Vec<_> = metrics.iter().map(|m| half(m)).collect();
        let images: usize = halves.iter().map(|half| half.count).sum();
        let total: f64 = halves.iter().map(|half| half.count as f64 * half.cost).sum();
        (images > 0).then(|| total / images as f64)
    };
    let (correct, wrong) = (mean(|m| m.correct)?, mean(|m| m.wrong)?);
    let numbers = format!("C of correct {}, of wrong {}", statistic::nats(correct), statistic::nats(wrong));
    Some(Sighting { appeared: correct < 0.0 && wrong > 0.0, numbers })
}
