//! Formulas as printed, evaluated, and shown to be off by a number.

use super::NORM;
use crate::{
    claim::{
        Claim,
        judgement::{Amount, Arithmetic, Judgement},
        observe::{
            network::NetworkObservation,
            norm::{NormCase, NormObservation},
        },
        rounding::norm::Group,
        strategy::plan::Plan,
        witness::Witness,
    },
    normalisation::{NormSettings, Normalisation},
    operation::Operation,
    tensor::{Element, op::Image},
    theorem::rounding::{U64, gamma},
};
use serde_json::json;

pub fn claims() -> Vec<Claim> {
    let norm = |id, source, statement, check| Claim::new(id, source, statement, NORM, check);
    vec![
        norm(
            "eq10-square-missing",
            "eq. 10, last line",
            "the cost is Σ_c γ_c ⟨∂L/∂X₃², X̂⟩ (1 − Σ X̂/BD)",
            in_both!(Norm, |o| factor(o, 1, |kind| kind == Normalisation::Batch)),
        )
        .misprint("(1 − Σ X̂²/BD): Σ X̂ is 0, Σ X̂² is BD (eq10-square)")
        .proved("NormalisationCost.eq10_factor")
        .witness(without_square),
        norm(
            "eq10-square",
            "eq. 10, last line",
            "with the square, Σ_c γ_c ⟨∂L/∂X₃², X̂⟩ (1 − Σ X̂²/BD) is the cost, for every ε",
            in_both!(Norm, |o| factor(o, 2, |kind| kind == Normalisation::Batch)),
        )
        .proved("NormalisationCost.norm_cost_eps"),
        norm(
            "eq15-square-missing",
            "eq. 15, last line",
            "the cost is Σ γ_b ∂L/∂X₃² X̂ (1 − Σ X̂/CD)",
            in_both!(Norm, |o| factor(o, 1, |kind| kind == Normalisation::Layer)),
        )
        .misprint("(1 − Σ X̂²/CD)")
        .proved("NormalisationCost.eq10_factor")
        .witness(without_square_per_sample),
        norm(
            "eq9-mean-gradient",
            "eq. 9",
            "the second term of ∂L/∂μ is strictly 0, since Σ (X − μ) = 0",
            in_both!(Norm, mean_gradient),
        )
        .proved("Normalisation.sum_xhat"),
        Claim::new(
            "eq12-loss-misprint",
            "after eq. 12",
            "L = −1/B log p_{n_b}",
            "γ_{B+4} Σ_b L_b/B",
            in_both!(Network, loss),
        )
        .misprint("L = −1/B Σ_b log p_{n_b}: the sum over the batch is missing")
        .proved("Theorem2Head.loss_misprint")
        .witness(one_sample),
    ]
}

/// What evaluating 1 − mean x̂² adds to the cost's bound: `NormRounding.square_factor_bound` with δ = 2 γ_{n+8}, since
/// mean x̂² is at most 2.
fn factor_error(a: Arithmetic, group: &Group, scale: f64) -> f64 {
    2.0 * a.gamma(group.x.len() + 8) * scale
}

/// ⟨g, x̂⟩ (1 − Σ x̂^power/n), the power as printed or as meant, against the cost at the input.
fn factor<E: Element>(o: &NormObservation<E>, power: i32, kind: impl Fn(Normalisation) -> bool) -> Vec<Judgement> {
    if !kind(o.case.settings.kind) {
        return Vec::new();
    }
    let judge = |group: &Group| {
        let (cost, inner) = (group.input_cost(o.arithmetic()), Amount::dot(&group.g, &group.xhat));
        let n = group.x.len() as f64;
        let factor = 1.0 - group.xhat.iter().map(|x| x.powi(power)).sum::<f64>() / n;
        // x̂ = 0 throughout: no factor, no cost.
        Judgement::equal(
            cost.value,
            inner.value * factor,
            cost.bound + factor_error(o.arithmetic(), group, inner.scale),
        )
    };
    o.groups().iter().map(judge).collect()
}

/// Σ (x − μ)/√(σ² + ε) = Σ x̂, against n γ κ.
fn mean_gradient<E: Element>(o: &NormObservation<E>) -> Vec<Judgement> {
    let judge = |group: &Group| {
        let (k, a) = (group.conditioning(), o.arithmetic());
        let bound = match group.is_well_above_rounding(a) {
            true => k.xhat_sum(a),
            false => f64::INFINITY,
        };
        Judgement::zero(group.xhat.iter().sum(), bound)
    };
    o.groups().iter().map(judge).collect()
}

fn loss<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    let (losses, batch) = (&o.evaluation.losses.loss, o.case.settings.input.n as f64);
    let [mean, _, _] = o.evaluation.losses.means();
    let bound = gamma(losses.len() + 4, U64) * losses.sum() / batch;
    losses.iter().map(|one| Judgement::equal(one / batch, mean, bound)).collect()
}

/// x = (0, 2), ∂L/∂y = (0, 1): x̂ = (−1, 1), ⟨g, x̂⟩ = 1 and the printed factor is 1, but the cost is 0.
fn without_square() -> Witness {
    squareless(Normalisation::Batch, Image { n: 2, h: 1, w: 1, c: 1 })
}

/// The same two numbers as one sample of two channels.
fn without_square_per_sample() -> Witness {
    squareless(Normalisation::Layer, Image { n: 1, h: 1, w: 1, c: 2 })
}

fn squareless(kind: Normalisation, image: Image) -> Witness {
    let settings = NormSettings { kind, eps: 0.0, affine: None };
    let case = NormCase { image, settings, x: vec![0.0, 2.0], gamma: vec![], beta: vec![], gy: vec![0.0, 1.0] };
    Witness::judged::<NormObservation>(
        &case,
        |o| factor(o, 1, |_| true),
        |o| json!({"x": [0, 2], "dL/dy": [0, 1], "xhat": o.normalised.value, "printed": 1, "cost": o.input.cost()}),
    )
}

/// Three samples: one's share of L is not L.
fn one_sample() -> Witness {
    use Operation::{None, SkipConnect};
    Witness::first(Plan::minimal([SkipConnect, None, None, SkipConnect, None]), loss, |o| {
        let losses = &o.evaluation.losses;
        let as_printed: Vec<f64> = losses.loss.iter().map(|one| one / losses.loss.len() as f64).collect();
        json!({
            "labels": o.case.labels, "Y": o.evaluation.logits.outer_iter().map(|row| row.to_vec()).collect::<Vec<_>>(),
            "−log p by sample": losses.loss.to_vec(), "−1/B log p by sample, as printed": as_printed,
            "L": losses.means()[0],
        })
    })
}
