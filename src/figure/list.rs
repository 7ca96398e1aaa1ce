//! The figures, in the paper's order.

use super::{
    Figure, Result,
    catalogue::{Entry, Needs, Section},
    cell_sum, cost_map, curves, diagram, phase, probability, restricted, split, wiring,
};
use crate::{
    run::RunFolder,
    trend::{Setting, statistic},
};

fn is_darts(run: &RunFolder) -> bool {
    Setting(run).uses("darts")
}

fn searches(run: &RunFolder) -> bool {
    statistic::none(run).is_some() && !statistic::alpha_is_fixed(run)
}

/// The protocol's norm, order and cells, every operation on every edge.
fn plain(run: &RunFolder) -> bool {
    let setting = Setting(run);
    setting.stacks("batch", "relu_conv_norm") && whole(run)
}

fn whole(run: &RunFolder) -> bool {
    let setting = Setting(run);
    setting.is_unrestricted() && !setting.is_simplified(&[2, 3]) && !setting.is_simplified(&[3])
}

fn sampled_costs(run: &RunFolder) -> bool {
    !run.costs.is_empty() && !is_darts(run) && whole(run)
}

fn has(run: &RunFolder, set: &str) -> bool {
    plain(run) && run.metrics.iter().any(|m| m.set == set)
}

const WIRING: &str = "wiring with the largest probability (dashed: none)";
const WIRING_CAPTION: &str = "Each edge with its number and its most probable operation. Over several seeds: dropped where none leads in more than half of them, else the other operation that leads in most; k/n counts the seeds.";
const P_ALPHA: &str = "p_α, the softmax of α, of each operation on each edge";
const COSTS_CAPTION: &str = "Operations across, edges down. Averages over batches and over the stacked cells; grey: the operation was not on the edge in that epoch. The paper's (a) is at initialisation, here the first epoch; its (b) near θ's convergence, here the last.";
const CURVES: &str = "cost C, loss L and entropy H";
const CURVES_CAPTION: &str = "Means over each epoch's images; C = L − H has its own axis, as in the paper.";
const SPLIT: &str = "C, L and H for correct and wrong predictions";
const SPLIT_CAPTION: &str = "Means over each epoch's images that were classified (a) correctly, (b) wrongly. A correct image's C is never positive (Theorem 2); a wrong image's can be negative when there are three classes or more.";
const EDGES: &str = "mean cost of each edge of the simplified cell";

