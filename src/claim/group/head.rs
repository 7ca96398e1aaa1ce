//! Theorem 2 on whole networks: C = L − H at the last cell's output.

use super::PATH;
use crate::{
    claim::{
        Check, Claim,
        judgement::{Amount, Judgement},
        observe::network::NetworkObservation,
        rounding::head::Head,
        strategy::plan::Plan,
        witness::Witness,
    },
    network::output_key,
    operation::{Operation, Order},
    tensor::Element,
};
use serde_json::json;

const SOURCE: &str = "Theorem 2, eq. 12";
const BOUND: &str = "γ_{2s+D+C+K+9} Σ_n (p_n + y_n) (|Y_n| + (|W| |X_p|)_n) for softmax, classifier and pooling, s = 4 K + \
4 ⌈R⌉ + 9 for logits R apart, plus γ Σ|g x|";

pub fn claims() -> Vec<Claim> {
    let network = |id, source, statement, check| Claim::new(id, source, statement, BOUND, check);
    let mut claims = vec![
        network(
            "thm2-per-sample",
            SOURCE,
            "B ⟨∂L/∂X₄, X₄⟩_b = L_b − H_b for each sample",
            in_both!(Network, |o| { per_sample(o, false) }),
        )
        .when("the classifier has no bias")
        .witness(with_bias)
        .proved("Theorem2Head.theorem_2_sample")
        .cross_checked(),
        network(
            "thm2-batch",
            SOURCE,
            "C_Z = Σ_{b,c,d} ∂L/∂X₄ X₄ = L − H for the batch",
            in_both!(Network, |o| { batch(o, false) }),
        )
        .when("the classifier has no bias")
        .witness(with_bias)
        .proved("Theorem2Head.theorem_2")
        .cross_checked(),
        network(
            "thm2-bias",
            SOURCE,
            "with a bias b in the classifier, C_Z = L − H − Σ_n (p_n − y_n) b_n, per sample",
            in_both!(Network, |o| per_sample(o, true)),
        )
        .proved("Theorem2Head.theorem_2_bias")
        .cross_checked(),
        Claim::new(
            "thm2-output-edges",
            SOURCE,
            "L − H, less the bias term, is the cost of the last cell's output edges together",
            PATH,
            in_both!(Network, output_edges),
        )
        .proved("Corollary12.last_output_cost")
        .cross_checked(),
        network(
            "eq13-gradient",
            "eq. 13",
            "∂L/∂X₄ = 1/(BD) (Σ_n p_n w_cn − w_cn_b) at every pixel",
            in_both!(Network, gradient),
        )
        .read("with −w_cn_b outside the sum over n")
        .proved("Theorem2Head.head_grad_correct")
        .cross_checked(),
    ];
    let orders: [(&str, Check); 2] = [
        ("thm2-conv-relu-norm", in_both!(Network, |o| ordered(o, Order::ConvReluNorm))),
        ("thm2-conv-norm-relu", in_both!(Network, |o| ordered(o, Order::ConvNormRelu))),
    ];
    claims.extend(orders.map(|(id, check)| {
        network(id, "sect. 8.2", "Theorem 2 under another stacking order", check).proved("Theorem2Head.theorem_2_bias")
    }));
    claims
}

/// What the head hands to X₄ against L − H, less the bias term if it is asked for.
fn per_sample<E: Element>(o: &NetworkObservation<E>, corrected: bool) -> Vec<Judgement> {
    let cost = o.evaluation.losses.cost();
    let judge = |(b, head): (usize, &Amount)| {
        let bias = if corrected { o.evaluation.bias_terms[b] } else { 0.0 };
        Judgement::equal(head.value, cost[b] - bias, head.bound).when(corrected || !o.case.settings.bias)
    };
    o.head.iter().enumerate().map(judge).collect()
}

fn batch<E: Element>(o: &NetworkObservation<E>, corrected: bool) -> Vec<Judgement> {
    let [_, _, mean] = o.evaluation.losses.means();
    let batch = o.head.len() as f64;
    let sum: Amount = o.head.iter().copied().sum();
    let bias = if corrected { o.evaluation.bias_terms.iter().sum::<f64>() / batch } else { 0.0 };
    let means = o.evaluation.losses.means()[0].abs() + o.evaluation.losses.means()[1].abs();
    let rounding =
        crate::claim::judgement::Arithmetic::of::<f64>().gamma(o.head.len() + 4) * (means + sum.scale / batch);
    vec![
        Judgement::equal(sum.value / batch, mean - bias, sum.bound / batch + rounding)
            .when(corrected || !o.case.settings.bias),
    ]
}

fn ordered<E: Element>(o: &NetworkObservation<E>, order: Order) -> Vec<Judgement> {
    if o.case.settings.order == order { batch(o, true) } else { Vec::new() }
}

fn output_edges<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    let t = o.cells() - 1;
    let (edges, head) = (o.output_edges(t), o.from_head(t));
    vec![Judgement::equal(edges.value, head.value, edges.bound + head.bound)]
}

fn gradient<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    let x = o.seen(&output_key(o.cells() - 1, "head"));
    let head = Head { case: &o.case, batch: o.batch, evaluation: &o.evaluation, arithmetic: o.arithmetic };
    let (c, per_sample) = (x.shape[3], x.value.len() / x.shape[0]);
    let mut judgements = Vec::new();
    for b in 0..x.shape[0] {
        let expected: Vec<Amount> = (0..c).map(|c| head.feature_gradient(x, b, c)).collect();
        for (i, g) in x.gradient[b * per_sample..(b + 1) * per_sample].iter().enumerate() {
            let Amount { value, bound, .. } = expected[i % c];
            judgements.push(Judgement::equal(*g, value, bound));
        }
    }
    judgements
}

/// A bias in the classifier.
fn with_bias() -> Witness {
    use Operation::{None, SkipConnect};
    let plan = Plan { bias: true, ..Plan::minimal([SkipConnect, None, None, SkipConnect, None]) };
    Witness::first(
        plan,
        |o| batch(o, false),
        |o| {
            let [l, h, c] = o.evaluation.losses.means();
            let batch = o.head.len() as f64;
            json!({
                "x": o.case.x, "labels": o.case.labels, "Y": o.evaluation.logits.outer_iter().map(|row| row.to_vec()).collect::<Vec<_>>(),
                "parameters": o.case.parameters.iter().collect::<std::collections::BTreeMap<_, _>>(),
                "L": l, "H": h, "L − H": c, "<dL/dX_4, X_4>": o.head.iter().map(|head| head.value).sum::<f64>() / batch,
                "bias term": o.evaluation.bias_terms.iter().sum::<f64>() / batch,
            })
        },
    )
}
