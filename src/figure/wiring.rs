//! Figures 1 and 3: the wiring with the largest probability at chosen epochs.

use super::{
    Family, Figure, Result, graph, sheet, statistic,
    style::{INK, bold, px},
};
use crate::run::RunFolder;

/// Panels of the figure: the start, the end, and evenly spaced epochs between them.
const PANELS: usize = 6;

pub(super) fn figure(run: &RunFolder) -> Option<Figure<'_>> {
    let (paper, stem, shows) = match Family::of(run) {
        Family::Darts => (
            "Figure 3",
            "fig03-wiring",
            "In the paper (DARTS) most edges are dropped in the beginning, and all of them after 50 epochs.",
        ),
        Family::Dsnas => (
            "Figure 1",
            "fig01-wiring",
            "In the paper (DSNAS) edges are dropped in the beginning, the input edges come back, and the final cell prefers width: its intermediate edges stay dropped.",
        ),
        Family::Other => (
            "Figures 1 and 3",
            "fig01-wiring",
            "In the paper the final cells prefer width (DSNAS) or lose every edge (DARTS).",
        ),
    };
    let title = "wiring with the largest probability (dashed: none)".into();
    Some(Figure { run, paper, stem, title, shows, found: found(run), draw })
}

fn found(run: &RunFolder) -> String {
    let last = run.epochs();
    let (start, end) = (statistic::dropped(run, 0), statistic::dropped(run, last));
    let ever = (0..run.manifest.cell.edges.len())
        .filter(|edge| (0..=last).any(|row| statistic::dropped(run, row).contains(edge)))
        .collect::<Vec<_>>();
    let live = run.manifest.cell.edges.len() - end.len();
    format!(
        "Dropped (none is the most probable operation): before training {}, after {} {}; at some time {}. {live} of {} edges are live at the end.",
        statistic::edges(&start),
        statistic::epochs(last),
        statistic::edges(&end),
        statistic::edges(&ever),
        run.manifest.cell.edges.len()
    )
}

/// The rows of α to draw.
fn chosen(epochs: usize) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..PANELS).map(|k| (k * epochs + (PANELS - 1) / 2) / (PANELS - 1)).collect();
    rows.dedup();
    rows
}

fn draw(figure: &Figure) -> Result<Vec<u8>> {
    let run = figure.run;
    let cell = &run.manifest.cell;
    let rows = chosen(run.epochs());
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
            graph::draw(&body, cell, &run.manifest.operations, &statistic::wiring(run, row), statistic::none(run))?;
        }
        Ok(())
    })
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
