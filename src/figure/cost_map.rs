//! Figures 5, 6 and 19–21: mean cost of each operation on each edge, in the first and the last epoch.

use super::{
    Estimate, Figure, Group, Result, sheet,
    style::{Area, EMPTY, INK, QUIET, bold, diverging, px, short, text},
};
use crate::trend::statistic::signed;
use ndarray::Array2;
use plotters::{
    prelude::*,
    style::{
        FontTransform,
        text_anchor::{HPos, Pos, VPos},
    },
};

const CELL: [i32; 2] = [px(56), px(36)];
const LEFT: i32 = px(112);
const TOP: i32 = px(34);
const NAMES: i32 = px(96);
const BAR: i32 = px(96);

pub(super) fn draw(figure: &Figure) -> Result<Vec<u8>> {
    let group = figure.group();
    let run = group.first();
    let epochs = group.cost_epochs().expect("the figure exists only with costs");
    let epochs = if epochs[0] == epochs[1] { &epochs[..1] } else { &epochs[..] };
    let (edges, operations) = (run.manifest.cell.edges.len() as i32, run.manifest.operations.len() as i32);
    let panel = [LEFT + CELL[0] * operations + BAR, TOP + CELL[1] * edges + NAMES];
    let size = [panel[0] / px(1) * epochs.len() as i32, panel[1] / px(1)];
    // One panel alone is narrower than the figure's heading.
    sheet::draw(figure, [size[0].max(680), size[1]], |area| {
        for (index, &epoch) in epochs.iter().enumerate() {
            let left = panel[0] * index as i32;
            let slot = area.clone().shrink((left, 0), (panel[0], panel[1]));
            let name = if index == 0 { "(a) first epoch" } else { "(b) last epoch" };
            let name = format!("{name} ({epoch})");
            panel_of(group, &group.mean_cost(epoch), &name, &slot)?;
        }
        Ok(())
    })
}

fn panel_of(group: &Group, costs: &Array2<Estimate>, name: &str, slot: &Area) -> Result<()> {
    let run = group.first();
    let limit = costs.iter().filter(|c| c.mean.is_finite()).fold(0.0f64, |limit, c| limit.max(c.mean.abs()));
    let limit = if limit > 0.0 { limit } else { 1.0 };
    // A power of a thousand when everything is small: the numbers stay short.
    let (unit, factor) = [("nats", 1.0), ("10⁻³ nats", 1e3), ("10⁻⁶ nats", 1e6), ("10⁻⁹ nats", 1e9)]
        .into_iter()
        .find(|(_, factor)| factor * limit >= 0.1)
        .unwrap_or(("10⁻⁹ nats", 1e9));
    let decimals = if factor * limit >= 100.0 {
        0
    } else if factor * limit >= 10.0 {
        1
    } else {
        2
    };
    slot.draw_text(name, &bold(15, INK), (LEFT, px(8)))?;
    if let Some(bands) = group.bands() {
        slot.draw_text(&bands, &text(13, QUIET), (LEFT + px(165), px(10)))?;
    }
    let middle = |h, v| Pos::new(h, v);
    for ((edge, operation), &Estimate { mean, error }) in costs.indexed_iter() {
        let corner = (LEFT + CELL[0] * operation as i32, TOP + CELL[1] * edge as i32);
        let end = (corner.0 + CELL[0] - px(1), corner.1 + CELL[1] - px(1));
        let fill = if mean.is_finite() { diverging(mean / limit) } else { EMPTY };
        slot.draw(&Rectangle::new([corner, end], fill.filled()))?;
        if !mean.is_finite() {
            continue;
        }
        let ink = if (mean / limit).abs() > 0.7 { WHITE } else { INK };
        let at = |below: i32| (corner.0 + CELL[0] / 2, corner.1 + CELL[1] / 2 + below);
        let style = |size| text(size, ink).pos(middle(HPos::Center, VPos::Center));
        let shift = if error > 0.0 { px(8) } else { 0 };
        slot.draw_text(&signed(factor * mean, decimals), &style(13), at(-shift))?;
        if error > 0.0 {
            slot.draw_text(&format!("±{:.decimals$}", factor * error), &style(11), at(shift))?;
        }
    }
    let end = (LEFT + CELL[0] * costs.ncols() as i32, TOP + CELL[1] * costs.nrows() as i32);
    slot.draw(&Rectangle::new([(LEFT - px(1), TOP - px(1)), end], QUIET.stroke_width(px(1) as u32)))?;
    for (edge, [from, to]) in run.manifest.cell.edges.iter().enumerate() {
        let star = if run.manifest.cell.is_intermediate(edge) { "*" } else { "" };
        let at = (LEFT - px(8), TOP + CELL[1] * edge as i32 + CELL[1] / 2);
        let style = text(14, INK).pos(middle(HPos::Right, VPos::Center));
        slot.draw_text(&format!("edge {edge} ({from}→{to}){star}"), &style, at)?;
    }
    let below = TOP + CELL[1] * costs.nrows() as i32;
    for (operation, name) in run.manifest.operations.iter().enumerate() {
        let style = text(14, INK).transform(FontTransform::Rotate270).pos(middle(HPos::Right, VPos::Center));
        let at = (LEFT + CELL[0] * operation as i32 + CELL[0] / 2, below + px(6));
        slot.draw_text(&format!("{operation} {}", short(name)), &style, at)?;
    }
    slot.draw_text("* intermediate", &text(13, QUIET), (0, below + px(8)))?;
    bar(slot, LEFT + CELL[0] * costs.ncols() as i32 + px(12), below - TOP, factor * limit, unit, decimals)
}

/// The colour bar: `height` device pixels for −`limit` to `limit`.
fn bar(slot: &Area, x: i32, height: i32, limit: f64, unit: &str, decimals: usize) -> Result<()> {
    for y in 0..height {
        let value = 1.0 - 2.0 * f64::from(y) / f64::from(height - 1);
        slot.draw(&Rectangle::new([(x, TOP + y), (x + px(16), TOP + y + 1)], diverging(value).filled()))?;
    }
    slot.draw(&Rectangle::new([(x, TOP), (x + px(16), TOP + height)], QUIET.stroke_width(px(1) as u32)))?;
    for (part, value) in [(0, limit), (1, 0.0), (2, -limit)] {
        let style = text(13, INK).pos(Pos::new(HPos::Left, VPos::Center));
        slot.draw_text(&signed(value, decimals), &style, (x + px(21), TOP + height * part / 2))?;
    }
    Ok(slot.draw_text(unit, &text(13, INK), (x, px(11)))?)
}
