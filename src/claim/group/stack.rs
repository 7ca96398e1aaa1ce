//! Corollary 1.2: what a cell's costs sum to, in a stack.

use super::PATH;
use crate::{
    claim::{
        Claim,
        judgement::{Amount, Judgement},
        observe::network::NetworkObservation,
        strategy::plan::Plan,
        witness::Witness,
    },
    cost::case::Case,
    normalisation::{NormSettings, Normalisation},
    operation::{Operation, Order},
    tensor::Element,
};
use serde_json::{Value, json};

const SOURCE: &str = "Corollary 1.2";

pub fn claims() -> Vec<Claim> {
    let network = |id, source, statement, check| Claim::new(id, source, statement, PATH, check);
    let no_eps = |claim: Claim| claim.when("ε = 0").proved("Corollary12.output_edges_sum_to_0").witness(eps_passes);
    vec![
        no_eps(network(
            "cor12-output-edges",
            SOURCE,
            "the costs of the second-last cell sum to zero: at its output edges",
            in_both!(Network, |o| output_edges(o, |o, t| t + 2 == o.cells(), |_| true)),
        ))
        .cross_checked(),
        no_eps(network(
            "cor12-every-inner-cell",
            SOURCE,
            "the same for every cell but the last, at any depth",
            in_both!(Network, |o| { output_edges(o, |o, t| t + 1 < o.cells(), |_| true) }),
        )),
        no_eps(
            network(
                "cor12-each-reader",
                SOURCE,
                "the same through each of the two cells that read the output, by itself",
                in_both!(Network, each_reader),
            )
            .proved("CellCost.theorem_1_in_network"),
        ),
        network(
            "cor12-all-edges",
            SOURCE,
            "the costs of all edges of the second-last cell sum to zero",
            in_both!(Network, all_edges),
        )
        .when("ε = 0; no skip on an intermediate edge of the cell")
        .proved("Corollary12.all_edges_sum_to_0_without_skip")
        .cross_checked()
        .witness(skip_inside),
        network(
            "cor12-skip-law",
            SOURCE,
            "all edges of a cell sum to what reaches its output, and the costs of the skips on its \
intermediate edges",
            in_both!(Network, skip_law),
        )
        .when("ε = 0")
        .proved("Corollary12.corollary_1_2")
        .cross_checked()
        .witness(eps_passes),
        network(
            "cor12-any-eps",
            SOURCE,
            "for every ε, all edges of a cell sum to what reaches its output, the residuals of the \
units that read it, and what its intermediate edges let through",
            in_both!(Network, |o| law(o, |_, _| true)),
        )
        .proved("Corollary12.corollary_1_2_eps")
        .cross_checked(),
        network(
            "cor12-last-cell",
            "Corollary 1.2, Fig. 9",
            "the last cell's costs do not sum to zero: they sum to L − H, less the bias term, and \
the skips' costs",
            in_both!(Network, |o| law(o, |o, t| t + 1 == o.cells())),
        )
        .proved("Corollary12.corollary_1_2_eps")
        .proved("Corollary12.last_output_cost")
        .cross_checked(),
        network(
            "cor12-last-cell-zero",
            "Corollary 1.2, Fig. 9",
            "the last cell's costs sum to zero as the second-last's do",
            in_both!(Network, last_is_zero),
        )
        .refuted("they sum to C = L − H (cor12-last-cell)")
        .proved("Refuted.last_cell_does_not_sum_to_0")
        .witness(last_cell),
        network(
            "cor12-single-node",
            SOURCE,
            "each output edge of an inner cell costs nothing by itself",
            in_both!(Network, single_node),
        )
        .refuted("only the sum over the cell's nodes vanishes")
        .proved("Instances.plain_cell_node_is_not_0")
        .witness(one_node),
        network(
            "cor12-per-sample",
            SOURCE,
            "an inner cell's output edges sum to zero for each sample by itself",
            in_both!(Network, per_sample),
        )
        .when("ε = 0; layer, instance or group norm")
        .proved("Corollary12Samples.output_edges_sum_to_0_by_sample")
        .witness(bn_mixes_samples),
        no_eps(network(
            "cor12-conv-relu-norm",
            "sect. 8.2",
            "Corollary 1.2 under Conv-ReLU-norm",
            in_both!(Network, |o| {
                output_edges(o, |o, t| t + 1 < o.cells(), |case| case.settings.order == Order::ConvReluNorm)
            }),
        )),
        no_eps(network(
            "cor12-conv-norm-relu",
            "sect. 8.2",
            "Corollary 1.2 under Conv-norm-ReLU",
            in_both!(Network, |o| {
                output_edges(o, |o, t| t + 1 < o.cells(), |case| case.settings.order == Order::ConvNormRelu)
            }),
        )),
    ]
}

