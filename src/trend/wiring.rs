//! Figures 1–4: which edges none comes to dominate. An edge is dropped where none is its most probable
//! operation.

use super::{Across, Sighting, Trend, setting::Setting, statistic};
use crate::run::RunFolder;

pub(super) const TRENDS: [Trend; 5] = [
    Trend {
        id: "fig1-dsnas-width",
        figure: 1,
        statement: "the final cells of DSNAS show preference towards width",
        decided: "at the end every input edge is live and every intermediate edge dropped: no path is longer than one edge",
        across: Across::OneSetting,
        see: width,
    },
    Trend {
        id: "fig1-dsnas-early-drop",
        figure: 1,
        statement: "in DSNAS edges are dropped in the beginning",
        decided: "in the first half of the epochs an input edge is dropped that is live at the end",
        across: Across::OneSetting,
        see: early_drop,
    },
    Trend {
        id: "fig2-dsnas-none-dominates",
        figure: 2,
        statement: "in DSNAS none dominates others on the intermediate edges; on input edges other operations become the \
most likely ones",
        decided: "at the end none has the largest p_α on each intermediate edge, more than 1/2, and on no input edge",
        across: Across::OneSetting,
        see: none_dominates,
    },
    Trend {
        id: "fig3-darts-all-dropped",
        figure: 3,
        statement: "in bi-level DARTS most edges are dropped in the beginning, all edges after training",
        decided: "more than half of the edges are dropped at half of the epochs, all at the end",
        across: Across::OneSetting,
        see: all_dropped,
    },
    Trend {
        id: "fig4-darts-none-dominates",
        figure: 4,
        statement: "in bi-level DARTS none has the largest probability on all edges at the end of the evolution",
        decided: "the smallest p_α(none) over edges at the end is the largest of its edge",
        across: Across::OneSetting,
        see: none_everywhere,
    },
];

/// Intermediate and input edges of a DSNAS search.
fn dsnas(run: &RunFolder) -> Option<[Vec<usize>; 2]> {
    let edges = 0..run.manifest.cell.edges.len();
    let [intermediate, input]: [Vec<usize>; 2] =
        edges.partition(|&edge| run.manifest.cell.is_intermediate(edge)).into();
    let usable = Setting(run).searches("dsnas") && statistic::none(run).is_some();
    (usable && !intermediate.is_empty()).then_some([intermediate, input])
}

fn width(run: &RunFolder) -> Option<Sighting> {
    let [intermediate, _] = dsnas(run)?;
    let dropped = statistic::dropped(run, run.epochs());
    let numbers = format!("dropped at the end: {}", statistic::edges(&dropped));
    Some(Sighting { appeared: dropped == intermediate, numbers })
}

fn early_drop(run: &RunFolder) -> Option<Sighting> {
    let [_, input] = dsnas(run)?;
    let last = statistic::dropped(run, run.epochs());
    let early = |edge: &usize| (1..=run.epochs() / 2).any(|row| statistic::dropped(run, row).contains(edge));
    let back: Vec<usize> = input.into_iter().filter(|edge| early(edge) && !last.contains(edge)).collect();
    let numbers = format!("dropped early and live at the end: {}", statistic::edges(&back));
    Some(Sighting { appeared: !back.is_empty(), numbers })
}

fn none_dominates(run: &RunFolder) -> Option<Sighting> {
    let [intermediate, input] = dsnas(run)?;
    let (p, none) = (run.probabilities(run.epochs()), statistic::none(run)?);
    let dropped = statistic::dropped(run, run.epochs());
    let least = intermediate.iter().map(|&edge| p[[edge, none]]).fold(1.0, f64::min);
    let most = input.iter().map(|&edge| p[[edge, none]]).fold(0.0, f64::max);
    let numbers = format!("p(none) at least {least:.2} on intermediate edges, at most {most:.2} on input edges");
    Some(Sighting { appeared: dropped == intermediate && least > 0.5, numbers })
}

/// A bi-level DARTS search.
fn darts(run: &RunFolder) -> Option<usize> {
    let setting = Setting(run);
    statistic::none(run).filter(|_| setting.searches("darts") && setting.is_bi_level())
}

fn all_dropped(run: &RunFolder) -> Option<Sighting> {
    darts(run)?;
    let (edges, half) = (run.manifest.cell.edges.len(), run.epochs() / 2);
    let [middle, end] = [half, run.epochs()].map(|row| statistic::dropped(run, row).len());
    let numbers =
        format!("{middle} of {edges} edges dropped after {}, {end} at the end", statistic::counted(half, "epoch"));
    Some(Sighting { appeared: 2 * middle > edges && end == edges, numbers })
}

fn none_everywhere(run: &RunFolder) -> Option<Sighting> {
    let none = darts(run)?;
    let least = run.probabilities(run.epochs()).column(none).iter().copied().fold(1.0, f64::min);
    let dropped = statistic::dropped(run, run.epochs()).len();
    let numbers = format!("p(none) at least {least:.2}; the largest on {dropped} edges");
    Some(Sighting { appeared: dropped == run.manifest.cell.edges.len(), numbers })
}
