//! Figures 2 and 4: p_α over epochs, a panel for each edge.

use super::{
    Figure, Result,
    lines::{self, Axes, Line},
    sheet,
    style::{Area, INK, QUIET, colour, px, short, text},
};
use plotters::prelude::*;

pub(super) fn draw(figure: &Figure) -> Result<Vec<u8>> {
    let group = figure.group();
    let manifest = &group.first().manifest;
    let edges = manifest.cell.edges.len();
    // One slot more than edges, for the legend.
    let columns = if edges < 6 { 3 } else { 4 };
    let rows = (edges + 1).div_ceil(columns);
    let panel = if columns == 3 { [380, 280] } else { [305, 245] };
    let size = [panel[0] * columns as i32, panel[1] * rows as i32];
    let last = group.epochs();
    let p: Vec<Vec<_>> = group.runs.iter().map(|run| (0..=last).map(|row| run.probabilities(row)).collect()).collect();
    sheet::draw(figure, size, |area| {
        let slots = area.split_evenly((rows, columns));
        for edge in 0..edges {
            let line = |operation: usize| Line {
                style: style(operation),
                points: (0..=last)
                    .map(|row| (row, super::Estimate::of_finite(p.iter().map(|run| run[row][[edge, operation]]))))
                    .collect(),
            };
            // None last, so that it lies on top.
            let all: Vec<_> = (0..manifest.operations.len()).rev().map(line).collect();
            let [from, to] = manifest.cell.edges[edge];
            let kind = if manifest.cell.is_intermediate(edge) { "intermediate" } else { "input" };
            let axes = Axes { last, range: 0.0..1.0, label: "p_α" };
            lines::draw(&slots[edge], &format!("edge {edge} ({from}→{to}), {kind}"), axes, &all)?;
        }
        legend(&manifest.operations, group.bands(), &slots[edges])
    })
}

fn style(operation: usize) -> ShapeStyle {
    colour(operation).stroke_width(px(if operation == 0 { 3 } else { 2 }) as u32)
}

fn legend(operations: &[String], bands: Option<String>, slot: &Area) -> Result<()> {
    let y = |index: usize| px(30) + px(23) * index as i32;
    for (index, name) in operations.iter().enumerate() {
        let y = y(index);
        slot.draw(&PathElement::new(vec![(px(58), y), (px(93), y)], style(index)))?;
        slot.draw_text(&format!("{index}  {}", short(name)), &text(15, INK), (px(103), y - px(8)))?;
    }
    if let Some(bands) = bands {
        slot.draw_text(&bands, &text(13, QUIET), (px(58), y(operations.len()) - px(4)))?;
    }
    Ok(())
}