pub(super) fn is_normalised<E: Element>(o: &NetworkObservation<E>) -> bool {
    o.case.settings.norm.kind != Normalisation::None
}

/// The bound on what reaches a cell's output: from its readers, added up.
pub(super) fn reaching<E: Element>(o: &NetworkObservation<E>, t: usize) -> Amount {
    let (units, head) = (o.units(t), o.from_head(t));
    let reaching = units + head;
    Amount { bound: reaching.bound + o.arithmetic.gamma(8) * o.output_edges(t).scale, ..reaching }
}

fn output_edges<E: Element>(
    o: &NetworkObservation<E>,
    which: impl Fn(&NetworkObservation<E>, usize) -> bool,
    only: impl Fn(&Case) -> bool,
) -> Vec<Judgement> {
    if !is_normalised(o) || !only(&o.case) {
        return Vec::new();
    }
    let judge = |t| {
        let sum = o.output_edges(t);
        Judgement::zero(sum.value, sum.bound + reaching(o, t).bound).when(o.case.settings.norm.eps == 0.0)
    };
    (0..o.cells()).filter(|t| which(o, *t)).map(judge).collect()
}

fn each_reader<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    let reader = |(t, side): (usize, usize)| {
        let passage = o.units[t][side]?;
        let name = format!("cell{}.pre{}", t + 1 + side, 1 - side);
        let seen = o.trace().at(&crate::network::output_key(t, &name))?;
        let cost = Amount::dot(&seen.gradient, &seen.value);
        Some(Judgement::zero(cost.value, cost.bound + passage.bound).when(o.case.settings.norm.eps == 0.0))
    };
    (0..o.cells()).flat_map(|t| [(t, 0), (t, 1)]).filter_map(reader).collect()
}

/// Σ_e C_e = what reaches the output + what the intermediate edges let through.
fn law<E: Element>(o: &NetworkObservation<E>, which: impl Fn(&NetworkObservation<E>, usize) -> bool) -> Vec<Judgement> {
    if !is_normalised(o) {
        return Vec::new();
    }
    let judge = |t| {
        let (all, expected) = (o.all_edges(t), reaching(o, t) + o.handed_on(t));
        Judgement::equal(all.value, expected.value, all.bound + expected.bound)
    };
    (0..o.cells()).filter(|t| which(o, *t)).map(judge).collect()
}

fn all_edges<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    if !is_normalised(o) || o.cells() < 2 || o.case.settings.norm.eps > 0.0 {
        return Vec::new();
    }
    let t = o.cells() - 2;
    let (all, expected) = (o.all_edges(t), reaching(o, t) + o.handed_on(t));
    let without_skip = o.intermediate().iter().all(|e| !o.has_skip(t, *e));
    vec![Judgement::zero(all.value, all.bound + expected.bound).when(without_skip)]
}

/// Σ_e C_e = what reaches the output + Σ over intermediate edges of the skip's cost.
fn skip_law<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    if !is_normalised(o) {
        return Vec::new();
    }
    let judge = |t| {
        let (all, expected, head) = (o.all_edges(t), reaching(o, t) + o.handed_on(t), o.from_head(t));
        let skips: f64 = o.intermediate().iter().map(|e| o.skip_cost(t, *e)).sum();
        Judgement::equal(all.value, head.value + skips, all.bound + expected.bound)
            .when(o.case.settings.norm.eps == 0.0)
    };
    (0..o.cells()).map(judge).collect()
}

