//! Figures 14–16: C, L and H apart for correct and wrong predictions, a row for each set.

use super::{Family, Figure, Result, axes, curves::capitalised, sheet, statistic, style::px};
use crate::run::{RunFolder, Split};
use std::fmt::Write as _;

pub(super) fn figure(run: &RunFolder) -> Option<Figure<'_>> {
    if run.metrics.is_empty() {
        return None;
    }
    let (paper, stem) = match Family::of(run) {
        Family::Darts => ("Figures 15, 16", "fig15-correct-wrong"),
        Family::Dsnas => ("Figure 14", "fig14-correct-wrong"),
        Family::Other => ("Figures 14–16", "fig14-correct-wrong"),
    };
    let shows = "In the paper the cost of (a) correctly classified images is negative, and rises towards 0 as their probability nears 1; the cost of (b) wrongly classified images is positive.";
    let title = "C, L and H for correct and wrong predictions".into();
    Some(Figure { run, paper, stem, title, shows, found: found(run), draw })
}

fn found(run: &RunFolder) -> String {
    let mut text = String::new();
    for set in statistic::sets(run) {
        let metrics = statistic::of_set(run, set);
        let (correct, wrong): (Vec<_>, Vec<_>) = metrics.iter().map(|m| (m.correct, m.wrong)).unzip();
        let (correct, wrong) = (occurring(&correct), occurring(&wrong));
        let negative = correct.iter().filter(|split| split.cost <= 0.0).count();
        let positive = wrong.iter().filter(|split| split.cost > 0.0).count();
        let _ = write!(
            text,
            "{} set: the mean C of correct images is at most 0 in {negative} of {} epochs, that of wrong images positive in {positive} of {}. ",
            capitalised(set),
            correct.len(),
            wrong.len()
        );
    }
    text + "A correct image's C is never positive (Theorem 2); a wrong image's can be negative when there are three classes or more."
}

fn occurring(splits: &[Split]) -> Vec<Split> {
    splits.iter().filter(|split| split.count > 0).copied().collect()
}

fn draw(figure: &Figure) -> Result<Vec<u8>> {
    let run = figure.run;
    let sets = statistic::sets(run);
    sheet::draw(figure, [1120, 30 + 330 * sets.len() as i32], |area| {
        let (legend, panels) = area.split_vertically(px(30));
        axes::draw_legend(&legend)?;
        let slots = panels.split_evenly((sets.len(), 2));
        for (row, set) in sets.iter().enumerate() {
            let metrics = statistic::of_set(run, set);
            let points = |half: fn(&crate::run::EpochMetrics) -> Split| -> Vec<axes::Point> {
                let splits = metrics.iter().map(|m| (m.epoch, half(m))).filter(|(_, split)| split.count > 0);
                splits.map(|(epoch, split)| (epoch, [split.loss, split.entropy, split.cost])).collect()
            };
            axes::draw(&slots[2 * row], &format!("(a) correct, {set} set"), run.epochs(), &points(|m| m.correct))?;
            axes::draw(&slots[2 * row + 1], &format!("(b) wrong, {set} set"), run.epochs(), &points(|m| m.wrong))?;
        }
        Ok(())
    })
}
