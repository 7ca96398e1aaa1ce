//! Figures 14–16: C, L and H apart for correct and wrong predictions on one set.

use super::{Figure, Result, axes, sheet, style::px};
use crate::run::{EpochMetrics, Split};

/// A name, and which half of an epoch's images it stands for.
type Half = (&'static str, fn(&EpochMetrics) -> Split);

pub(super) fn draw(figure: &Figure, set: &str) -> Result<Vec<u8>> {
    let group = figure.group();
    sheet::draw(figure, [1120, 360], |area| {
        let (legend, panels) = area.split_vertically(px(30));
        axes::draw_legend(&legend, group)?;
        let halves: [Half; 2] = [("(a) correct", |m| m.correct), ("(b) wrong", |m| m.wrong)];
        for ((name, half), slot) in halves.into_iter().zip(panels.split_evenly((1, 2))) {
            let curve = |value: fn(Split) -> f64| {
                group.curve(set, |m| Some(half(m)).filter(|split| split.count > 0).map(value))
            };
            let curves = [curve(|split| split.loss), curve(|split| split.entropy), curve(|split| split.cost)];
            axes::draw(&slot, &format!("{name}, {set} set"), group.epochs(), &curves)?;
        }
        Ok(())
    })
}
