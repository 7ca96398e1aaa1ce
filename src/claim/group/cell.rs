//! Theorem 1, and what it becomes under other norms, orders and cells.

mod judges;
mod witnesses;

use super::PATH;
use crate::{
    cell::Topology,
    claim::{Check, Claim},
    normalisation::Normalisation,
    operation::Order,
};
use judges::*;
use witnesses::*;

const SOURCE: &str = "Theorem 1";
const TOTAL: &str = "the sum over the edges into a node, through an intermediate edge, is zero";
const BLOCKS: &str = "ε = 0; the intermediate edge carries no skip";

pub fn claims() -> Vec<Claim> {
    let network = |id, source, statement, check| Claim::new(id, source, statement, PATH, check);
    let total = |id, source, statement, check| {
        network(id, source, statement, check).when(BLOCKS).proved("CellCost.theorem_1_in_network").witness(skip_passes)
    };
    let mut claims = vec![
        network(
            "cost-two-ways",
            "sect. 2.1",
            "C of an operation, Z_k ∂L/∂Z_k, which the backward pass leaves, is ⟨∂L/∂x_j, Z_k o_k⟩",
            in_both!(Network, two_ways),
        )
        .proved("ArchitectureGradients.weight_gradient")
        .cross_checked(),
        network(
            "cost-conserved-at-node",
            "eq. 2",
            "what the edges into a node cost is what its consumers hand back",
            in_both!(Network, conserved),
        )
        .proved("CellCost.cost_is_conserved")
        .cross_checked(),
        total("thm1-node-total", SOURCE, TOTAL, in_both!(Network, |o| node_total(o, |_| true)))
            .cross_checked()
            .read("X₂⁰ is the node's total, all edges into it together"),
        network(
            "thm1-node-total-eps",
            SOURCE,
            "with ε in the norms, what passes an intermediate edge is ε/(σ² + ε) ⟨g, x̂⟩ of its \
first norm, and a skip's own cost",
            in_both!(Network, |o| passage(o, |_| true)),
        )
        .proved("Corollary12.edge_sends_back")
        .cross_checked(),
        network(
            "thm1-literal",
            SOURCE,
            "C(Z^s_{0,2}) through edge 4 is zero: for each edge into the node by itself",
            in_both!(Network, |o| single_edge(o, |_| true)),
        )
        .refuted(
            "zero for the sum over the edges into the node (thm1-node-total); for one edge if no \
other is live (thm1-others-none), or on average if the edges are exchangeable",
        )
        .proved("Theorem1Literal.theorem_1_literal_fails")
        .cross_checked()
        .witness(literal),
        network(
            "thm1-others-none",
            "Theorem 1, Fig. 18",
            "C(Z^s_{0,2}) through edge 4 is zero",
            in_both!(Network, |o| { single_edge(o, |live| live == 1) }),
        )
        .proved("Theorem1.theorem_1_others_none")
        .when(
            "ε = 0; no skip on the intermediate edge; no other edge into the node carries an \
operation",
        )
        .cross_checked()
        .witness(literal),
        network(
            "thm1-per-sample",
            SOURCE,
            "the node's total is zero for each sample by itself",
            in_both!(Network, per_sample),
        )
        .proved("Theorem1Samples.theorem_1_layer_norm_sample")
        .proved("Theorem1Samples.theorem_1_instance_norm_sample")
        .proved("Theorem1Samples.theorem_1_group_norm_sample")
        .when("ε = 0, no skip on the intermediate edge; layer, instance or group norm")
        .witness(bn_mixes_samples),
        network(
            "eq11-skip-exception",
            "eq. 11",
            "a skip on an intermediate edge hands its own cost on, unchanged",
            in_both!(Network, skip),
        )
        .proved("CellCost.sent_back_by_cost_keeping_edge")
        .cross_checked(),
        network(
            "thm1-no-norm",
            SOURCE,
            "without a normalisation an intermediate edge hands on all of its cost",
            in_both!(Network, no_norm),
        )
        .read("it is the norm that blocks, not the convolution or the ReLU")
        .proved("Gradient.chain_keeps_cost"),
        network(
            "thm1-none-edge",
            SOURCE,
            "none on an intermediate edge hands nothing on",
            in_both!(Network, none_edge),
        )
        .proved("Corollary12.none_sends_nothing_back"),
        total(
            "thm1-original-cell",
            "Theorem 1, Fig. 6",
            "the same on each of the six intermediate edges of the original cell",
            in_both!(Network, |o| node_total(o, |case| case.settings.topology == Topology::original())),
        ),
        network(
            "thm1-mixture",
            SOURCE,
            "for a mixture of operations at ε = 0 all that passes an intermediate edge is the skip's \
share of its cost",
            in_both!(Network, mixture),
        )
        .proved("Corollary12.edge_sends_back_eps_0")
        .cross_checked(),
    ];
    let norms: [(&str, &str, Check); 4] = [
        (
            "thm1-batch-norm",
            "Theorem 1",
            in_both!(Network, |o| node_total(o, |case| case.settings.norm.kind == Normalisation::Batch)),
        ),
        (
            "thm1-layer-norm",
            "sect. 8.1",
            in_both!(Network, |o| node_total(o, |case| case.settings.norm.kind == Normalisation::Layer)),
        ),
        (
            "thm1-instance-norm",
            "sect. 8.1",
            in_both!(Network, |o| { node_total(o, |case| case.settings.norm.kind == Normalisation::Instance) }),
        ),
        (
            "thm1-group-norm",
            "sect. 8.1",
            in_both!(Network, |o| { node_total(o, |case| matches!(case.settings.norm.kind, Normalisation::Group(_))) }),
        ),
    ];
    let orders: [(&str, &str, Check); 3] = [
        (
            "thm1-relu-conv-norm",
            "Theorem 1, Fig. 8",
            in_both!(Network, |o| { node_total(o, |case| case.settings.order == Order::ReluConvNorm) }),
        ),
        (
            "thm1-conv-relu-norm",
            "sect. 8.2, Fig. 20",
            in_both!(Network, |o| { node_total(o, |case| case.settings.order == Order::ConvReluNorm) }),
        ),
        (
            "thm1-conv-norm-relu",
            "sect. 8.2, Fig. 21",
            in_both!(Network, |o| { node_total(o, |case| case.settings.order == Order::ConvNormRelu) }),
        ),
    ];
    claims.extend(norms.into_iter().chain(orders).map(|(id, source, check)| total(id, source, TOTAL, check)));
    claims
}
