//! Theorem 1, and what it becomes under other norms, orders and cells.

use super::PATH;
use crate::{
    cell::Topology,
    claim::{
        Check, Claim, Judge,
        judgement::{Amount, Judgement},
        observe::network::NetworkObservation,
        strategy::plan::Plan,
        witness::Witness,
    },
    cost::case::Case,
    network::{consumer_key, operation_key},
    normalisation::Normalisation,
    operation::{Operation, Order},
    tensor::{Element, Seen},
};
use serde_json::{Value, json};
use std::sync::Arc;

const SOURCE: &str = "Theorem 1";
const TOTAL: &str = "the sum over the edges into a node, through an intermediate edge, is zero";
const BLOCKS: &str = "ε = 0; the intermediate edge carries no skip";

pub fn claims() -> Vec<Claim> {
    let network = |id, source, statement, judge| Claim::new(id, source, statement, PATH, Check::Network(judge));
    let total = |id, source, statement, judge: Judge<NetworkObservation>| {
        network(id, source, statement, judge).when(BLOCKS).proved("CellCost.theorem_1_in_network")
    };
    let mut claims = vec![
        network("cost-two-ways", "sect. 2.1", "C of an operation, Z_k ∂L/∂Z_k, which the backward pass leaves, is ⟨∂L/∂x_j, Z_k o_k⟩", two_ways)
            .proved("ArchitectureGradients.weight_gradient").cross_checked(),
        network("cost-conserved-at-node", "eq. 2", "what the edges into a node cost is what its consumers hand back", conserved)
            .proved("CellCost.cost_is_conserved").cross_checked(),
        total("thm1-node-total", SOURCE, TOTAL, |o| node_total(o, |_| true)).cross_checked()
            .read("X₂⁰ is the node's total, all edges into it together").witness(skip_passes),
        network("thm1-node-total-eps", SOURCE, "with ε in the norms, what passes an intermediate edge is ε/(σ² + ε) ⟨g, x̂⟩ of its first norm, and a skip's own cost", |o| passage(o, |_| true))
            .proved("Corollary12.edge_sends_back").cross_checked(),
        network("thm1-literal", SOURCE, "C(Z^s_{0,2}) through edge 4 is zero: for each edge into the node by itself", |o| single_edge(o, |_| true))
            .refuted("zero for the sum over the edges into the node (thm1-node-total); for one edge if no other is live (thm1-others-none), or on average if the edges are exchangeable")
            .proved("Theorem1Literal.theorem_1_literal_fails").cross_checked().witness(literal),
        network("thm1-others-none", "Theorem 1, Fig. 18", "C(Z^s_{0,2}) through edge 4 is zero", |o| single_edge(o, |live| live == 1))
            .when("ε = 0; no skip on the intermediate edge; no other edge into the node carries an operation")
            .proved("Theorem1.theorem_1_others_none").cross_checked().witness(literal),
        network("thm1-per-sample", SOURCE, "the node's total is zero for each sample by itself", per_sample)
            .when("ε = 0, no skip on the intermediate edge; layer, instance or group norm")
            .proved("Theorem1Samples.theorem_1_layer_norm_sample").proved("Theorem1Samples.theorem_1_instance_norm_sample")
            .proved("Theorem1Samples.theorem_1_group_norm_sample").witness(bn_mixes_samples),
        network("eq11-skip-exception", "eq. 11", "a skip on an intermediate edge hands its own cost on, unchanged", skip)
            .proved("CellCost.sent_back_by_cost_keeping_edge").cross_checked(),
        network("thm1-no-norm", SOURCE, "without a normalisation an intermediate edge hands on all of its cost", no_norm)
            .read("it is the norm that blocks, not the convolution or the ReLU").proved("Gradient.chain_keeps_cost"),
        network("thm1-none-edge", SOURCE, "none on an intermediate edge hands nothing on", none_edge),
        total("thm1-original-cell", "Theorem 1, Fig. 6", "the same on each of the six intermediate edges of the original cell", |o| {
            node_total(o, |case| case.settings.topology == Topology::original())
        }),
        network("thm1-mixture", SOURCE, "for a mixture of operations at ε = 0 all that passes an intermediate edge is the skip's share of its cost", mixture)
            .proved("Corollary12.edge_sends_back_eps_0").cross_checked(),
        Claim::new("thm1-node-total-f32", SOURCE, TOTAL, PATH, Check::Network32(|o| node_total(o, |_| true))).when(BLOCKS).proved("CellCost.theorem_1_in_network"),
        Claim::new("cost-two-ways-f32", "sect. 2.1", "Z_k ∂L/∂Z_k = ⟨∂L/∂x_j, Z_k o_k⟩", PATH, Check::Network32(two_ways))
            .proved("ArchitectureGradients.weight_gradient"),
        Claim::new("thm1-node-total-eps-f32", SOURCE, "what passes an intermediate edge is ε/(σ² + ε) ⟨g, x̂⟩ of its first norm", PATH, Check::Network32(|o| passage(o, |_| true)))
            .proved("Corollary12.edge_sends_back"),
    ];
    let norms: [(&str, &str, Judge<NetworkObservation>); 4] = [
        ("thm1-batch-norm", "Theorem 1", |o| node_total(o, |case| case.settings.norm.kind == Normalisation::Batch)),
        ("thm1-layer-norm", "sect. 8.1", |o| node_total(o, |case| case.settings.norm.kind == Normalisation::Layer)),
        ("thm1-instance-norm", "sect. 8.1", |o| {
            node_total(o, |case| case.settings.norm.kind == Normalisation::Instance)
        }),
        ("thm1-group-norm", "sect. 8.1", |o| {
            node_total(o, |case| matches!(case.settings.norm.kind, Normalisation::Group(_)))
        }),
    ];
    let orders: [(&str, &str, Judge<NetworkObservation>); 3] = [
        ("thm1-relu-conv-norm", "Theorem 1, Fig. 8", |o| {
            node_total(o, |case| case.settings.order == Order::ReluConvNorm)
        }),
        ("thm1-conv-relu-norm", "sect. 8.2, Fig. 20", |o| {
            node_total(o, |case| case.settings.order == Order::ConvReluNorm)
        }),
        ("thm1-conv-norm-relu", "sect. 8.2, Fig. 21", |o| {
            node_total(o, |case| case.settings.order == Order::ConvNormRelu)
        }),
    ];
    claims.extend(norms.into_iter().chain(orders).map(|(id, source, judge)| total(id, source, TOTAL, judge)));
    claims
}

