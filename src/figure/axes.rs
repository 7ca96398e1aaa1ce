//! One panel with two axes: L and H on the left, C on the right (Figures 11–16).

use super::{
    Result,
    style::{Area, BLUE, GREEN, GRID, INK, QUIET, VERMILLION, bold, px, signed, stroke, text},
};
use plotters::prelude::*;
use std::ops::Range;

/// A curve's point: epoch, L, H and C in nats.
pub(super) type Point = (usize, [f64; 3]);

/// Draws `points` under `title`; `epochs` is the length of the run.
pub(super) fn draw(slot: &Area, title: &str, epochs: usize, points: &[Point]) -> Result<()> {
    let (head, body) = slot.split_vertically(px(26));
    head.draw_text(title, &bold(15, INK), (px(56), px(4)))?;
    if points.is_empty() {
        body.draw_text("no such image in any epoch", &text(15, QUIET), (px(56), px(40)))?;
        return Ok(());
    }
    let both = points.iter().flat_map(|(_, [l, h, _])| [*l, *h]);
    let cost = points.iter().map(|(_, [_, _, c])| *c);
    let last = epochs.saturating_sub(1).max(1);
    let (left, right) = (span(both), span(cost));
    let labels = [label(&left), label(&right)];
    let mut chart = ChartBuilder::on(&body)
        .margin_top(px(6))
        .margin_bottom(px(12))
        .margin_right(px(24))
        .x_label_area_size(px(40))
        .y_label_area_size(px(58))
        .right_y_label_area_size(px(66))
        .build_cartesian_2d(0..last, left)?
        .set_secondary_coord(0..last, right);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width(px(1) as u32))
        .axis_style(QUIET)
        .label_style(text(14, INK))
        .axis_desc_style(text(14, INK))
        .x_desc("epoch")
        .y_desc("L, H (nats)")
        .x_labels(8)
        .y_labels(6)
        .y_label_formatter(&labels[0])
        .draw()?;
    chart
        .configure_secondary_axes()
        .axis_style(VERMILLION)
        .label_style(text(14, VERMILLION))
        .axis_desc_style(text(14, VERMILLION))
        .y_desc("C (nats)")
        .y_labels(6)
        .y_label_formatter(&labels[1])
        .draw()?;
    let zero = [(0, 0.0), (last, 0.0)];
    let dashes = (px(3), px(4));
    chart.draw_secondary_series(DashedLineSeries::new(
        zero,
        dashes.0,
        dashes.1,
        VERMILLION.stroke_width(px(1) as u32),
    ))?;
    for (index, (_, style)) in legend().into_iter().enumerate() {
        let curve: Vec<_> = points.iter().map(|(epoch, values)| (*epoch, values[index])).collect();
        // A gap in the epochs is a gap in the curve.
        for part in curve.chunk_by(|a, b| a.0 + 1 == b.0) {
            if index == 1 && part.len() > 1 {
                chart.draw_series(DashedLineSeries::new(part.iter().copied(), px(7), px(4), style))?;
                continue;
            }
            let (segments, joints) = stroke(part, style);
            if index == 2 {
                chart.draw_secondary_series(segments)?;
                chart.draw_secondary_series(joints)?;
            } else {
                chart.draw_series(segments)?;
                chart.draw_series(joints)?;
            }
        }
    }
    Ok(())
}

/// Explains the three lines in one row.
pub(super) fn draw_legend(area: &Area) -> Result<()> {
    let mut x = px(56);
    for (index, (name, style)) in legend().into_iter().enumerate() {
        let y = px(12);
        let gap = if index == 1 { px(4) } else { 0 };
        for part in 0..3 {
            let start = x + part * px(12);
            area.draw(&PathElement::new(vec![(start, y), (start + px(12) - gap, y)], style))?;
        }
        let label = text(14, INK);
        area.draw_text(name, &label, (x + px(44), y - px(7)))?;
        x += px(44) + area.estimate_text_size(name, &label)?.0 as i32 + px(30);
    }
    Ok(())
}

fn legend() -> [(&'static str, ShapeStyle); 3] {
    let width = px(2) as u32;
    [
        ("loss L (left axis)", BLUE.stroke_width(width)),
        ("entropy H (left axis)", GREEN.stroke_width(width)),
        ("cost C = L − H (right axis)", VERMILLION.stroke_width(width)),
    ]
}

/// The values' range with 0 in it, and a little room.
fn span(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (low, high) = values.fold((0.0f64, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
    let room = if high > low { 0.06 * (high - low) } else { 1.0 };
    (if low < 0.0 { low - room } else { 0.0 })..(if high > 0.0 { high + room } else { room.min(0.06) + high })
}

/// Labels for about six ticks over `span`, with the decimals that tell them apart.
fn label(span: &Range<f64>) -> impl Fn(&f64) -> String + use<> {
    let decimals = (-((span.end - span.start) / 6.0).log10()).ceil().clamp(0.0, 6.0) as usize;
    move |value| signed(*value, decimals).trim_start_matches('+').into()
}
