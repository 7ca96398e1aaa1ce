//! Eq. 16 and Fig. 19: instance norm, whose outputs sum to zero over the image, before a head that
//! averages over it.

use crate::{
    claim::{
        Claim, judgement::Judgement, observe::network::NetworkObservation, rounding::flat::FlatBounds,
        strategy::plan::Plan, witness::Witness,
    },
    normalisation::{AffineLayout, NormSettings, Normalisation},
    operation::{Operation, Order},
    tensor::Element,
};
use serde_json::json;

const SUMS: &str = "Σ_{b,c} |∂L/∂X_p| n γ (1 + κ) for the sums over the image, and γ Σ|g x|";
const FLAT: &str = "along the path: r |a| γ (2 + κ max|x̂|) of noise from a flat gradient a, r (2 + max \
x̂²) of noise through a norm, the largest column sum of |W| through a convolution; \
times Σ|X_e|";
const ORDER: &str = "ReLU-Conv-norm or Conv-ReLU-norm: a ReLU after the norm destroys the zero mean";

pub fn claims() -> Vec<Claim> {
    let network = |id, source, statement, bound, check| Claim::new(id, source, statement, bound, check);
    vec![
        network(
            "eq16-in-affine-off",
            "eq. 16",
            "with affine-disabled instance norm the cost of every edge through the last cell's \
output is zero",
            SUMS,
            in_both!(Network, output_path),
        )
        .proved("InstanceNorm.eq16_path_cost")
        .when(ORDER)
        .cross_checked()
        .witness(relu_last),
        network(
            "eq16-every-edge",
            "eq. 16, Fig. 19",
            "with affine-disabled instance norm every edge of every cell costs zero, for every \
operation, skips included",
            FLAT,
            in_both!(Network, every_edge),
        )
        .proved("InstanceNormCosts.every_edge_costs_0")
        .when(ORDER)
        .cross_checked()
        .witness(relu_last),
        network(
            "eq16-logits",
            "eq. 16",
            "with affine-disabled instance norm the logits are the classifier's bias, whatever the \
image",
            SUMS,
            in_both!(Network, logits),
        )
        .proved("InstanceNorm.logits_are_0")
        .when(ORDER)
        .witness(logits_move)
        .read("the reason is degenerate: nothing is learnt, L = H = log K without a bias"),
        network(
            "sect81-in-affine",
            "sect. 8.1",
            "with affine-enabled instance norm (γ, β for each channel) the logits are the same for \
every sample",
            SUMS,
            in_both!(Network, same_logits),
        )
        .proved("InstanceNorm.logits_agree")
        .when(ORDER)
        .witness(samples_differ)
        .read(
            "the costs are not those of batch norm, as section 8.1 has it: Theorem 1 holds, but \
nothing depends on the input",
        ),
    ]
}

fn is_instance<E: Element>(o: &NetworkObservation<E>) -> bool {
    o.case.settings.norm.kind == Normalisation::Instance
}

fn is_linear_last<E: Element>(o: &NetworkObservation<E>) -> bool {
    o.case.settings.order != Order::ConvNormRelu
}

fn output_path<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    if !is_instance(o) || o.case.settings.norm.affine.is_some() {
        return Vec::new();
    }
    let (t, c) = (o.cells() - 1, o.case.settings.channels);
    let (_, sums) = FlatBounds::new(o).sums(t);
    let judge = |(e, [_, j]): (usize, &[usize; 2])| {
        let through = o.through(t, e, None);
        let Some(seen) = o.trace().at(&crate::network::consumer_key(t, *j, None)) else {
            return Judgement::zero(0.0, 0.0);
        };
        let per_sample = seen.value.len() / seen.shape[0];
        let flat: f64 = sums[e]
            .iter()
            .enumerate()
            .map(|(slot, sum)| seen.gradient[slot / c * per_sample + slot % c].abs() * sum)
            .sum();
        Judgement::zero(through.value, through.bound + flat).when(is_linear_last(o))
    };
    o.topology().edges().iter().enumerate().map(judge).collect()
}

fn every_edge<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    if !is_instance(o) || o.case.settings.norm.affine.is_some() {
        return Vec::new();
    }
    let mut judgements = Vec::new();
    for (t, bounds) in FlatBounds::new(o).edge_costs().into_iter().enumerate() {
        for (e, bound) in bounds.into_iter().enumerate() {
            judgements.push(Judgement::zero(o.edge_cost(t, e).value, bound).when(is_linear_last(o)));
        }
    }
    judgements
}

