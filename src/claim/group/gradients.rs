//! Section 2: the α-gradients of DARTS, ProxylessNAS, SNAS and DSNAS in costs.

use crate::{
    claim::{
        Check, Claim,
        judgement::{Arithmetic, Judgement},
        observe::{
            network::NetworkObservation,
            relaxed::{Estimate, RelaxedObservation},
        },
        strategy::plan::Plan,
        witness::Witness,
    },
    cost::case::Evaluation,
    operation::Operation,
    tensor::{Element, Seen},
    theorem::{
        mixture,
        rounding::{alpha_roundings, range, softmax_roundings},
    },
};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use serde_json::json;

pub(super) const BOUND: &str = "2 γ_{2n+4s+K+10} (A_m + p_m Σ_k A_k), A_k = p_k Σ|∂L/∂x_j o_k| of n products, for K operations \
and the s = 4 K + 4 ⌈R⌉ + 9 roundings of the softmax, R the range of its exponents";

pub fn claims() -> Vec<Claim> {
    let relaxed = |id, statement, judge| Claim::new(id, "sect. 2", statement, BOUND, Check::Relaxed(judge));
    let darts = |id, statement, check| Claim::new(id, "sect. 2.1", statement, BOUND, check);
    vec![
        darts(
            "darts-alpha-gradient",
            "DARTS: ∂L/∂α_m = Σ_k ∂Ẑ_k/∂α_m C_k/Ẑ_k = C_m − Ẑ_m Σ_k C_k, with the costs C_k = Ẑ_k \
⟨∂L/∂x_j, o_k⟩",
            in_both!(Network, |o| darts_gradient(o, false)),
        )
        .read("the paper's C(Ẑ) is [∂L/∂Ẑ]_c = ⟨∂L/∂x_j, o_k⟩, without the weight")
        .proved("ArchitectureGradients.darts_alpha_gradient")
        .cross_checked(),
        darts(
            "darts-weighted-reading",
            "DARTS: ∂L/∂α = ∂Ẑ/∂α C(Ẑ) with C the weighted cost Ẑ_k ⟨∂L/∂x_j, o_k⟩",
            in_both!(Network, |o| darts_gradient(o, true)),
        )
        .refuted("C without the weight (darts-alpha-gradient)")
        .proved("ArchitectureGradients.weighted_reading_fails")
        .witness(weighted),
        darts(
            "alpha-gradient-sums-to-zero",
            "Σ_m ∂L/∂α_m = 0 on every edge: only differences of costs move α",
            in_both!(Network, sums_to_zero),
        )
        .proved("ArchitectureGradients.alpha_gradient_sums_to_0"),
        relaxed(
            "proxyless-alpha-gradient",
            "ProxylessNAS: straight through a sample, ∂L/∂α_m = p_m (c_m − Σ_k p_k c_k) with c_k = \
⟨∂L/∂x_j, o_k⟩ for all k",
            |o| {
                compare(
                    o,
                    &o.proxyless,
                    |o, t, e| mixture::proxylessnas(o.case.p()[t].row(e), c(&o.proxyless, t, e).view()),
                    |o, t| [o.case.p()[t].clone(), o.case.p()[t].clone()],
                )
            },
        )
        .read("exact for the straight-through estimator; all operations have to be evaluated")
        .proved("ArchitectureGradients.proxyless_alpha_gradient"),
        relaxed(
            "snas-alpha-gradient",
            "SNAS, pathwise: ∂L/∂α_m = (C_m − Z_m Σ_k C_k)/τ at the sampled Z = softmax((α + G)/τ)",
            |o| {
                let cost = |e: &Estimate, t: usize, edge: usize| &e.z[t].row(edge) * &c(e, t, edge);
                compare(
                    o,
                    &o.snas,
                    |o, t, e| mixture::snas(o.snas.z[t].row(e), cost(&o.snas, t, e).view(), o.case.tau),
                    |o, t| [o.snas.z[t].clone(), &o.snas.z[t] / o.case.tau],
                )
            },
        )
        .proved("ArchitectureGradients.snas_alpha_gradient"),
        relaxed(
            "dsnas-alpha-gradient",
            "DSNAS: one sample s gives ∂ log p_s/∂α_m C(Z_s) = (δ_sm − p_m) C(Z_s)",
            |o| {
                let one = |o: &RelaxedObservation, t: usize, e: usize| {
                    let sample = o.case.sample[t][e];
                    mixture::dsnas(o.case.p()[t].row(e), sample, o.dsnas.c[[t, e, sample]])
                };
                compare(o, &o.dsnas, one, |o, t| [o.case.p()[t].clone(), Array2::ones(o.case.p()[t].dim())])
            },
        )
        .proved("ScoreFunction.log_probability_gradient")
        .proved("ScoreFunction.dsnas_alpha_gradient"),
    ]
}

pub(super) fn c(estimate: &Estimate, t: usize, e: usize) -> Array1<f64> {
    estimate.c.slice(ndarray::s![t, e, ..]).to_owned()
}

/// How far m's gradient may be off, for the scales A_k of costs of so many products each
/// (`AlphaRounding.alpha_check_bound`), and what underflow may lose.
pub(super) fn error(a: Arithmetic, z: ArrayView1<f64>, scale: &Array1<f64>, products: usize, m: usize) -> f64 {
    let roundings = alpha_roundings(products, z.len(), softmax_roundings(z.len(), range(z)));
    2.0 * a.gamma(roundings) * (scale[m] + z[m] * scale.sum()) + a.tiny * roundings as f64
}