fn two_ways<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    let mut judgements = Vec::new();
    for ((t, e, k), by_product) in o.evaluation.operation_costs.indexed_iter() {
        let Some(seen) = o.trace().at(&operation_key(t, e, Operation::ALL[k])) else { continue };
        let traced = Amount::dot(&seen.gradient, &seen.value);
        let roundings = o.arithmetic.gamma(seen.value.len() + 4 * Operation::ALL.len());
        let lost = o.arithmetic.tiny * seen.value.iter().map(|v| 1.0 + v.abs()).sum::<f64>();
        judgements.push(Judgement::equal(*by_product, traced.value, traced.off_by(roundings).bound + lost));
    }
    judgements
}

fn conserved<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    let topology = o.topology();
    let node = |t: usize, j: usize| {
        let entering: Amount = topology.into_node(j).map(|e| o.edge_cost(t, e)).sum();
        let consumers = topology.out_of_node(j).map(Some).chain(topology.output().contains(&j).then_some(None));
        let leaving: Amount = consumers.map(|consumer| o.node_through(t, j, consumer)).sum();
        let sums = o.arithmetic.gamma(topology.edges().len() + 1) * leaving.scale;
        Judgement::equal(entering.value, leaving.value, entering.bound + leaving.bound + sums)
    };
    (0..o.cells()).flat_map(|t| (crate::cell::INPUTS..topology.nodes()).map(move |j| node(t, j))).collect()
}

