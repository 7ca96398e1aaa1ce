//! Figures 11–13: C, L and H over epochs, a panel for each set.

use super::{Family, Figure, Result, axes, sheet, statistic, style::px};
use crate::run::RunFolder;
use std::fmt::Write as _;

pub(super) fn figure(run: &RunFolder) -> Option<Figure<'_>> {
    if run.metrics.is_empty() {
        return None;
    }
    let (paper, stem, shows) = match Family::of(run) {
        Family::Darts => (
            "Figures 12, 13",
            "fig12-cost-loss-entropy",
            "In the paper (DARTS, α fixed) C falls from positive to negative on the training set; on the search set the loss falls more slowly while the entropy keeps falling, so C stays higher.",
        ),
        Family::Dsnas => (
            "Figure 11",
            "fig11-cost-loss-entropy",
            "In the paper (DSNAS, α fixed, networks sampled uniformly) C = L − H is positive in the beginning and negative once θ has learnt; C has its own axis.",
        ),
        Family::Other => (
            "Figures 11–13",
            "fig11-cost-loss-entropy",
            "In the paper (α fixed) C = L − H is positive in the beginning and negative on the training set once θ has learnt.",
        ),
    };
    Some(Figure { run, paper, stem, title: "cost C, loss L and entropy H".into(), shows, found: found(run), draw })
}

fn found(run: &RunFolder) -> String {
    let mut text = String::new();
    for set in statistic::sets(run) {
        let metrics = statistic::of_set(run, set);
        let (first, last) = (metrics[0], metrics[metrics.len() - 1]);
        let crossing = match statistic::first_negative_cost(run, set) {
            Some(epoch) => format!("first negative in epoch {epoch}"),
            None => "never negative".into(),
        };
        let _ = write!(
            text,
            "{} set: mean C is {} in epoch {}, {crossing}, {} in epoch {} (L {:.3}, H {:.3}, accuracy {:.3}). ",
            capitalised(set),
            statistic::nats(first.cost),
            first.epoch,
            statistic::nats(last.cost),
            last.epoch,
            last.loss,
            last.entropy,
            last.accuracy
        );
    }
    text + if statistic::alpha_is_fixed(run) {
        "α is fixed in this run, as in the paper."
    } else {
        "α is trained in this run; the paper fixes it here."
    }
}

fn draw(figure: &Figure) -> Result<Vec<u8>> {
    let run = figure.run;
    let sets = statistic::sets(run);
    let columns = sets.len().min(2);
    let rows = sets.len().div_ceil(2);
    let width = if columns == 1 { 760 } else { 1120 };
    sheet::draw(figure, [width, 30 + 360 * rows as i32], |area| {
        let (legend, panels) = area.split_vertically(px(30));
        axes::draw_legend(&legend)?;
        for (set, slot) in sets.iter().zip(panels.split_evenly((rows, columns))) {
            let points: Vec<_> =
                statistic::of_set(run, set).iter().map(|m| (m.epoch, [m.loss, m.entropy, m.cost])).collect();
            axes::draw(&slot, &format!("{set} set"), run.epochs(), &points)?;
        }
        Ok(())
    })
}

/// "training" as the start of a sentence.
pub(super) fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
