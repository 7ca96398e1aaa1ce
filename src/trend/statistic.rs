//! The numbers that captions and the report state, each computed from a run's files.

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
    mean_cost_of(run, |record| record.epoch == epoch)
}

/// The same over the records that are `wanted`.
pub fn mean_cost_of(run: &RunFolder, wanted: impl Fn(&CostRecord) -> bool) -> Array2<f64> {
    let shape = (run.manifest.cell.edges.len(), run.manifest.operations.len());
    let (mut sum, mut count) = (Array2::<f64>::zeros(shape), Array2::<f64>::zeros(shape));
    for CostRecord { edge, operation, count: n, mean, .. } in run.costs.iter().filter(|record| wanted(record)) {
        sum[[*edge, *operation]] += *n as f64 * mean;
        count[[*edge, *operation]] += *n as f64;
    }
    // 0/0 is NaN: no data.
    sum / count
}

/// By edge, the cost averaged over the operations that occurred on it, none left out; `None` for an edge
/// without any.
pub fn edge_averages(run: &RunFolder, costs: &Array2<f64>) -> Vec<Option<f64>> {
    let none = none(run);
    let average = |row: ArrayView1<f64>| {
        let kept: Vec<f64> =
            row.iter().enumerate().filter(|(k, c)| Some(*k) != none && c.is_finite()).map(|(_, c)| *c).collect();
        (!kept.is_empty()).then(|| kept.iter().sum::<f64>() / kept.len() as f64)
    };
    costs.rows().into_iter().map(average).collect()
}

/// The edge with the greatest average of [`edge_averages`], and that average.
pub fn costliest_edge(run: &RunFolder, epoch: usize) -> Option<(usize, f64)> {
    let averages = edge_averages(run, &mean_cost(run, epoch));
    averages.into_iter().enumerate().filter_map(|(edge, cost)| Some((edge, cost?))).max_by(|a, b| a.1.total_cmp(&b.1))
}

/// The sum over edges of [`edge_cost`].
pub fn cell_cost(run: &RunFolder, cell: usize, epoch: usize) -> f64 {
    (0..run.manifest.cell.edges.len()).map(|edge| edge_cost(run, cell, edge, epoch)).sum()
}

/// Mean cost of `edge` in `cell` over the batches of `epoch`: by batch one operation, or all of a
/// mixture's.
pub fn edge_cost(run: &RunFolder, cell: usize, edge: usize, epoch: usize) -> f64 {
    let records = || run.costs.iter().filter(|c| c.cell == cell && c.epoch == epoch && c.edge == edge);
    // An edge is seen in every batch: with one operation a batch their counts add up to the batches, in a
    // mixture each has them all.
    let batches = match mixes(run) {
        true => records().map(|record| record.count).max().unwrap_or(0),
        false => records().map(|record| record.count).sum(),
    };
    let total: f64 = records().map(|record| record.count as f64 * record.mean).sum();
    if batches == 0 { 0.0 } else { total / batches as f64 }
}

/// Whether the run's networks mix operations on an edge.
fn mixes(run: &RunFolder) -> bool {
    run.manifest.config.get("method").is_some_and(|method| method == "darts" || method == "snas")
}

/// Whether α is the same in every epoch.
pub fn alpha_is_fixed(run: &RunFolder) -> bool {
    run.alpha.outer_iter().all(|row| row == run.alpha.index_axis(ndarray::Axis(0), 0))
}

/// "edge 4", "edges 0, 2 and 4", "no edge".
pub fn edges(list: &[usize]) -> String {
    listed("edge", list)
}

/// The same of any `thing`.
pub fn listed(thing: &str, items: &[impl ToString]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    match &items[..] {
        [] => format!("no {thing}"),
        [one] => format!("{thing} {one}"),
        [start @ .., last] => format!("{thing}s {} and {last}", start.join(", ")),
    }
}

/// "1 epoch", "40 epochs".
pub fn counted(n: usize, thing: &str) -> String {
    if n == 1 { format!("1 {thing}") } else { format!("{n} {thing}s") }
}

/// With its sign, and a true minus; zeros have none.
pub fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{value:+.decimals$}");
    if text[1..].chars().all(|c| c == '0' || c == '.') { text[1..].into() } else { text.replace('-', "−") }
}

/// "+0.12 nats".
pub fn nats(value: f64) -> String {
    format!("{} nats", signed(value, 3))
}

/// Index of the largest entry; the first among equals.
pub fn largest(row: ArrayView1<f64>) -> usize {
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
        counted(last, "epoch"),
        edges(&dropped(run, last)),
        p_none.unwrap_or_default()
    )
}
