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
    theorem::{
        mixture,
        rounding::{U64, gamma},
    },
};
use ndarray::{Array1, Array2, ArrayView1};
use serde_json::json;

const BOUND: &str = "p_m (e_m + Σ_k p_k e_k) with e_k = γ Σ|∂L/∂x_j o_k| for the costs, and γ_{K+10} (1 + R) \
p_m (|c_m| + Σ_k p_k |c_k|) for the softmax, R the range of its exponents";

pub fn claims() -> Vec<Claim> {
    let relaxed = |id, statement, judge| Claim::new(id, "sect. 2", statement, BOUND, Check::Relaxed(judge));
    let darts = |id, statement, judge| Claim::new(id, "sect. 2.1", statement, BOUND, Check::Network(judge));
    vec![
        darts(
            "darts-alpha-gradient",
            "DARTS: ∂L/∂α_m = Σ_k ∂Ẑ_k/∂α_m C_k/Ẑ_k = C_m − Ẑ_m Σ_k C_k, with the costs C_k = Ẑ_k \
⟨∂L/∂x_j, o_k⟩",
            |o| darts_gradient(o, false),
        )
        .read("the paper's C(Ẑ) is [∂L/∂Ẑ]_c = ⟨∂L/∂x_j, o_k⟩, without the weight")
        .proved("ArchitectureGradients.darts_alpha_gradient")
        .cross_checked(),
        darts(
            "darts-weighted-reading",
            "DARTS: ∂L/∂α = ∂Ẑ/∂α C(Ẑ) with C the weighted cost Ẑ_k ⟨∂L/∂x_j, o_k⟩",
            |o| darts_gradient(o, true),
        )
        .refuted("C without the weight (darts-alpha-gradient)")
        .witness(weighted),
        darts(
            "alpha-gradient-sums-to-zero",
            "Σ_m ∂L/∂α_m = 0 on every edge: only differences of costs move α",
            sums_to_zero,
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
                    |o, t| o.case.p()[t].clone(),
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
                    |o, t| &o.snas.z[t] / o.case.tau,
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
                compare(o, &o.dsnas, one, |o, t| Array2::ones(o.case.p()[t].dim()))
            },
        )
        .proved("ScoreFunction.log_probability_gradient")
        .proved("ScoreFunction.dsnas_alpha_gradient"),
        relaxed(
            "proxyless-equals-darts",
            "ProxylessNAS approximates DARTS: the sampled network's costs give the mixture's gradient",
            |o| {
                // SNAS at the same sample stands for a mixture: its costs are those of another network.
                compare_with(o, |o, t, e| mixture::proxylessnas(o.case.p()[t].row(e), c(&o.snas, t, e).view()))
            },
        )
        .refuted(
            "exact for the straight-through estimator of the sampled network; the mixture has other \
costs",
        ),
    ]
}

fn c(estimate: &Estimate, t: usize, e: usize) -> Array1<f64> {
    estimate.c.slice(ndarray::s![t, e, ..]).to_owned()
}

/// The range of a softmax's exponents, from its outputs.
fn range(p: ArrayView1<f64>) -> f64 {
    p.iter().map(|p| p.max(f64::MIN_POSITIVE).ln().abs()).fold(0.0, f64::max)
}

/// How far m's gradient may be off, for weights w (p, or Z/τ) and c with errors.
fn error(w: ArrayView1<f64>, c: ArrayView1<f64>, c_error: ArrayView1<f64>, m: usize) -> f64 {
    let softmax = gamma(c.len() + 10, U64) * (1.0 + range(w));
    let mean = |v: ArrayView1<f64>| w.iter().zip(v).map(|(w, v)| w * v.abs()).sum::<f64>();
    2.0 * w[m] * (c_error[m] + mean(c_error) + softmax * (c[m].abs() + mean(c)))
}

fn compare(
    o: &RelaxedObservation,
    estimate: &Estimate,
    closed: impl Fn(&RelaxedObservation, usize, usize) -> Array1<f64>,
    weights: impl Fn(&RelaxedObservation, usize) -> Array2<f64>,
) -> Vec<Judgement> {
    let mut judgements = Vec::new();
    for (t, gradient) in estimate.gradient.iter().enumerate() {
        let weights = weights(o, t);
        for (e, row) in gradient.outer_iter().enumerate() {
            let (closed, c_error) = (closed(o, t, e), estimate.c_error.slice(ndarray::s![t, e, ..]).to_owned());
            let c = c(estimate, t, e);
            for m in 0..row.len() {
                judgements.push(Judgement::equal(
                    row[m],
                    closed[m],
                    error(weights.row(e), c.view(), c_error.view(), m),
                ));
            }
        }
    }
    judgements
}

fn compare_with(
    o: &RelaxedObservation,
    closed: impl Fn(&RelaxedObservation, usize, usize) -> Array1<f64>,
) -> Vec<Judgement> {
    compare(o, &o.proxyless, closed, |o, t| o.case.p()[t].clone())
}

fn darts_gradient(o: &NetworkObservation, weighted: bool) -> Vec<Judgement> {
    each_alpha(o, |z, cost, scale, gradient| {
        let closed = if weighted { mixture::darts_chain(z, cost.view()) } else { mixture::darts(z, cost.view()) };
        let rounding = Arithmetic::of::<f64>().gamma(40) * (1.0 + range(z));
        let total: f64 = scale.iter().sum();
        (0..z.len()).map(|m| Judgement::equal(gradient[m], closed[m], rounding * (scale[m] + z[m] * total))).collect()
    })
}

fn sums_to_zero(o: &NetworkObservation) -> Vec<Judgement> {
    each_alpha(o, |z, _, scale, gradient| {
        let rounding = Arithmetic::of::<f64>().gamma(40) * (1.0 + range(z));
        vec![Judgement::zero(gradient.sum(), 2.0 * rounding * scale.iter().sum::<f64>())]
    })
}

/// Every edge of a mixture: Z, the operations' costs, what bounds them, and ∂L/∂α.
fn each_alpha(
    o: &NetworkObservation,
    judge: impl Fn(ArrayView1<f64>, Array1<f64>, Vec<f64>, ArrayView1<f64>) -> Vec<Judgement>,
) -> Vec<Judgement> {
    let mut judgements = Vec::new();
    for (name, gradient) in o.evaluation.gradients.iter().filter(|(name, _)| name.starts_with("grad.alpha.cell")) {
        let t: usize = name["grad.alpha.cell".len()..].parse().expect("a cell's number");
        let gradient = gradient.view().into_dimensionality::<ndarray::Ix2>().expect("a matrix");
        for (e, row) in gradient.outer_iter().enumerate() {
            let operation = |k: usize| {
                let key = crate::network::operation_key(t, e, crate::operation::Operation::ALL[k]);
                o.trace().at(&key).map_or((0.0, 0.0), |seen| {
                    // n products, each bounded by γ_n.
                    (seen.cost(), seen.products().map(f64::abs).sum::<f64>() * (1.0 + seen.value.len() as f64 / 40.0))
                })
            };
            let (cost, scale): (Vec<f64>, Vec<f64>) = (0..row.len()).map(operation).unzip();
            let z = &o.case.arch[t];
            judgements.extend(judge(z.row(e), Array1::from(cost), scale, row));
        }
    }
    judgements
}

/// A minimal cell as a mixture: edge 0.
fn weighted() -> Witness {
    let plan = Plan { operations: None, ..Plan::minimal([crate::operation::Operation::None; 5]) };
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