/// Every intermediate edge f, with what the edges into its source cost through it.
fn each_intermediate<E: Element>(
    o: &NetworkObservation<E>,
    judge: impl Fn(usize, usize, usize) -> Option<Judgement>,
) -> Vec<Judgement> {
    let edges = o.intermediate();
    let judge = &judge;
    let one = |t| edges.iter().filter_map(move |f| judge(t, *f, o.topology().edges()[*f][0])).collect::<Vec<_>>();
    (0..o.cells()).flat_map(one).collect()
}

fn is_normalised<E: Element>(o: &NetworkObservation<E>) -> bool {
    o.case.settings.norm.kind != Normalisation::None
}

fn passage<E: Element>(o: &NetworkObservation<E>, only: impl Fn(&Case) -> bool) -> Vec<Judgement> {
    if !is_normalised(o) || !only(&o.case) {
        return Vec::new();
    }
    each_intermediate(o, |t, f, j| {
        let (through, passage) = (o.node_through(t, j, Some(f)), o.passages[t][f]?);
        Some(Judgement::equal(through.value, passage.value, through.bound + passage.bound))
    })
}

fn mixture(o: &NetworkObservation) -> Vec<Judgement> {
    if o.case.alpha.is_none() || o.case.settings.norm.eps > 0.0 || !is_normalised(o) {
        return Vec::new();
    }
    each_intermediate(o, |t, f, j| {
        let (through, passage) = (o.node_through(t, j, Some(f)), o.passages[t][f]?);
        Some(Judgement::equal(through.value, o.skip_cost(t, f), through.bound + passage.bound))
    })
}

pub(super) fn node_total<E: Element>(o: &NetworkObservation<E>, only: impl Fn(&Case) -> bool) -> Vec<Judgement> {
    if !is_normalised(o) || !only(&o.case) {
        return Vec::new();
    }
    each_intermediate(o, |t, f, j| {
        let (through, passage) = (o.node_through(t, j, Some(f)), o.passages[t][f]?);
        let blocks = o.case.settings.norm.eps == 0.0 && !o.has_skip(t, f);
        Some(Judgement::zero(through.value, through.bound + passage.bound).when(blocks))
    })
}

/// One edge into the node by itself, where `live` accepts the number of edges that carry anything.
fn single_edge<E: Element>(o: &NetworkObservation<E>, live: impl Fn(usize) -> bool) -> Vec<Judgement> {
    let eps = o.case.settings.norm.eps;
    if !is_normalised(o) || eps > 0.0 {
        return Vec::new();
    }
    let one = |t: usize, f: usize, j: usize| {
        let passage = o.passages[t][f]?;
        let count = o.topology().into_node(j).filter(|e| !o.outputs[t][*e].is_empty()).count();
        let costs = o.topology().into_node(j).map(|e| o.through(t, e, Some(f)));
        let largest = costs.reduce(|a, b| if b.value.abs() > a.value.abs() { b } else { a })?;
        let bound = largest.bound + o.node_through(t, j, Some(f)).bound + passage.bound;
        (!o.has_skip(t, f)).then(|| Judgement::zero(largest.value, bound).when(live(count)))
    };
    each_intermediate(o, one)
}

fn per_sample<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    let mixes = o.case.settings.norm.kind == Normalisation::Batch;
    let one = |b| o.sample(b).map(|o| node_total(&o, |_| true)).unwrap_or_default();
    let judgements = (0..o.case.settings.input.n).flat_map(one);
    // A batch norm's groups span the samples; a part of one has no bound of its own.
    let whole = || node_total(o, |_| true).into_iter().map(|j| j.bound).sum::<f64>();
    match mixes {
        false => judgements.collect(),
        true => {
            let bound = whole();
            (0..o.case.settings.input.n)
                .flat_map(|b| each_intermediate(o, |t, f, j| Some(sample_total(o, b, t, f, j, bound))))
                .map(|j| j.when(false))
                .collect()
        }
    }
}

fn sample_total<E: Element>(
    o: &NetworkObservation<E>,
    b: usize,
    t: usize,
    f: usize,
    j: usize,
    bound: f64,
) -> Judgement {
    let seen = o.seen(&consumer_key(t, j, Some(f)));
    let per_sample = seen.value.len() / seen.shape[0];
    let at = b * per_sample..(b + 1) * per_sample;
    let blocks = o.case.settings.norm.eps == 0.0 && !o.has_skip(t, f);
    let cost = if blocks { Amount::dot(&seen.gradient[at.clone()], &seen.value[at]).value } else { 0.0 };
    Judgement::zero(cost, bound)
}

