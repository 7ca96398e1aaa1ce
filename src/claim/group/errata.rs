//! Formulas as printed, evaluated, and shown to be off by a number.

use super::NORM;
use crate::{
    claim::{
        Check, Claim,
        judgement::{Amount, Judgement},
        observe::{
            network::NetworkObservation,
            norm::{NormCase, NormObservation},
        },
        witness::Witness,
    },
    normalisation::{NormSettings, Normalisation},
    tensor::op::Image,
    theorem::rounding::{U64, gamma},
};
use serde_json::json;

pub fn claims() -> Vec<Claim> {
    let norm = |id, source, statement, judge| Claim::new(id, source, statement, NORM, Check::Norm(judge));
    vec![
        norm(
            "eq10-square-missing",
            "eq. 10, last line",
            "the cost is Σ_c γ_c ⟨∂L/∂X₃², X̂⟩ (1 − Σ X̂/BD)",
            |o| factor(o, 1, |kind| kind == Normalisation::Batch),
        )
        .refuted("(1 − Σ X̂²/BD): Σ X̂ is 0, Σ X̂² is BD (eq10-square)")
        .proved("NormalisationCost.eq10_factor")
        .witness(without_square),
        norm(
            "eq10-square",
            "eq. 10, last line",
            "with the square, Σ_c γ_c ⟨∂L/∂X₃², X̂⟩ (1 − Σ X̂²/BD) is the cost, for every ε",
            |o| factor(o, 2, |kind| kind == Normalisation::Batch),
        )
        .proved("NormalisationCost.norm_cost_eps"),
        norm(
            "eq15-square-missing",
            "eq. 15, last line",
            "the cost is Σ γ_b ∂L/∂X₃² X̂ (1 − Σ X̂/CD)",
            |o| factor(o, 1, |kind| kind == Normalisation::Layer),
        )
        .refuted("(1 − Σ X̂²/CD)")
        .proved("NormalisationCost.eq10_factor"),
        norm(
            "eq9-mean-gradient",
            "eq. 9",
            "the second term of ∂L/∂μ is strictly 0, since Σ (X − μ) = 0",
            mean_gradient,
        ),
        Claim::new(
            "eq12-loss-misprint",
            "after eq. 12",
            "L = −1/B log p_{n_b}",
            "γ_{B+4} Σ_b L_b/B",
            Check::Network(loss),
        )
        .refuted("L = −1/B Σ_b log p_{n_b}: the sum over the batch is missing"),
    ]
}

/// ⟨g, x̂⟩ (1 − Σ x̂^power/n), the power as printed or as meant, against the cost at the input.
fn factor(o: &NormObservation, power: i32, kind: impl Fn(Normalisation) -> bool) -> Vec<Judgement> {
    if !kind(o.case.settings.kind) {
        return Vec::new();
    }
    let judge = |group: &crate::claim::rounding::norm::Group| {
        let (cost, inner) = (group.input_cost(o.arithmetic()), Amount::dot(&group.g, &group.xhat));
        let n = group.x.len() as f64;
        let factor = 1.0 - group.xhat.iter().map(|x| x.powi(power)).sum::<f64>() / n;
        let rounding = gamma(group.x.len() + 8, U64) * inner.scale;
        // x̂ = 0 throughout: no factor, no cost.
        Judgement::equal(cost.value, inner.value * factor, cost.bound + 2.0 * rounding)
    };
    o.groups().iter().map(judge).collect()
}

/// Σ (x − μ)/√(σ² + ε) = Σ x̂, against n γ κ.
fn mean_gradient(o: &NormObservation) -> Vec<Judgement> {
    let judge = |group: &crate::claim::rounding::norm::Group| {
        let (k, a) = (group.conditioning(), o.arithmetic());
        let bound = match group.is_well_above_rounding(a) {
            true => k.n as f64 * a.gamma(k.n + 8) * (1.0 + k.kappa),
            false => f64::INFINITY,
        };
        Judgement::zero(group.xhat.iter().sum(), bound)
    };
    o.groups().iter().map(judge).collect()
}

fn loss(o: &NetworkObservation) -> Vec<Judgement> {
    let (losses, batch) = (&o.evaluation.losses.loss, o.case.settings.input.n as f64);
    let [mean, _, _] = o.evaluation.losses.means();
    let bound = gamma(losses.len() + 4, U64) * losses.sum() / batch;
    losses.iter().map(|one| Judgement::equal(one / batch, mean, bound)).collect()
}

/// x = (0, 2), ∂L/∂y = (0, 1): x̂ = (−1, 1), ⟨g, x̂⟩ = 1 and the printed factor is 1, but the cost is 0.
fn without_square() -> Witness {
    let settings = NormSettings { kind: Normalisation::Batch, eps: 0.0, affine: None };
    let image = Image { n: 2, h: 1, w: 1, c: 1 };
    let case = NormCase { image, settings, x: vec![0.0, 2.0], gamma: vec![], beta: vec![], gy: vec![0.0, 1.0] };
    Witness::judged::<NormObservation>(
        &case,
        |o| factor(o, 1, |_| true),
        |o| json!({"x": [0, 2], "dL/dy": [0, 1], "xhat": o.normalised.value, "printed": 1, "cost": o.input.cost()}),
    )
}
