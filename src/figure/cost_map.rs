//! Figures 5 and 6: mean cost of each operation on each edge, in the first and the last epoch.

use super::{
    Figure, Result, sheet, statistic,
    style::{Area, EMPTY, INK, QUIET, bold, diverging, px, short, signed, text},
};
use crate::run::RunFolder;
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

pub(super) fn figure(run: &RunFolder) -> Option<Figure<'_>> {
    let (paper, stem) =
        if run.manifest.cell.edges.len() > 5 { ("Figure 6", "fig06-cost") } else { ("Figure 5", "fig05-cost") };
    let shows = "In the paper (8 stacked cells, networks sampled uniformly) the costs at initialisation are greatest on the intermediate edges; near θ's convergence the input edges' costs are negative.";
    let title = "mean cost of each operation on each edge".into();
    let [first, last] = statistic::cost_epochs(run)?;
    let sentence = |epoch| match statistic::costliest_edge(run, epoch) {
        Some((edge, cost)) => {
            let kind = if run.manifest.cell.is_intermediate(edge) { "intermediate" } else { "input" };
            format!("in epoch {epoch} edge {edge} ({kind}) with {}", statistic::nats(cost))
        }
        None => format!("in epoch {epoch} no edge had an operation but none"),
    };
    let mut found = format!("Greatest cost averaged over operations, none left out: {}", sentence(first));
    if last > first {
        found = format!("{found}; {}", sentence(last));
    }
    found +=
        ". Averages over batches and over the stacked cells; grey: the operation was not on the edge in that epoch.";
    Some(Figure { run, paper, stem, title, shows, found, draw })
}

fn draw(figure: &Figure) -> Result<Vec<u8>> {
    let run = figure.run;
    let epochs = statistic::cost_epochs(run).expect("the figure exists only with costs");
    let epochs = if epochs[0] == epochs[1] { &epochs[..1] } else { &epochs[..] };
    let (edges, operations) = (run.manifest.cell.edges.len() as i32, run.manifest.operations.len() as i32);
    let panel = [LEFT + CELL[0] * operations + BAR, TOP + CELL[1] * edges + NAMES];
    let size = [panel[0] / px(1) * epochs.len() as i32, panel[1] / px(1)];
    // One panel alone is narrower than the figure's heading.
    sheet::draw(figure, [size[0].max(680), size[1]], |area| {
        for (index, &epoch) in epochs.iter().enumerate() {
            let left = panel[0] * index as i32;
            let slot = area.clone().shrink((left, 0), (panel[0], panel[1]));
            let name = if epoch == 0 { "(a) first epoch" } else { "(b) last epoch" };
            let name = format!("{name} ({epoch})");
            panel_of(run, &statistic::mean_cost(run, epoch), &name, &slot)?;
        }
        Ok(())
    })
}

fn panel_of(run: &RunFolder, costs: &Array2<f64>, name: &str, slot: &Area) -> Result<()> {
    let limit = costs.iter().filter(|c| c.is_finite()).fold(0.0f64, |limit, c| limit.max(c.abs()));
    let limit = if limit > 0.0 { limit } else { 1.0 };
    // Thousandths when everything is small: the numbers stay short.
    let (unit, factor) = if limit < 0.1 { ("10⁻³ nats", 1e3) } else { ("nats", 1.0) };
    let decimals = if factor * limit >= 100.0 {
        0
    } else if factor * limit >= 10.0 {
        1
    } else {
        2
    };
    slot.draw_text(name, &bold(15, INK), (LEFT, px(8)))?;
    let middle = |h, v| Pos::new(h, v);
    for ((edge, operation), &cost) in costs.indexed_iter() {
        let corner = (LEFT + CELL[0] * operation as i32, TOP + CELL[1] * edge as i32);
        let end = (corner.0 + CELL[0] - px(1), corner.1 + CELL[1] - px(1));
        let fill = if cost.is_finite() { diverging(cost / limit) } else { EMPTY };
        slot.draw(&Rectangle::new([corner, end], fill.filled()))?;
        if cost.is_finite() {
            let ink = if (cost / limit).abs() > 0.7 { WHITE } else { INK };
            let style = text(13, ink).pos(middle(HPos::Center, VPos::Center));
            let at = (corner.0 + CELL[0] / 2, corner.1 + CELL[1] / 2);
            slot.draw_text(&signed(factor * cost, decimals), &style, at)?;
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
