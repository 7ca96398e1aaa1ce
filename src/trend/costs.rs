//! Figures 5, 6, 9 and 17–21: which edges cost most, networks drawn uniformly and only θ trained. An
//! edge's cost is averaged over the operations on it, none left out.

use super::{Across, Sighting, Trend, setting::Setting, statistic};
use crate::run::RunFolder;

/// Figure 19: a cost this small, in nats, prints as zero beside the 0.1 to 1 of batch norm.
const VANISHES: f64 = 1e-4;
/// Figure 9: a sum this much smaller than the last cell's.
const SMALL: f64 = 0.1;

const GREATEST: &str = "in the first and in the last epoch the edge of greatest average cost is the intermediate one";

pub(super) const TRENDS: [Trend; 8] = [
    Trend {
        id: "fig5-cost-means-minimal",
        figure: 5,
        statement: "stacked minimal cells: the intermediate edge costs most at initialisation and near convergence",
        decided: GREATEST,
        across: Across::OneSetting,
        see: |run| stack(run, "batch", "relu_conv_norm").filter(|_| run.manifest.cell.cells > 1),
    },
    Trend {
        id: "fig6-cost-means-original",
        figure: 6,
        statement: "stacked original cells: intermediate edges cost more than input edges",
        decided: "in the first and in the last epoch the intermediate edges' average cost is greater than the input edges'",
        across: Across::OneSetting,
        see: original,
    },
    Trend {
        id: "fig9-second-last-cell",
        figure: 9,
        statement: "the second-last cell's average costs sum to zero, the last cell's do not",
        decided: "in the last epoch the second-last cell's mean costs sum to less than a tenth of the last cell's, in size",
        across: Across::OneSetting,
        see: second_last,
    },
    Trend {
        id: "fig17-intermediate-largest",
        figure: 17,
        statement: "in the simplified cell edge (1, 2) has the greatest cost for almost all ways of sampling",
        decided: "over all epochs edge (1, 2) has the greatest average cost",
        across: Across::AllSettings,
        see: |run| simplified(run, &[2, 3], |averages| averages[2] > averages[0].max(averages[1])),
    },
    Trend {
        id: "fig18-edge-removed",
        figure: 18,
        statement: "without edge (1, 3), edge (1, 2) has the lowest cost only where edge (0, 1) is fixed",
        decided: "over all epochs edge (1, 2) has the lowest average cost if and only if edge (0, 1) has one operation",
        across: Across::AllSettings,
        see: |run| {
            let fixed = Setting(run).allowed(0) == Some(1);
            simplified(run, &[3], |averages| (averages[2] < averages[0].min(averages[1])) == fixed)
        },
    },
    Trend {
        id: "fig19-instance-norm",
        figure: 19,
        statement: "affine-disabled instance norm: all average costs are zero, at initialisation and after training",
        decided: "in the first and in the last epoch no operation's mean cost on any edge is 1e-4 nats or more in size",
        across: Across::OneSetting,
        see: vanishing,
    },
    Trend {
        id: "fig20-conv-relu-norm",
        figure: 20,
        statement: "under Conv-ReLU-norm the intermediate edge still costs most",
        decided: GREATEST,
        across: Across::OneSetting,
        see: |run| stack(run, "batch", "conv_relu_norm"),
    },
    Trend {
        id: "fig21-conv-norm-relu",
        figure: 21,
        statement: "under Conv-norm-ReLU the intermediate edge still costs most",
        decided: GREATEST,
        across: Across::OneSetting,
        see: |run| stack(run, "batch", "conv_norm_relu"),
    },
];

/// First and last epoch with costs, where networks were drawn uniformly and two or more were run.
fn uniform(run: &RunFolder) -> Option<[usize; 2]> {
    statistic::cost_epochs(run).filter(|[first, last]| first < last && Setting(run).fixes_alpha("dsnas"))
}

