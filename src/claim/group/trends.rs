//! What the figures show, one claim each: judged from run folders, not here.

use crate::claim::{Check, Claim};

const RUNS: &str = "over the stated seeds of the run folders";

pub fn claims() -> Vec<Claim> {
    let trends = [
        (
            "fig1-dsnas-width",
            "Fig. 1",
            "DSNAS derives cells that prefer width over depth; edges are dropped in the beginning",
        ),
        (
            "fig2-dsnas-none-dominates",
            "Fig. 2",
            "in DSNAS none comes to dominate the intermediate edges 4, 7, 8, 11, 12, 13, and the \
input edges only in the beginning",
        ),
        ("fig3-darts-all-dropped", "Fig. 3", "in bi-level DARTS all edges are dropped in the end"),
        (
            "fig4-darts-none-dominates",
            "Fig. 4",
            "in bi-level DARTS none has the largest probability on every edge at the end",
        ),
        (
            "fig5-cost-means-minimal",
            "Fig. 5",
            "stacked minimal cells: the intermediate edge costs most at initialisation and near \
convergence",
        ),
        ("fig6-cost-means-original", "Fig. 6", "stacked original cells: intermediate edges cost more than input edges"),
        ("fig9-second-last-cell", "Fig. 9", "the second-last cell's average costs sum to zero, the last cell's do not"),
        (
            "fig11-dsnas-sign",
            "Fig. 11",
            "in DSNAS with fixed α, C_Z starts positive and turns negative as θ is trained",
        ),
        ("fig12-darts-training", "Fig. 12", "in DARTS C_Z on the training set turns negative"),
        (
            "fig13-darts-search",
            "Fig. 13",
            "in DARTS C_Z on the search set stays higher: the loss falls more slowly, the entropy \
keeps falling",
        ),
        (
            "fig14-dsnas-correct-wrong",
            "Fig. 14",
            "in DSNAS C is negative for correct and positive for wrong predictions, on average",
        ),
        ("fig15-darts-training-correct-wrong", "Fig. 15", "the same in DARTS on the training set"),
        ("fig16-darts-search-correct-wrong", "Fig. 16", "the same in DARTS on the search set"),
        (
            "fig17-intermediate-largest",
            "Fig. 17",
            "in the simplified cell edge (1, 2) has the greatest cost for almost all ways of sampling",
        ),
        (
            "fig18-edge-removed",
            "Fig. 18",
            "without edge (1, 3), edge (1, 2) has the lowest cost only where edge (0, 1) is fixed",
        ),
        (
            "fig19-instance-norm",
            "Fig. 19",
            "affine-disabled instance norm: all average costs are zero, at initialisation and after \
training",
        ),
        ("fig20-conv-relu-norm", "Fig. 20", "under Conv-ReLU-norm the intermediate edge still costs most"),
        ("fig21-conv-norm-relu", "Fig. 21", "under Conv-norm-ReLU the intermediate edge still costs most"),
    ];
    trends.into_iter().map(|(id, source, statement)| Claim::new(id, source, statement, RUNS, Check::Trend)).collect()
}