fn last_is_zero<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    let t = o.cells() - 1;
    let (all, expected) = (o.all_edges(t), reaching(o, t) + o.handed_on(t));
    if is_normalised(o) { vec![Judgement::zero(all.value, all.bound + expected.bound)] } else { Vec::new() }
}

fn single_node<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    if !is_normalised(o) || o.case.settings.norm.eps > 0.0 {
        return Vec::new();
    }
    let node = |t: usize| {
        let bound = o.output_edges(t).bound + reaching(o, t).bound;
        o.topology()
            .output()
            .iter()
            .map(move |j| Judgement::zero(o.node_through(t, *j, None).value, bound))
            .collect::<Vec<_>>()
    };
    (0..o.cells() - 1).flat_map(node).collect()
}

fn per_sample<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    let inner = |o: &NetworkObservation<E>| output_edges(o, |o, t| t + 1 < o.cells(), |_| true);
    let samples = (0..o.case.settings.input.n).filter_map(|b| o.sample(b).ok());
    match o.case.settings.norm.kind {
        Normalisation::Batch => {
            let bounds: Vec<f64> = inner(o).iter().map(|j| j.bound).collect();
            let of = |o: NetworkObservation<E>| {
                let costs = (0..o.cells() - 1).map(|t| o.output_edges(t).value).collect::<Vec<_>>();
                costs
                    .into_iter()
                    .zip(bounds.clone())
                    .map(|(cost, bound)| Judgement::zero(cost, bound).when(false))
                    .collect::<Vec<_>>()
            };
            samples.flat_map(of).collect()
        }
        _ => samples.flat_map(|o| inner(&o)).collect(),
    }
}

/// A stack of minimal cells for a reader: the first cell's costs.
fn first_cell(o: &NetworkObservation) -> Value {
    let costs: Vec<f64> = (0..5).map(|e| o.edge_cost(0, e).value).collect();
    let nodes: Vec<f64> = o.topology().output().iter().map(|j| o.node_through(0, *j, None).value).collect();
    let edge = |e: usize| o.case.present(0, e).first().map_or("none", |o| o.name());
    json!({
        "cells": o.cells(), "eps": o.case.settings.norm.eps, "operations": (0..5).map(edge).collect::<Vec<_>>(),
        "x": o.case.x, "labels": o.case.labels,
        "parameters": o.case.parameters.iter().collect::<std::collections::BTreeMap<_, _>>(),
        "C_e of the first cell": costs, "sum": costs.iter().sum::<f64>(),
        "output edges": nodes, "L − H": o.evaluation.losses.means()[2],
    })
}

fn stacked(cells: usize, operations: [Operation; 5]) -> Plan {
    Plan { cells, ..Plan::minimal(operations) }
}

/// In the first of two cells, a skip on edge 4.
fn skip_inside() -> Witness {
    use Operation::{None, SkipConnect};
    Witness::first(stacked(2, [None, SkipConnect, SkipConnect, None, SkipConnect]), all_edges, first_cell)
}

/// ε = 1 lets something through.
fn eps_passes() -> Witness {
    use Operation::{None, SkipConnect};
    let plan = stacked(2, [SkipConnect, None, None, SkipConnect, None]);
    let norm = NormSettings { eps: 1.0, ..plan.norm };
    Witness::first(Plan { norm, ..plan }, |o| output_edges(o, |o, t| t + 1 < o.cells(), |_| true), first_cell)
}

fn last_cell() -> Witness {
    use Operation::{None, SkipConnect};
    Witness::first(stacked(1, [SkipConnect, None, None, SkipConnect, None]), last_is_zero, first_cell)
}

fn one_node() -> Witness {
    use Operation::{None, SkipConnect};
    Witness::first(stacked(2, [SkipConnect, None, None, SkipConnect, None]), single_node, first_cell)
}

fn bn_mixes_samples() -> Witness {
    use Operation::{None, SkipConnect};
    Witness::first(stacked(2, [SkipConnect, None, None, SkipConnect, None]), per_sample, first_cell)
}
