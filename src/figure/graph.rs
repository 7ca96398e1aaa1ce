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

/// Draws the cell with one operation per edge; `none` is the operation that drops an edge.
pub(super) fn draw(
    area: &Area,
    cell: &CellSummary,
    names: &[String],
    wiring: &[usize],
    none: Option<usize>,
) -> Result<()> {
    let nodes = positions(cell, area.dim_in_pixel());
    let output = nodes[cell.nodes];
    for &node in &cell.output {
        arrow(area, nodes[node], output, FAINT.stroke_width(px(1) as u32), false)?;
    }
    let node_frame = |&(x, y): &At| [x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS];
    let mut taken: Vec<Frame> = nodes.iter().map(node_frame).collect();
    let mut labels = Vec::new();
    for (edge, &operation) in wiring.iter().enumerate() {
        let [from, to] = cell.edges[edge].map(|node| nodes[node]);
        let dropped = Some(operation) == none;
        let line =
            if dropped { FAINT.stroke_width(px(1) as u32) } else { colour(operation).stroke_width(px(2) as u32) };
        arrow(area, from, to, line, dropped)?;
        let label = format!("{edge} {}", short(&names[operation]));
        let style = if dropped { text(13, RGBColor(120, 120, 120)) } else { bold(13, INK) };
        let (width, height) = area.estimate_text_size(&label, &style)?;
        let frame = place(from, to, (f64::from(width) + px(8) as f64, f64::from(height) + px(8) as f64), &taken);
        taken.push(frame);
        labels.push((label, style, frame, line));
    }
    for (label, style, [left, top, right, bottom], line) in labels {
        let corners = [(left as i32, top as i32), (right as i32, bottom as i32)];
        area.draw(&Rectangle::new(corners, WHITE.filled()))?;
        area.draw(&Rectangle::new(corners, ShapeStyle { stroke_width: px(1) as u32, ..line }))?;
        let middle = (((left + right) / 2.0) as i32, ((top + bottom) / 2.0) as i32 + LOWER);
        area.draw_text(&label, &style.pos(Pos::new(HPos::Center, VPos::Center)), middle)?;
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

/// The place along an edge where its label covers least of what is there already.
fn place(from: At, to: At, (width, height): (f64, f64), taken: &[Frame]) -> Frame {
    let frame = |t: f64| {
        let (x, y) = (from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1));
        [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0]
    };
    let overlap = |a: Frame| {
        let side = |b: &Frame, i: usize| (a[i + 2].min(b[i + 2]) - a[i].max(b[i])).max(0.0);
        taken.iter().map(|b| side(b, 0) * side(b, 1)).sum::<f64>()
    };
    // From the middle outwards, so that the first of equals is the most central.
    let tries = [0.5, 0.42, 0.58, 0.36, 0.64, 0.3, 0.7, 0.24, 0.76].map(frame);
    tries.into_iter().min_by(|a, b| overlap(*a).total_cmp(&overlap(*b))).expect("nine places")
}
