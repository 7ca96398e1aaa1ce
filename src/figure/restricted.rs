//! Figures 17 and 18: cost of the three edges of the simplified cell, a panel for each way of sampling.

use super::{
    Estimate, Figure, Group, Result,
    lines::{self, Axes, Line},
    sheet,
    style::{BLUE, GREEN, VERMILLION, px, short},
};
use crate::{
    run::RunFolder,
    search::preset::{Scale, preset},
    trend::statistic,
};
use plotters::prelude::*;
use serde_json::Value;

const COLUMNS: usize = 3;

pub(super) fn draw(figure: &Figure) -> Result<Vec<u8>> {
    let mut panels: Vec<_> = figure.groups.iter().map(|group| (title(figure, group), group)).collect();
    panels.sort_by(|a, b| a.0.cmp(&b.0));
    let columns = panels.len().min(COLUMNS);
    let rows = panels.len().div_ceil(columns);
    let width = (400 * columns as i32).max(680);
    sheet::draw(figure, [width, 30 + 300 * rows as i32], |area| {
        let (legend, slots) = area.split_vertically(px(30));
        let mut names = names(panels[0].1.first());
        if let Some(bands) = panels.iter().find_map(|(_, group)| group.bands()) {
            names.push((bands, TRANSPARENT.filled()));
        }
        lines::legend(&legend, &names)?;
        for ((title, group), slot) in panels.iter().zip(slots.split_evenly((rows, columns))) {
            let all: Vec<_> = (0..3).map(|edge| Line { style: style(edge), points: points(group, edge) }).collect();
            let last = group.epochs().saturating_sub(1);
            lines::draw(&slot, title, Axes { last, range: lines::span(&all), label: "cost (nats)" }, &all)?;
        }
        Ok(())
    })
}

fn points(group: &Group, edge: usize) -> Vec<(usize, Estimate)> {
    let average = |run: &RunFolder, epoch: usize| {
        statistic::edge_averages(run, &statistic::mean_cost(run, epoch))[edge].unwrap_or(f64::NAN)
    };
    let all = (0..group.epochs()).map(|epoch| (epoch, group.estimate(|run| average(run, epoch))));
    all.filter(|(_, y)| y.mean.is_finite()).collect()
}

fn style(edge: usize) -> ShapeStyle {
    [BLUE, GREEN, VERMILLION][edge].stroke_width(px(2) as u32)
}

/// The paper's name of a node: only the first of our two inputs leads anywhere, so the others move up.
fn node(ours: usize) -> usize {
    ours.saturating_sub(1)
}

fn edge_name(run: &RunFolder, edge: usize) -> String {
    let [from, to] = run.manifest.cell.edges[edge].map(node);
    format!("edge ({from}, {to})")
}

fn names(run: &RunFolder) -> Vec<(String, ShapeStyle)> {
    (0..3).map(|edge| (edge_name(run, edge), style(edge))).collect()
}

/// "(c) (1, 2): none, conv", with the letter of the preset that samples so.
fn title(figure: &Figure, group: &Group) -> String {
    let run = group.first();
    let edges = &run.manifest.config["edges"];
    let same = |name: &String| {
        let config = preset(name, Scale::Quick).and_then(|config| serde_json::to_value(config).ok());
        config.is_some_and(|config| config["edges"] == *edges)
    };
    let letter = figure.entry.presets().into_iter().find(same);
    let letter = letter.map_or(String::new(), |name| format!("({}) ", &name[figure.entry.name.len()..]));
    let restricted = edges.as_object().into_iter().flatten().map(|(edge, operations)| {
        let name = edge.parse().map_or(edge.clone(), |edge| edge_name(run, edge));
        format!("{}: {}", name.trim_start_matches("edge "), kinds(operations))
    });
    let restricted: Vec<_> = restricted.collect();
    let which = if restricted.is_empty() { "every operation on every edge".into() } else { restricted.join("; ") };
    letter + &which
}

/// The operations as the paper lists them, "none, skip, pool, conv"; one alone by its name.
fn kinds(operations: &Value) -> String {
    let names: Vec<_> = operations.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if let [one] = names[..] {
        return format!("only {}", short(one));
    }
    let kinds = [("none", "none"), ("skip", "skip"), ("pool", "pool"), ("conv", "conv")];
    let there = kinds.iter().filter(|(part, _)| names.iter().any(|name| name.contains(part)));
    there.map(|(_, kind)| *kind).collect::<Vec<_>>().join(", ")
}