fn skip<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    let only_skip = |t: usize, f: usize| o.case.present(t, f) == [Operation::SkipConnect];
    each_intermediate(o, |t, f, j| {
        let through = o.node_through(t, j, Some(f));
        let own = o.evaluation.operation_costs[[t, f, Operation::SkipConnect.index()]];
        let sums = o.arithmetic.gamma(o.outputs[t][f].len() + 8) * through.scale;
        only_skip(t, f).then(|| Judgement::equal(through.value, own, through.bound + sums))
    })
}

fn no_norm<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    if is_normalised(o) {
        return Vec::new();
    }
    each_intermediate(o, |t, f, j| {
        let (through, passage, own) = (o.node_through(t, j, Some(f)), o.passages[t][f]?, o.edge_cost(t, f));
        Some(Judgement::equal(through.value, own.value, through.bound + passage.bound + own.bound))
    })
}

fn none_edge<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    each_intermediate(o, |t, f, j| {
        let seen = o.seen(&consumer_key(t, j, Some(f)));
        let nothing = o.case.present(t, f) == [Operation::None];
        nothing.then(|| Judgement::zero(seen.products().map(f64::abs).sum(), 0.0))
    })
}

/// A minimal cell's costs through edge 4, for a reader.
pub(super) fn through_edge_4(o: &NetworkObservation) -> Value {
    let cost = |e: usize| o.through(0, e, Some(4)).value;
    let seen = |key: &str| o.trace().at(key).map(|seen: &Seen| json!({"value": seen.value, "gradient": seen.gradient}));
    let edge = |e: usize| o.case.present(0, e).first().map_or("none", |o| o.name());
    json!({
        "operations": (0..5).map(edge).collect::<Vec<_>>(),
        "x": o.case.x, "labels": o.case.labels, "channels": o.case.settings.channels,
        "parameters": o.case.parameters.iter().collect::<std::collections::BTreeMap<_, _>>(),
        "X_0": o.outputs[0][0], "X_1": o.outputs[0][1],
        "node 2 to edge 4": seen(&consumer_key(0, 2, Some(4))),
        "C_0 through edge 4": cost(0), "C_1 through edge 4": cost(1), "sum": cost(0) + cost(1),
    })
}

fn example(plan: Plan, judge: Judge<NetworkObservation>) -> Witness {
    let case = plan.build();
    Witness::judged::<NetworkObservation>(&Arc::new(case.clone()), judge, through_edge_4).with_case(case)
}

/// Two live edges into node 2, both skips: each costs what the other saves.
fn literal() -> Witness {
    use Operation::{DilConv3x3, None, SkipConnect};
    let plan = Plan::minimal([SkipConnect, SkipConnect, None, None, DilConv3x3]);
    example(Plan { seed: LITERAL_SEED, ..with_extent(plan) }, |o| single_edge(o, |_| true))
}

/// The same with a skip on edge 4.
fn skip_passes() -> Witness {
    use Operation::{None, SkipConnect};
    let plan = Plan::minimal([SkipConnect, SkipConnect, None, None, SkipConnect]);
    example(Plan { seed: SKIP_SEED, ..with_extent(plan) }, |o| node_total(o, |_| true))
}

fn bn_mixes_samples() -> Witness {
    use Operation::{DilConv3x3, None, SkipConnect};
    let plan = Plan::minimal([SkipConnect, None, None, None, DilConv3x3]);
    example(Plan { seed: SAMPLE_SEED, ..with_extent(plan) }, per_sample)
}

fn with_extent(plan: Plan) -> Plan {
    Plan { input: crate::tensor::op::Image { n: 3, h: 1, w: 1, c: 1 }, ..plan }
}

/// Streams whose integers make the smallest examples.
const LITERAL_SEED: u64 = 0;
const SKIP_SEED: u64 = 0;
const SAMPLE_SEED: u64 = 0;