/// Every α against a closed form. `weights` are those of the costs, beside the softmax's output.
pub(super) fn compare(
    o: &RelaxedObservation,
    estimate: &Estimate,
    closed: impl Fn(&RelaxedObservation, usize, usize) -> Array1<f64>,
    weights: impl Fn(&RelaxedObservation, usize) -> [Array2<f64>; 2],
) -> Vec<Judgement> {
    let mut judgements = Vec::new();
    for (t, gradient) in estimate.gradient.iter().enumerate() {
        let [z, weights] = weights(o, t);
        for (e, row) in gradient.outer_iter().enumerate() {
            let closed = closed(o, t, e);
            let scale = &weights.row(e) * &estimate.scale.slice(ndarray::s![t, e, ..]);
            let bound = |m| error(Arithmetic::of::<f64>(), z.row(e), &scale, estimate.products, m);
            judgements.extend((0..row.len()).map(|m| Judgement::equal(row[m], closed[m], bound(m))));
        }
    }
    judgements
}

fn darts_gradient<E: Element>(o: &NetworkObservation<E>, weighted: bool) -> Vec<Judgement> {
    each_alpha(o, |z, cost, bound, gradient| {
        let closed = if weighted { mixture::darts_chain(z, cost.view()) } else { mixture::darts(z, cost.view()) };
        (0..z.len()).map(|m| Judgement::equal(gradient[m], closed[m], bound[m])).collect()
    })
}

/// The same from the costs and the gradient of the network as searches run it.
pub(super) fn of_search<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    let Some(searched) = &o.searched else { return Vec::new() };
    let mut judgements = Vec::new();
    for (t, gradient) in alpha_gradients(searched) {
        for (e, row) in gradient.outer_iter().enumerate() {
            let (z, cost) = (o.case.arch[t].row(e), searched.operation_costs.slice(ndarray::s![t, e, ..]));
            let closed = mixture::darts(z, cost);
            // The costs are those that the gradient was made from: no products of their own.
            let scale = cost.mapv(f64::abs);
            let bound = |m| error(o.arithmetic, z, &scale, 0, m);
            judgements.extend((0..row.len()).map(|m| Judgement::equal(row[m], closed[m], bound(m))));
        }
    }
    judgements
}

/// ∂L/∂α by cell, where Z is α's softmax.
fn alpha_gradients(evaluation: &Evaluation) -> impl Iterator<Item = (usize, ArrayView2<'_, f64>)> {
    evaluation.gradients.iter().filter_map(|(name, gradient)| {
        let t = name.strip_prefix("grad.alpha.cell")?.parse().expect("a cell's number");
        Some((t, gradient.view().into_dimensionality::<ndarray::Ix2>().expect("a matrix")))
    })
}

fn sums_to_zero<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    each_alpha(o, |_, _, bound, gradient| vec![Judgement::zero(gradient.sum(), bound.sum())])
}

/// Every edge of a mixture: Z, the operations' costs, what bounds each ∂L/∂α, and ∂L/∂α.
fn each_alpha<E: Element>(
    o: &NetworkObservation<E>,
    judge: impl Fn(ArrayView1<f64>, Array1<f64>, Array1<f64>, ArrayView1<f64>) -> Vec<Judgement>,
) -> Vec<Judgement> {
    let mut judgements = Vec::new();
    for (t, gradient) in alpha_gradients(&o.evaluation) {
        for (e, row) in gradient.outer_iter().enumerate() {
            let seen = |k: usize| o.trace().at(&crate::network::operation_key(t, e, Operation::ALL[k]));
            let cost = Array1::from_shape_fn(row.len(), |k| seen(k).map_or(0.0, Seen::cost));
            let absolute = |seen: &Seen| seen.products().map(f64::abs).sum::<f64>();
            let scale = Array1::from_shape_fn(row.len(), |k| seen(k).map_or(0.0, absolute));
            let products = (0..row.len()).filter_map(seen).map(|seen| seen.value.len()).max().unwrap_or(0);
            let z = o.case.arch[t].row(e);
            let bound = Array1::from_shape_fn(row.len(), |m| error(o.arithmetic, z, &scale, products, m));
            judgements.extend(judge(z, cost, bound, row));
        }
    }
    judgements
}

/// A minimal cell as a mixture: edge 0.
fn weighted() -> Witness {
    let plan = Plan { operations: None, ..Plan::minimal([Operation::None; 5]) };
    Witness::first(
        plan,
        |o| darts_gradient(o, true),
        |o| {
            let (z, gradient) = (o.case.arch[0].row(0), &o.evaluation.gradients.last().expect("of α").1);
            let cost = o.evaluation.operation_costs.slice(ndarray::s![0, 0, ..]).to_owned();
            json!({
                "Z": z.to_vec(), "C_k = Z_k <dL/dx_j, o_k>": cost.to_vec(), "dL/dalpha": gradient.iter().take(z.len()).collect::<Vec<_>>(),
                "with the weighted cost": mixture::darts_chain(z, cost.view()).to_vec(), "without the weight": mixture::darts(z, cost.view()).to_vec(),
            })
        },
    )
}
