//! A cell as a picture: where nodes, edges and labels go.

use super::{
    Result,
    style::{Area, INK, ORANGE, SKY, bold, colour, px, short, text},
};
use crate::run::CellSummary;
use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

type At = (f64, f64);
/// Left, top, right, bottom in device pixels.
type Frame = [f64; 4];

const RADIUS: f64 = px(17) as f64;
/// plotters centres text on its ascent, which is a little high.
const LOWER: i32 = px(2);
const FAINT: RGBColor = RGBColor(170, 170, 170);

/// An edge as it is drawn.
pub(super) struct Edge {
    pub(super) label: String,
    pub(super) colour: RGBColor,
    /// Dashed, thin and pale.
    pub(super) dropped: bool,
}

impl Edge {
    /// Edge number `edge` with `operation`, and what is to be added to its label; `none` is the operation
    /// that drops an edge.
    pub(super) fn new(edge: usize, names: &[String], operation: usize, none: Option<usize>, note: &str) -> Self {
        let label = format!("{edge} {}{note}", short(&names[operation]));
        Edge { label, colour: colour(operation), dropped: Some(operation) == none }
    }
}

/// Draws the cell with its `edges`.
pub(super) fn draw(area: &Area, cell: &CellSummary, edges: &[Edge]) -> Result<()> {
    let nodes = positions(cell, area.dim_in_pixel());
    let output = nodes[cell.nodes];
    for &node in &cell.output {
        arrow(area, nodes[node], output, FAINT.stroke_width(px(1) as u32), false)?;
    }
    let mut labels = Vec::new();
    let ends: Vec<[At; 2]> = cell.edges.iter().map(|ends| ends.map(|node| nodes[node])).collect();
    for (Edge { label, colour, dropped }, &[from, to]) in edges.iter().zip(&ends) {
        let line = if *dropped { FAINT.stroke_width(px(1) as u32) } else { colour.stroke_width(px(2) as u32) };
        arrow(area, from, to, line, *dropped)?;
        let style = if *dropped { text(13, RGBColor(120, 120, 120)) } else { bold(13, INK) };
        let (width, height) = area.estimate_text_size(label, &style)?;
        let size = (f64::from(width) + px(8) as f64, f64::from(height) + px(8) as f64);
        labels.push((label, style, size, line));
    }
    let sizes: Vec<At> = labels.iter().map(|(_, _, size, _)| *size).collect();
    let frames = place(&nodes, &ends, &sizes);
    for ((label, style, _, line), [left, top, right, bottom]) in labels.into_iter().zip(frames) {
        let corners = [(left as i32, top as i32), (right as i32, bottom as i32)];
        area.draw(&Rectangle::new(corners, WHITE.filled()))?;
        area.draw(&Rectangle::new(corners, ShapeStyle { stroke_width: px(1) as u32, ..line }))?;
        let middle = (((left + right) / 2.0) as i32, ((top + bottom) / 2.0) as i32 + LOWER);
        area.draw_text(label, &style.pos(Pos::new(HPos::Center, VPos::Center)), middle)?;
    }
    for (node, &(x, y)) in nodes.iter().enumerate() {
        let at = (x as i32, y as i32);
        // As in Figure 7: intermediate nodes orange, the others blue.
        let fill = if (cell.inputs..cell.nodes).contains(&node) { ORANGE } else { SKY };
        let name = if node == cell.nodes { "out".into() } else { node.to_string() };
        area.draw(&Circle::new(at, RADIUS as i32, fill.filled()))?;
        area.draw(&Circle::new(at, RADIUS as i32, INK.stroke_width(px(1) as u32)))?;
        area.draw_text(&name, &bold(14, INK).pos(Pos::new(HPos::Center, VPos::Center)), (at.0, at.1 + LOWER))?;
    }
    Ok(())
}

