//! Figures 1 and 3: the wiring with the largest probability at chosen epochs.

use super::{
    Figure, Group, Result, graph, sheet,
    style::{INK, bold, px},
};
use crate::trend::statistic;

/// Panels of the figure: the start, the end, and evenly spaced epochs between them.
const PANELS: usize = 6;

/// The rows of α to draw.
fn chosen(epochs: usize) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..PANELS).map(|k| (k * epochs + (PANELS - 1) / 2) / (PANELS - 1)).collect();
    rows.dedup();
    rows
}

pub(super) fn draw(figure: &Figure) -> Result<Vec<u8>> {
    let group = figure.group();
    let cell = &group.first().manifest.cell;
    let rows = chosen(group.epochs());
    let (columns, panel) = if cell.edges.len() < 6 { (3, [380, 270]) } else { (2, [570, 400]) };
    let columns = rows.len().min(columns);
    let lines = rows.len().div_ceil(columns);
    // One panel alone is narrower than the figure's heading.
    let size = [(panel[0] * columns as i32).max(680), panel[1] * lines as i32];
    sheet::draw(figure, size, |area| {
        for (index, &row) in rows.iter().enumerate() {
            let corner = (px(panel[0]) * (index % columns) as i32, px(panel[1]) * (index / columns) as i32);
            let slot = area.clone().shrink(corner, (px(panel[0]), px(panel[1])));
            let (head, body) = slot.split_vertically(px(26));
            let name = match row {
                0 => "before training".into(),
                1 => "after 1 epoch".into(),
                _ => format!("after {row} epochs"),
            };
            head.draw_text(&name, &bold(15, INK), (px(6), px(4)))?;
            let body = body.margin(px(2), px(16), 0, px(26));
            graph::draw(&body, cell, &edges(group, row))?;
        }
        Ok(())
    })
}

/// Each edge with its operation after `row` epochs; over several seeds with the share of them.
fn edges(group: &Group, row: usize) -> Vec<graph::Edge> {
    let wirings: Vec<_> = group.runs.iter().map(|run| statistic::wiring(run, row)).collect();
    let (names, none) = (&group.first().manifest.operations, statistic::none(group.first()));
    let seeds = wirings.len();
    let edge = |edge: usize| {
        let seen = |operation: usize| wirings.iter().filter(|wiring| wiring[edge] == operation).count();
        let dropped = none.filter(|&none| 2 * seen(none) > seeds);
        // The first among equals.
        let live = (0..names.len())
            .rev()
            .filter(|operation| Some(*operation) != none)
            .max_by_key(|&operation| seen(operation));
        let operation = dropped.or(live).unwrap_or(0);
        let note = if seeds > 1 { format!(" {}/{seeds}", seen(operation)) } else { String::new() };
        graph::Edge::new(edge, names, operation, none, &note)
    };
    (0..wirings[0].len()).map(edge).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn chosen_epochs_begin_and_end_the_run() {
        assert_eq!(super::chosen(40), [0, 8, 16, 24, 32, 40]);
        assert_eq!(super::chosen(3), [0, 1, 2, 3]);
        assert_eq!(super::chosen(1), [0, 1]);
        assert_eq!(super::chosen(0), [0]);
    }
}