pub(super) static ALL: [Entry; 22] = {
    use Needs::{AllGroups, EachGroup, Nothing};
    use Section::*;
    const fn entry(
        section: Section,
        [name, stem, title, caption]: [&'static str; 4],
        needs: Needs,
        draw: fn(&Figure) -> Result<Vec<u8>>,
    ) -> Entry {
        Entry { name, stem, title, caption, section, needs, draw }
    }
    [
        entry(
            Evolution,
            ["fig01", "fig01-wiring", WIRING, WIRING_CAPTION],
            EachGroup(|r| searches(r) && !is_darts(r)),
            wiring::draw,
        ),
        entry(
            Evolution,
            ["fig02", "fig02-p-alpha", P_ALPHA, ""],
            EachGroup(|r| searches(r) && !is_darts(r)),
            probability::draw,
        ),
        entry(
            Evolution,
            ["fig03", "fig03-wiring", WIRING, WIRING_CAPTION],
            EachGroup(|r| searches(r) && is_darts(r)),
            wiring::draw,
        ),
        entry(
            Evolution,
            ["fig04", "fig04-p-alpha", P_ALPHA, ""],
            EachGroup(|r| searches(r) && is_darts(r)),
            probability::draw,
        ),
        entry(
            Stacked,
            ["fig05", "fig05-cost", "mean cost of each operation on each edge, minimal cells", COSTS_CAPTION],
            EachGroup(|r| sampled_costs(r) && plain(r) && Setting(r).is_minimal()),
            cost_map::draw,
        ),
        entry(
            Stacked,
            ["fig06", "fig06-cost", "mean cost of each operation on each edge, original cells", COSTS_CAPTION],
            EachGroup(|r| sampled_costs(r) && plain(r) && !Setting(r).is_minimal()),
            cost_map::draw,
        ),
        entry(
            IntermediateEdge,
            ["fig07", "fig07-minimal-cell", "the minimal cell", "Drawn from the topology that the searches run."],
            Nothing,
            diagram::cell,
        ),
        entry(
            IntermediateEdge,
            [
                "fig08",
                "fig08-stacking-order",
                "what each operation does on edge 4, in order",
                "Drawn from the data that the operations are built from.",
            ],
            Nothing,
            diagram::operations,
        ),
        entry(
            IntermediateEdge,
            [
                "fig09",
                "fig09-cell-sums",
                "mean cost of each edge of (a) the second-last, (b) the last cell, and their sum",
                "Means over the batches of an epoch, with the operation that each batch had on the edge. Corollary 1.2: the sum is 0 in every cell but the last.",
            ],
            EachGroup(|r| sampled_costs(r) && r.manifest.cell.cells > 1),
            cell_sum::draw,
        ),
        entry(
            OutputEdge,
            [
                "fig10",
                "fig10-head",
                "from the last cell's output to the loss",
                "Drawn from the settings of the protocol's network on digits. The cost passes every linear step unchanged, so that it is L − H at the cell's output too (eq. 12).",
            ],
            Nothing,
            diagram::head,
        ),
        entry(
            OutputEdge,
            ["fig11", "fig11-cost-loss-entropy", CURVES, CURVES_CAPTION],
            EachGroup(|r| has(r, "training") && !is_darts(r)),
            |f| curves::draw(f, "training"),
        ),
        entry(
            OutputEdge,
            ["fig12", "fig12-cost-loss-entropy", CURVES, CURVES_CAPTION],
            EachGroup(|r| has(r, "training") && is_darts(r)),
            |f| curves::draw(f, "training"),
        ),
        entry(
            OutputEdge,
            ["fig13", "fig13-cost-loss-entropy", CURVES, CURVES_CAPTION],
            EachGroup(|r| has(r, "search") && is_darts(r)),
            |f| curves::draw(f, "search"),
        ),
        entry(
            OutputEdge,
            ["fig14", "fig14-correct-wrong", SPLIT, SPLIT_CAPTION],
            EachGroup(|r| has(r, "training") && !is_darts(r)),
            |f| split::draw(f, "training"),
        ),
        entry(
            OutputEdge,
            ["fig15", "fig15-correct-wrong", SPLIT, SPLIT_CAPTION],
            EachGroup(|r| has(r, "training") && is_darts(r)),
            |f| split::draw(f, "training"),
        ),
        entry(
            OutputEdge,
            ["fig16", "fig16-correct-wrong", SPLIT, SPLIT_CAPTION],
            EachGroup(|r| has(r, "search") && is_darts(r)),
            |f| split::draw(f, "search"),
        ),
        entry(
            Ablation,
            [
                "fig17",
                "fig17-restricted",
                EDGES,
                "Averaged over the operations on the edge, none left out. Each panel restricts the sampling as its title says, in the paper's names of the nodes: edge (1, 2) is the intermediate one. The paper prints the same sampling for (d) and (e).",
            ],
            AllGroups(|r| !r.costs.is_empty() && Setting(r).is_simplified(&[2, 3]), |g| !g.is_empty()),
            restricted::draw,
        ),
        entry(
            Ablation,
            [
                "fig18",
                "fig18-edge-removed",
                "mean cost of each edge, edge (1, 3) deleted",
                "As Figure 17, without the edge from node 1 to the output.",
            ],
            AllGroups(|r| !r.costs.is_empty() && Setting(r).is_simplified(&[3]), |g| !g.is_empty()),
            restricted::draw,
        ),
        entry(
            Variants,
            [
                "fig19",
                "fig19-instance-norm",
                "mean cost of each operation on each edge, instance norm without affine",
                COSTS_CAPTION,
            ],
            EachGroup(|r| sampled_costs(r) && Setting(r).stacks("instance", "relu_conv_norm")),
            cost_map::draw,
        ),
        entry(
            Variants,
            [
                "fig20",
                "fig20-conv-relu-norm",
                "mean cost of each operation on each edge, order Conv-ReLU-BN",
                COSTS_CAPTION,
            ],
            EachGroup(|r| sampled_costs(r) && Setting(r).stacks("batch", "conv_relu_norm")),
            cost_map::draw,
        ),
        entry(
            Variants,
            [
                "fig21",
                "fig21-conv-norm-relu",
                "mean cost of each operation on each edge, order Conv-BN-ReLU",
                COSTS_CAPTION,
            ],
            EachGroup(|r| sampled_costs(r) && Setting(r).stacks("batch", "conv_norm_relu")),
            cost_map::draw,
        ),
        entry(
            Beyond,
            ["phase", "phase-diagram", "where none takes over", phase::CAPTION],
            AllGroups(searches, |g| !phase::panels(g).is_empty()),
            phase::draw,
        ),
    ]
};