/// Minimal cells: the costliest edge.
fn stack(run: &RunFolder, norm: &str, order: &str) -> Option<Sighting> {
    let (setting, epochs) = (Setting(run), uniform(run)?);
    if !(setting.stacks(norm, order) && setting.is_minimal() && setting.is_unrestricted()) {
        return None;
    }
    let [first, last] = epochs.map(|epoch| statistic::costliest_edge(run, epoch));
    let (first, last) = (first?, last?);
    let numbers = format!(
        "edge {} at first ({}), edge {} at last ({})",
        first.0,
        statistic::nats(first.1),
        last.0,
        statistic::nats(last.1)
    );
    Some(Sighting { appeared: [first.0, last.0].iter().all(|&edge| run.manifest.cell.is_intermediate(edge)), numbers })
}

/// Original cells: intermediate against input edges.
fn original(run: &RunFolder) -> Option<Sighting> {
    let (setting, epochs) = (Setting(run), uniform(run)?);
    let cell = &run.manifest.cell;
    if !(setting.stacks("batch", "relu_conv_norm") && cell.edges.len() == 14 && cell.cells > 1) {
        return None;
    }
    let mean = |epoch: usize, intermediate: bool| {
        let averages = statistic::edge_averages(run, &statistic::mean_cost(run, epoch));
        let kept: Vec<f64> = averages
            .into_iter()
            .enumerate()
            .filter(|(edge, _)| cell.is_intermediate(*edge) == intermediate)
            .filter_map(|(_, average)| average)
            .collect();
        kept.iter().sum::<f64>() / kept.len() as f64
    };
    let [first, last] = epochs.map(|epoch| [mean(epoch, true), mean(epoch, false)]);
    let numbers = format!(
        "intermediate {} against input {} at first, {} against {} at last",
        statistic::nats(first[0]),
        statistic::nats(first[1]),
        statistic::nats(last[0]),
        statistic::nats(last[1])
    );
    Some(Sighting { appeared: first[0] > first[1] && last[0] > last[1], numbers })
}

fn second_last(run: &RunFolder) -> Option<Sighting> {
    let ([_, epoch], setting) = (uniform(run)?, Setting(run));
    let cells = run.manifest.cell.cells;
    if !(cells > 1 && setting.stacks("batch", "relu_conv_norm") && setting.is_minimal()) {
        return None;
    }
    let [second, last] = [cells - 2, cells - 1].map(|cell| statistic::cell_cost(run, cell, epoch));
    let numbers = format!("sums {} and {}", statistic::nats(second), statistic::nats(last));
    Some(Sighting { appeared: second.abs() < SMALL * last.abs(), numbers })
}

/// Figures 17 and 18: whether the three edges' averages over all epochs are as the figure `says`.
fn simplified(run: &RunFolder, output: &[usize], says: impl Fn([f64; 3]) -> bool) -> Option<Sighting> {
    let setting = Setting(run);
    if !(setting.fixes_alpha("dsnas") && setting.is_simplified(output)) {
        return None;
    }
    let averages = statistic::edge_averages(run, &statistic::mean_cost_of(run, |_| true));
    let [Some(first), Some(second), Some(third)] = averages[..] else { return None };
    let numbers = format!(
        "edge (0, 1) {}, edge (0, 2) {}, edge (1, 2) {}",
        statistic::nats(first),
        statistic::nats(second),
        statistic::nats(third)
    );
    Some(Sighting { appeared: says([first, second, third]), numbers })
}

fn vanishing(run: &RunFolder) -> Option<Sighting> {
    let (setting, epochs) = (Setting(run), uniform(run)?);
    if !(setting.stacks("instance", "relu_conv_norm") && setting.is_unrestricted()) {
        return None;
    }
    let affine = run.manifest.config.get("affine").and_then(serde_json::Value::as_bool);
    if affine != Some(false) {
        return None;
    }
    let costs = epochs.map(|epoch| statistic::mean_cost(run, epoch));
    let largest = costs.iter().flatten().filter(|cost| cost.is_finite()).fold(0.0f64, |max, cost| max.max(cost.abs()));
    Some(Sighting { appeared: largest < VANISHES, numbers: format!("largest mean cost {largest:.1e} nats in size") })
}
