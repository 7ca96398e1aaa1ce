//! The numbers that captions and the report state, each computed from a run's files.

use super::style::signed;
use crate::run::{CostRecord, EpochMetrics, RunFolder};
use ndarray::{Array2, ArrayView1};

/// Position of the operation "none", if the run has it.
pub fn none(run: &RunFolder) -> Option<usize> {
    run.manifest.operations.iter().position(|name| name == "none")
}

/// The most probable operation of each edge after `row` epochs.
pub fn wiring(run: &RunFolder, row: usize) -> Vec<usize> {
    run.probabilities(row).rows().into_iter().map(largest).collect()
}

/// Edges whose most probable operation is none after `row` epochs.
pub fn dropped(run: &RunFolder, row: usize) -> Vec<usize> {
    let Some(none) = none(run) else { return Vec::new() };
    wiring(run, row).into_iter().enumerate().filter(|&(_, operation)| operation == none).map(|(edge, _)| edge).collect()
}

/// Names of the sets with metrics: training, search, test, then any other.
pub fn sets(run: &RunFolder) -> Vec<&str> {
    let mut sets: Vec<&str> = Vec::new();
    let known = ["training", "search", "test"];
    for set in known.into_iter().chain(run.metrics.iter().map(|m| m.set.as_str())) {
        if !sets.contains(&set) && run.metrics.iter().any(|m| m.set == set) {
            sets.push(set);
        }
    }
    sets
}

/// The metrics of one set, by epoch.
pub fn of_set<'a>(run: &'a RunFolder, set: &str) -> Vec<&'a EpochMetrics> {
    let mut metrics: Vec<_> = run.metrics.iter().filter(|m| m.set == set).collect();
    metrics.sort_by_key(|m| m.epoch);
    metrics
}

/// First epoch whose mean cost over `set` is negative.
pub fn first_negative_cost(run: &RunFolder, set: &str) -> Option<usize> {
    of_set(run, set).iter().find(|m| m.cost < 0.0).map(|m| m.epoch)
}

/// Epochs with cost records: the first and the last.
pub fn cost_epochs(run: &RunFolder) -> Option<[usize; 2]> {
    let epochs = || run.costs.iter().map(|record| record.epoch);
    Some([epochs().min()?, epochs().max()?])
}

/// Mean cost `[edges, operations]` over the batches of `epoch` and over all cells, each batch of each
/// cell counted once; NaN where the operation never was on the edge.
pub fn mean_cost(run: &RunFolder, epoch: usize) -> Array2<f64> {
    let shape = (run.manifest.cell.edges.len(), run.manifest.operations.len());
    let (mut sum, mut count) = (Array2::<f64>::zeros(shape), Array2::<f64>::zeros(shape));
    for CostRecord { edge, operation, count: n, mean, .. } in run.costs.iter().filter(|record| record.epoch == epoch) {
        sum[[*edge, *operation]] += *n as f64 * mean;
        count[[*edge, *operation]] += *n as f64;
    }
    // 0/0 is NaN: no data.
    sum / count
}

/// The edge with the greatest cost averaged over the operations that occurred on it, none left out,
/// and that average.
pub fn costliest_edge(run: &RunFolder, epoch: usize) -> Option<(usize, f64)> {
    let (costs, none) = (mean_cost(run, epoch), none(run));
    let averages = costs.rows().into_iter().enumerate().filter_map(|(edge, row)| {
        let kept: Vec<f64> =
            row.iter().enumerate().filter(|(k, c)| Some(*k) != none && c.is_finite()).map(|(_, c)| *c).collect();
        (!kept.is_empty()).then(|| (edge, kept.iter().sum::<f64>() / kept.len() as f64))
    });
    averages.max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Whether α is the same in every epoch.
pub fn alpha_is_fixed(run: &RunFolder) -> bool {
    run.alpha.outer_iter().all(|row| row == run.alpha.index_axis(ndarray::Axis(0), 0))
}

/// "edge 4", "edges 0, 2 and 4", "no edge".
pub fn edges(list: &[usize]) -> String {
    match list {
        [] => "no edge".into(),
        [one] => format!("edge {one}"),
        [start @ .., last] => {
            let start: Vec<String> = start.iter().map(usize::to_string).collect();
            format!("edges {} and {last}", start.join(", "))
        }
    }
}

/// "1 epoch", "40 epochs".
pub fn epochs(n: usize) -> String {
    if n == 1 { "1 epoch".into() } else { format!("{n} epochs") }
}

/// "+0.12 nats".
pub fn nats(value: f64) -> String {
    format!("{} nats", signed(value, 3))
}

/// Index of the largest entry; the first among equals.
fn largest(row: ArrayView1<f64>) -> usize {
    (0..row.len()).fold(0, |best, k| if row[k] > row[best] { k } else { best })
}

/// One line on a run: which edges none dominates at the end, and how the cost of the set that trains α
/// went.
pub fn summary(run: &RunFolder) -> String {
    let last = run.epochs();
    let p = run.probabilities(last);
    let p_none = none(run).map(|none| p.column(none).iter().map(|p| format!("{p:.2}")).collect::<Vec<_>>().join(" "));
    let set = if sets(run).contains(&"search") { "search" } else { "training" };
    let costs = of_set(run, set);
    let cost = match (costs.first(), costs.last()) {
        (Some(first), Some(last)) => {
            let zero = match first_negative_cost(run, set) {
                Some(epoch) => format!("first negative in epoch {epoch}"),
                None => "never negative".into(),
            };
            format!("; mean C on the {set} set from {} to {}, {zero}", nats(first.cost), nats(last.cost))
        }
        _ => String::new(),
    };
    format!(
        "after {} none is the most probable on {} (p(none) by edge: {}){cost}",
        epochs(last),
        edges(&dropped(run, last)),
        p_none.unwrap_or_default()
    )
}
