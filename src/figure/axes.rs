//! One panel with two axes: L and H on the left, C on the right (Figures 11–16).

use super::{
    Estimate, Group, Result, lines,
    style::{Area, BLUE, GREEN, GRID, INK, QUIET, VERMILLION, band, bold, px, stroke, text},
};
use plotters::prelude::*;

/// L, H and C in nats, each by epoch.
pub(super) type Curves = [Vec<(usize, Estimate)>; 3];

/// Draws `curves` under `title`; `epochs` is the length of the run.
pub(super) fn draw(slot: &Area, title: &str, epochs: usize, curves: &Curves) -> Result<()> {
    let (head, body) = slot.split_vertically(px(26));
    head.draw_text(title, &bold(15, INK), (px(56), px(4)))?;
    if curves[0].is_empty() {
        body.draw_text("no such image in any epoch", &text(15, QUIET), (px(56), px(40)))?;
        return Ok(());
    }
    let extent = |curve: &Vec<(usize, Estimate)>| {
        curve.iter().flat_map(|(_, y)| [y.mean - y.error, y.mean + y.error]).collect::<Vec<_>>()
    };
    let [loss, entropy, cost] = curves.each_ref().map(extent);
    let last = epochs.saturating_sub(1).max(1);
    let (left, right) = (lines::padded(loss.into_iter().chain(entropy)), lines::padded(cost.into_iter()));
    let labels = [&left, &right].map(lines::ticks);
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
    for (index, ((_, style), curve)) in legend().into_iter().zip(curves).enumerate() {
        // A gap in the epochs is a gap in the curve.
        for part in curve.chunk_by(|a, b| a.0 + 1 == b.0) {
            let shaded = part.iter().any(|(_, y)| y.error > 0.0).then(|| band(part, style.color));
            let means: Vec<_> = part.iter().map(|(epoch, y)| (*epoch, y.mean)).collect();
            let (segments, joints) = stroke(&means, style);
            match index {
                1 if means.len() > 1 => {
                    chart.draw_series(shaded)?;
                    chart.draw_series(DashedLineSeries::new(means, px(7), px(4), style))?;
                }
                2 => {
                    chart.draw_secondary_series(shaded)?;
                    chart.draw_secondary_series(segments)?;
                    chart.draw_secondary_series(joints)?;
                }
                _ => {
                    chart.draw_series(shaded)?;
                    chart.draw_series(segments)?;
                    chart.draw_series(joints)?;
                }
            }
        }
    }
    Ok(())
}

/// Explains the three lines in one row, and the bands of a group with several seeds.
pub(super) fn draw_legend(area: &Area, group: &Group) -> Result<()> {
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
    if let Some(bands) = group.bands() {
        area.draw_text(&bands, &text(14, QUIET), (x, px(5)))?;
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
