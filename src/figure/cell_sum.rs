//! Figure 9: cost of each edge in the second-last and in the last cell, and the sum (Corollary 1.2).

use super::{
    Figure, Result,
    lines::{self, Axes, Line},
    sheet,
    style::{INK, colour, px},
};
use crate::trend::statistic;
use plotters::prelude::*;

pub(super) fn draw(figure: &Figure) -> Result<Vec<u8>> {
    let group = figure.group();
    let cell = &group.first().manifest.cell;
    let edges = cell.edges.len();
    let panel = |at: usize| -> Vec<Line> {
        let points = |number: &dyn Fn(&crate::run::RunFolder, usize) -> f64| {
            (0..group.epochs()).map(|epoch| (epoch, group.estimate(|run| number(run, epoch)))).collect()
        };
        let of_edge = |edge: usize| Line {
            style: style(edge),
            points: points(&|run, epoch| statistic::edge_cost(run, at, edge, epoch)),
        };
        let sum = Line { style: total(), points: points(&|run, epoch| statistic::cell_cost(run, at, epoch)) };
        (0..edges).map(of_edge).chain([sum]).collect()
    };
    let panels = [("(a) second-last cell", cell.cells - 2), ("(b) last cell", cell.cells - 1)];
    let panels = panels.map(|(name, at)| (format!("{name} (cell {at} of 0 to {})", cell.cells - 1), panel(at)));
    // One range for both, so that their sizes can be compared.
    let range = lines::span(panels.iter().flat_map(|(_, lines)| lines));
    sheet::draw(figure, [1120, 390], |area| {
        let (legend, slots) = area.split_vertically(px(30));
        let names = (0..edges).map(|edge| {
            let star = if cell.is_intermediate(edge) { ", intermediate" } else { "" };
            (format!("edge {edge}{star}"), style(edge))
        });
        let bands = group.bands().map(|bands| (bands, TRANSPARENT.filled()));
        lines::legend(&legend, &names.chain([("sum".into(), total())]).chain(bands).collect::<Vec<_>>())?;
        for ((name, all), slot) in panels.iter().zip(slots.split_evenly((1, 2))) {
            let last = group.epochs().saturating_sub(1);
            lines::draw(&slot, name, Axes { last, range: range.clone(), label: "cost (nats)" }, all)?;
        }
        Ok(())
    })
}

fn style(edge: usize) -> ShapeStyle {
    colour(edge + 1).stroke_width(px(2) as u32)
}

fn total() -> ShapeStyle {
    INK.stroke_width(px(3) as u32)
}
