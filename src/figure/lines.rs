//! One panel with lines over epochs, each with a band of one standard error.

use super::{
    Estimate, Result,
    style::{Area, GRID, INK, QUIET, band, bold, px, stroke, text},
};
use crate::trend::statistic::signed;
use plotters::prelude::*;
use std::ops::Range;

/// A line: its style, and its points by epoch.
pub(super) struct Line {
    pub(super) style: ShapeStyle,
    pub(super) points: Vec<(usize, Estimate)>,
}

/// What a panel's axes show.
pub(super) struct Axes {
    /// Number of the last epoch on the axis.
    pub(super) last: usize,
    pub(super) range: Range<f64>,
    pub(super) label: &'static str,
}

/// Draws `lines` under `title`, the first below the others.
pub(super) fn draw(slot: &Area, title: &str, axes: Axes, lines: &[Line]) -> Result<()> {
    let (head, body) = slot.split_vertically(px(24));
    head.draw_text(title, &bold(15, INK), (px(58), px(4)))?;
    let last = axes.last.max(1);
    let ticks = ticks(&axes.range);
    let crosses = axes.range.start < 0.0;
    let mut chart = ChartBuilder::on(&body)
        .margin_right(px(14))
        .margin_top(px(6))
        .margin_bottom(px(10))
        .x_label_area_size(px(38))
        .y_label_area_size(px(58))
        .build_cartesian_2d(0..last, axes.range)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width(px(1) as u32))
        .axis_style(QUIET)
        .label_style(text(14, INK))
        .axis_desc_style(text(14, INK))
        .x_desc("epoch")
        .y_desc(axes.label)
        .x_labels(6)
        .y_labels(6)
        .y_label_formatter(&ticks)
        .draw()?;
    if crosses {
        let zero = [(0, 0.0), (last, 0.0)];
        chart.draw_series(DashedLineSeries::new(zero, px(3), px(4), QUIET.stroke_width(px(1) as u32)))?;
    }
    for Line { style, points } in lines {
        if points.iter().any(|(_, y)| y.error > 0.0) {
            chart.draw_series([band(points, style.color)])?;
        }
        let means: Vec<_> = points.iter().map(|(epoch, y)| (*epoch, y.mean)).collect();
        let (segments, joints) = stroke(&means, *style);
        chart.draw_series(segments)?;
        chart.draw_series(joints)?;
    }
    Ok(())
}

/// The range of the lines with their bands and 0 in it, and a little room.
pub(super) fn span<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Range<f64> {
    let points = lines.into_iter().flat_map(|line| line.points.iter());
    padded(points.flat_map(|(_, y)| [y.mean - y.error, y.mean + y.error]))
}

/// The values' range with 0 in it, and a little room.
pub(super) fn padded(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (low, high) = values.fold((0.0f64, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
    let room = if high > low { 0.06 * (high - low) } else { 1.0 };
    (if low < 0.0 { low - room } else { 0.0 })..(if high > 0.0 { high + room } else { room.min(0.06) + high })
}

/// The labels of about six ticks over `range`, with the decimals that tell them apart.
pub(super) fn ticks(range: &Range<f64>) -> impl Fn(&f64) -> String + use<> {
    let decimals = (-((range.end - range.start) / 6.0).log10()).ceil().clamp(0.0, 6.0) as usize;
    move |value| signed(*value, decimals).trim_start_matches('+').into()
}

/// Explains lines in one row.
pub(super) fn legend(area: &Area, lines: &[(String, ShapeStyle)]) -> Result<()> {
    let mut x = px(58);
    for (name, style) in lines {
        let y = px(12);
        let label = text(14, INK);
        area.draw(&PathElement::new(vec![(x, y), (x + px(34), y)], *style))?;
        area.draw_text(name, &label, (x + px(43), y - px(7)))?;
        x += px(43) + area.estimate_text_size(name, &label)?.0 as i32 + px(28);
    }
    Ok(())
}
