//! How claims about the edges of a cell are judged.

use crate::{
    claim::{
        judgement::{Amount, Judgement},
        observe::network::NetworkObservation,
    },
    cost::case::Case,
    network::consumer_key,
    normalisation::Normalisation,
    operation::Operation,
    tensor::Element,
};

pub fn two_ways<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    let mut judgements = Vec::new();
    for ((t, e, k), by_product) in o.evaluation.operation_costs.indexed_iter() {
        let Some(traced) = o.operation_cost(t, e, Operation::ALL[k]) else { continue };
        judgements.push(Judgement::equal(*by_product, traced.value, traced.bound));
    }
    judgements
}

pub fn conserved<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
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
pub fn each_intermediate<E: Element>(
    o: &NetworkObservation<E>,
    judge: impl Fn(usize, usize, usize) -> Option<Judgement>,
) -> Vec<Judgement> {
    let edges = o.intermediate();
    let judge = &judge;
    let one = |t| edges.iter().filter_map(move |f| judge(t, *f, o.topology().edges()[*f][0])).collect::<Vec<_>>();
    (0..o.cells()).flat_map(one).collect()
}

pub fn is_normalised<E: Element>(o: &NetworkObservation<E>) -> bool {
    o.case.settings.norm.kind != Normalisation::None
}

pub fn passage<E: Element>(o: &NetworkObservation<E>, only: impl Fn(&Case) -> bool) -> Vec<Judgement> {
    if !is_normalised(o) || !only(&o.case) {
        return Vec::new();
    }
    each_intermediate(o, |t, f, j| {
        let (through, passage) = (o.node_through(t, j, Some(f)), o.passages[t][f]?);
        Some(Judgement::equal(through.value, passage.value, through.bound + passage.bound))
    })
}

pub fn mixture<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    if o.case.alpha.is_none() || o.case.settings.norm.eps > 0.0 || !is_normalised(o) {
        return Vec::new();
    }
    each_intermediate(o, |t, f, j| {
        let (through, passage) = (o.node_through(t, j, Some(f)), o.passages[t][f]?);
        Some(Judgement::equal(through.value, o.skip_cost(t, f), through.bound + passage.bound))
    })
}

pub fn node_total<E: Element>(o: &NetworkObservation<E>, only: impl Fn(&Case) -> bool) -> Vec<Judgement> {
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
pub fn single_edge<E: Element>(o: &NetworkObservation<E>, live: impl Fn(usize) -> bool) -> Vec<Judgement> {
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

pub fn per_sample<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
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

pub fn sample_total<E: Element>(
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

pub fn skip<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    let only_skip = |t: usize, f: usize| o.case.present(t, f) == [Operation::SkipConnect];
    each_intermediate(o, |t, f, j| {
        let through = o.node_through(t, j, Some(f));
        let own = o.evaluation.operation_costs[[t, f, Operation::SkipConnect.index()]];
        let sums = o.arithmetic.gamma(o.outputs[t][f].len() + 8) * through.scale;
        only_skip(t, f).then(|| Judgement::equal(through.value, own, through.bound + sums))
    })
}

pub fn no_norm<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    if is_normalised(o) {
        return Vec::new();
    }
    each_intermediate(o, |t, f, j| {
        let (through, passage, own) = (o.node_through(t, j, Some(f)), o.passages[t][f]?, o.edge_cost(t, f));
        Some(Judgement::equal(through.value, own.value, through.bound + passage.bound + own.bound))
    })
}

pub fn none_edge<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    each_intermediate(o, |t, f, j| {
        let seen = o.seen(&consumer_key(t, j, Some(f)));
        let nothing = o.case.present(t, f) == [Operation::None];
        nothing.then(|| Judgement::zero(seen.products().map(f64::abs).sum(), 0.0))
    })
}
