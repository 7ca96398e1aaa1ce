//! Normalisations to redo by hand.

use super::judges::{Printed, gradient, regrouped, zero_at};
use crate::{
    claim::{
        observe::norm::{NormCase, NormObservation},
        witness::Witness,
    },
    normalisation::{NormSettings, Normalisation},
    tensor::op::Image,
};
use serde_json::json;

fn example(kind: Normalisation, eps: f64, image: Image, x: &[f64], gy: &[f64]) -> NormCase {
    let settings = NormSettings { kind, eps, affine: None };
    NormCase { image, settings, x: x.to_vec(), gamma: vec![], beta: vec![], gy: gy.to_vec() }
}

/// x = (0, 2), ∂L/∂y = (0, 1), ε = 3: σ² = 1, x̂ = (−½, ½), and ¾ · ½ of the cost passes.
pub fn eps_lets_through() -> Witness {
    let case = example(Normalisation::Batch, 3.0, Image { n: 2, h: 1, w: 1, c: 1 }, &[0.0, 2.0], &[0.0, 1.0]);
    Witness::judged::<NormObservation>(
        &case,
        |o| zero_at(o, |_| true),
        |o| json!({"x": [0, 2], "dL/dy": [0, 1], "eps": 3, "sigma^2": 1, "xhat": o.normalised.value, "dL/dx": o.input.gradient, "cost": o.input.cost()}),
    )
}

/// Three samples of one entry, x = (0, 1, 2), ∂L/∂y = (1, 0, 0): ∂L/∂x is a multiple of (1, −2, 1).
pub fn bn_per_sample() -> Witness {
    let case = example(Normalisation::Batch, 0.0, Image { n: 3, h: 1, w: 1, c: 1 }, &[0.0, 1.0, 2.0], &[1.0, 0.0, 0.0]);
    Witness::judged::<NormObservation>(
        &case,
        |o| regrouped(o, |_| true, |i, image| i / image.per_sample()),
        |o| {
            let costs: Vec<f64> = o.input.products().collect();
            json!({"x": [0, 1, 2], "dL/dy": [1, 0, 0], "dL/dx": o.input.gradient, "cost per sample": costs, "sum": o.input.cost()})
        },
    )
}

/// One sample of three channels of one entry, the same numbers.
pub fn ln_per_channel() -> Witness {
    let case = example(Normalisation::Layer, 0.0, Image { n: 1, h: 1, w: 1, c: 3 }, &[0.0, 1.0, 2.0], &[1.0, 0.0, 0.0]);
    Witness::judged::<NormObservation>(
        &case,
        |o| regrouped(o, |_| true, |i, image| i % image.c),
        |o| {
            let costs: Vec<f64> = o.input.products().collect();
            json!({"x": [0, 1, 2], "dL/dy": [1, 0, 0], "dL/dx": o.input.gradient, "cost per channel": costs, "sum": o.input.cost()})
        },
    )
}

/// B = 2, C = D = 1: BD = 2, CD = 1; x = (0, 2), ∂L/∂y = (0, 1).
pub fn wrong_divisor() -> Witness {
    let case = example(Normalisation::Batch, 0.0, Image { n: 2, h: 1, w: 1, c: 1 }, &[0.0, 2.0], &[0.0, 1.0]);
    Witness::judged::<NormObservation>(
        &case,
        |o| gradient(o, Printed::Literal),
        |o| {
            let (layer, g) = o.case.closed_form();
            let printed: Vec<f64> = layer.printed_backward(&g, 1.0).iter().copied().collect();
            json!({"x": [0, 2], "dL/dy": [0, 1], "dL/dx as printed": printed, "dL/dx": o.input.gradient})
        },
    )
}