/// How far Y_bn may be from what a zero mean over the image makes of it, for each sample and class.
fn logit_bounds<E: Element>(o: &NetworkObservation<E>) -> Vec<Vec<f64>> {
    let (t, settings) = (o.cells() - 1, &o.case.settings);
    let (nodes, _) = FlatBounds::new(o).sums(t);
    let (c, k, pixels) = (settings.channels, settings.classes, (settings.input.h * settings.input.w) as f64);
    let weights = &o.case.parameters["classifier.weight"];
    let head = o.seen(&crate::network::output_key(t, "head"));
    let (width, per_sample) = (head.shape[3], head.value.len() / head.shape[0]);
    let rounding = o.arithmetic.gamma(per_sample / width + width + k + 8);
    let bound = |b: usize, n: usize| {
        let term = |(part, channel): (usize, usize)| {
            let at = part * c + channel;
            let size: f64 = (0..per_sample / width).map(|d| head.value[b * per_sample + d * width + at].abs()).sum();
            let node = settings.topology.output()[part];
            weights[at * k + n].abs() * (nodes[node][b * c + channel] + rounding * size) / pixels
        };
        let bias = o.case.parameters.get("classifier.bias").map_or(0.0, |bias| bias[n].abs());
        (0..settings.topology.output().len())
            .flat_map(|part| (0..c).map(move |channel| (part, channel)))
            .map(term)
            .sum::<f64>()
            + 2.0 * o.arithmetic.unit * bias
    };
    (0..settings.input.n).map(|b| (0..k).map(|n| bound(b, n)).collect()).collect()
}

fn logits<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    if !is_instance(o) || o.case.settings.norm.affine.is_some() {
        return Vec::new();
    }
    let bounds = logit_bounds(o);
    let judge = |((b, n), y): ((usize, usize), &f64)| {
        let bias = o.case.parameters.get("classifier.bias").map_or(0.0, |bias| bias[n]);
        Judgement::equal(*y, bias, bounds[b][n]).when(is_linear_last(o))
    };
    o.evaluation.logits.indexed_iter().map(judge).collect()
}

/// γ x̂ + β averages to β over the image, for one γ and β a channel, and skips hand that on.
fn same_logits<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    if !is_instance(o) || o.case.settings.norm.affine != Some(AffineLayout::Channel) {
        return Vec::new();
    }
    let bounds = logit_bounds(o);
    let judge = |((b, n), y): ((usize, usize), &f64)| {
        Judgement::equal(*y, o.evaluation.logits[[0, n]], bounds[b][n] + bounds[0][n]).when(is_linear_last(o))
    };
    o.evaluation.logits.indexed_iter().filter(|((b, _), _)| *b > 0).map(judge).collect()
}

/// Instance norm on two pixels, ReLU last, one convolution into node 3.
fn with_relu_last(n: usize, affine: Option<AffineLayout>) -> Plan {
    use Operation::{DilConv3x3, None};
    Plan {
        norm: NormSettings { kind: Normalisation::Instance, eps: 0.0, affine },
        order: Order::ConvNormRelu,
        input: crate::tensor::op::Image { n, h: 1, w: 3, c: 1 },
        ..Plan::minimal([None, None, DilConv3x3, None, None])
    }
}

fn shown(o: &NetworkObservation) -> serde_json::Value {
    let logits: Vec<Vec<f64>> = o.evaluation.logits.outer_iter().map(|row| row.to_vec()).collect();
    json!({
        "order": "conv_norm_relu", "operation on edge 2": "dil_conv_3x3", "x": o.case.x, "labels": o.case.labels,
        "parameters": o.case.parameters.iter().collect::<std::collections::BTreeMap<_, _>>(),
        "X_2": o.outputs[0][2], "C_2": o.through(0, 2, None).value, "logits": logits,
    })
}

/// After ReLU the mean is not zero.
fn relu_last() -> Witness {
    Witness::first(with_relu_last(1, None), output_path, shown)
}

fn logits_move() -> Witness {
    Witness::first(with_relu_last(1, None), logits, shown)
}

fn samples_differ() -> Witness {
    Witness::first(with_relu_last(2, Some(AffineLayout::Channel)), same_logits, shown)
}
