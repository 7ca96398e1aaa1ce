//! Figures 2 and 4: p_α over epochs, a panel for each edge.

use super::{
    Family, Figure, Result, sheet, statistic,
    style::{Area, GRID, INK, QUIET, bold, colour, px, short, stroke, text},
};
use crate::run::RunFolder;
use plotters::prelude::*;

pub(super) fn figure(run: &RunFolder) -> Option<Figure<'_>> {
    let (paper, stem, shows) = match Family::of(run) {
        Family::Darts => (
            "Figure 4",
            "fig04-p-alpha",
            "In the paper (DARTS, bi-level) every edge is dropped in the end: none becomes the most probable operation everywhere.",
        ),
        Family::Dsnas => (
            "Figure 2",
            "fig02-p-alpha",
            "In the paper (DSNAS) none dominates the intermediate edges to the end; on the input edges it leads only in the beginning, then other operations recover.",
        ),
        Family::Other => (
            "Figures 2 and 4",
            "fig02-p-alpha",
            "In the paper none comes to dominate the intermediate edges (DSNAS) or all edges (DARTS, bi-level).",
        ),
    };
    Some(Figure {
        run,
        paper,
        stem,
        title: "p_α (softmax of α) of each operation on each edge".into(),
        shows,
        found: found(run),
        draw,
    })
}

fn found(run: &RunFolder) -> String {
    let last = run.epochs();
    let Some(none) = statistic::none(run) else { return format!("p_α over {last} epochs; the run has no none.") };
    let p = run.probabilities(last);
    let range = |intermediate: bool| {
        let edges =
            (0..run.manifest.cell.edges.len()).filter(|&e| run.manifest.cell.is_intermediate(e) == intermediate);
        let (low, high) =
            edges.fold((1.0f64, 0.0f64), |(low, high), e| (low.min(p[[e, none]]), high.max(p[[e, none]])));
        match (low <= high, if intermediate { "intermediate" } else { "input" }) {
            (false, kind) => format!("there is no {kind} edge"),
            (true, kind) if low == high => format!("{high:.2} on the {kind} edge"),
            (true, kind) => format!("{low:.2} to {high:.2} on the {kind} edges"),
        }
    };
    format!(
        "After {} none is the most probable operation on {}; p(none) is {}, {}.",
        statistic::epochs(last),
        statistic::edges(&statistic::dropped(run, last)),
        range(true),
        range(false)
    )
}

fn draw(figure: &Figure) -> Result<Vec<u8>> {
    let run = figure.run;
    let edges = run.manifest.cell.edges.len();
    // One slot more than edges, for the legend.
    let columns = if edges < 6 { 3 } else { 4 };
    let rows = (edges + 1).div_ceil(columns);
    let panel = if columns == 3 { [380, 280] } else { [305, 245] };
    let size = [panel[0] * columns as i32, panel[1] * rows as i32];
    sheet::draw(figure, size, |area| {
        let slots = area.split_evenly((rows, columns));
        (0..edges).try_for_each(|edge| panel_of(run, edge, &slots[edge]))?;
        legend(&run.manifest.operations, &slots[edges])
    })
}

fn panel_of(run: &RunFolder, edge: usize, slot: &Area) -> Result<()> {
    let [from, to] = run.manifest.cell.edges[edge];
    let kind = if run.manifest.cell.is_intermediate(edge) { "intermediate" } else { "input" };
    let (head, body) = slot.split_vertically(px(24));
    head.draw_text(&format!("edge {edge} ({from}→{to}), {kind}"), &bold(15, INK), (px(58), px(4)))?;
    let epochs = run.epochs();
    let mut chart = ChartBuilder::on(&body)
        .margin_right(px(14))
        .margin_top(px(6))
        .margin_bottom(px(10))
        .x_label_area_size(px(38))
        .y_label_area_size(px(58))
        .build_cartesian_2d(0..epochs.max(1), 0.0..1.0)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width(px(1) as u32))
        .axis_style(QUIET)
        .label_style(text(14, INK))
        .axis_desc_style(text(14, INK))
        .x_desc("epoch")
        .y_desc("p_α")
        .x_labels(6)
        .y_labels(6)
        .y_label_formatter(&|p| format!("{p:.1}"))
        .draw()?;
    let p: Vec<_> = (0..=epochs).map(|row| run.probabilities(row)).collect();
    // None last, so that it lies on top.
    for operation in (0..run.manifest.operations.len()).rev() {
        let points: Vec<_> = (0..=epochs).map(|row| (row, p[row][[edge, operation]])).collect();
        let (segments, joints) = stroke(&points, line(operation));
        chart.draw_series(segments)?;
        chart.draw_series(joints)?;
    }
    Ok(())
}

fn line(operation: usize) -> ShapeStyle {
    colour(operation).stroke_width(px(if operation == 0 { 3 } else { 2 }) as u32)
}

fn legend(operations: &[String], slot: &Area) -> Result<()> {
    for (index, name) in operations.iter().enumerate() {
        let y = px(30) + px(23) * index as i32;
        slot.draw(&PathElement::new(vec![(px(58), y), (px(93), y)], line(index)))?;
        slot.draw_text(&format!("{index}  {}", short(name)), &text(15, INK), (px(103), y - px(8)))?;
    }
    Ok(())
}