/// Inputs at the left, the output at the right, intermediate nodes in turn above and below on an
/// ellipse, so that no edge runs through a node.
fn positions(cell: &CellSummary, (width, height): (u32, u32)) -> Vec<At> {
    let middle = cell.nodes - cell.inputs;
    let spread = if middle > 2 { 0.4 } else { 0.7 };
    let inputs = (0..cell.inputs).map(|i| (0.0, 0.5 + spread * ((i as f64 + 0.5) / cell.inputs as f64 * 2.0 - 1.0)));
    let intermediate = (0..middle).map(|k| {
        let x = (k as f64 + 1.5) / (middle as f64 + 1.5);
        let away = if middle == 1 { 0.0 } else { 0.5 * (1.0 - (2.0 * x - 1.0).powi(4)).sqrt() };
        (x, if k % 2 == 0 { 0.5 - away } else { 0.5 + away })
    });
    let room = RADIUS + px(6) as f64;
    let (width, height) = (f64::from(width) - 2.0 * room, f64::from(height) - 2.0 * room);
    inputs.chain(intermediate).chain([(1.0, 0.5)]).map(|(x, y)| (room + x * width, room + y * height)).collect()
}

/// A straight arrow between the rims of two nodes.
fn arrow(area: &Area, from: At, to: At, style: ShapeStyle, dashed: bool) -> Result<()> {
    let length = (to.0 - from.0).hypot(to.1 - from.1);
    let along = ((to.0 - from.0) / length, (to.1 - from.1) / length);
    let point = |distance: f64, aside: f64| {
        let (x, y) = (from.0 + along.0 * distance - along.1 * aside, from.1 + along.1 * distance + along.0 * aside);
        (x.round() as i32, y.round() as i32)
    };
    let (start, tip, head) = (RADIUS, length - RADIUS, px(9) as f64);
    let [dash, gap] = if dashed { [px(6), px(5)] } else { [length as i32 + 1, 1] }.map(f64::from);
    let mut at = start;
    while at < tip - head {
        let end = (at + dash).min(tip - head);
        area.draw(&PathElement::new(vec![point(at, 0.0), point(end, 0.0)], style))?;
        at += dash + gap;
    }
    let head = vec![point(tip, 0.0), point(tip - head, head * 0.45), point(tip - head, -head * 0.45)];
    Ok(area.draw(&Polygon::new(head, style.filled()))?)
}

/// Where each edge's label goes: somewhere along the edge, where it covers least of nodes, other labels and
/// other edges. One label after the other is placed, and again, as those placed later may make room.
fn place(nodes: &[At], ends: &[[At; 2]], sizes: &[At]) -> Vec<Frame> {
    let rims = nodes.iter().map(|&(x, y)| [x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS]);
    let mut frames: Vec<Option<Frame>> = vec![None; sizes.len()];
    for index in (0..sizes.len()).cycle().take(3 * sizes.len()) {
        let ([from, to], (width, height)) = (ends[index], sizes[index]);
        let others = || (0..sizes.len()).filter(|&other| other != index);
        let taken: Vec<Frame> = rims.clone().chain(others().filter_map(|other| frames[other])).collect();
        let frame = |t: f64| {
            let (x, y) = (from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1));
            [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0]
        };
        let covered = |a: &Frame| {
            let side = |b: &Frame, i: usize| (a[i + 2].min(b[i + 2]) - a[i].max(b[i])).max(0.0);
            let hidden: f64 = taken.iter().map(|b| side(b, 0) * side(b, 1)).sum();
            // A crossed edge can still be followed, half a label can't be read.
            10.0 * hidden + 0.2 * width * height * others().filter(|&other| crosses(*a, &ends[other])).count() as f64
        };
        // From the middle outwards, so that the first of equals is the most central.
        let tries = (0..=12).flat_map(|part| [0.5 - 0.025 * f64::from(part), 0.5 + 0.025 * f64::from(part)]).map(frame);
        frames[index] = tries.min_by(|a, b| covered(a).total_cmp(&covered(b)));
    }
    frames.into_iter().flatten().collect()
}

/// Whether the edge runs through the frame, to a hundredth of its length.
fn crosses([left, top, right, bottom]: Frame, [from, to]: &[At; 2]) -> bool {
    (0..=100).map(|part| f64::from(part) / 100.0).any(|t| {
        let (x, y) = (from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1));
        (left..right).contains(&x) && (top..bottom).contains(&y)
    })
}
