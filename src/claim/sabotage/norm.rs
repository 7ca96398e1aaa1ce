//! Wrong normalisations.

use super::{Sabotage, Sabotaged};
use crate::{
    claim::observe::{
        Subject,
        norm::{NormCase, NormObservation},
    },
    normalisation::{NormSettings, Normalisation},
};
use ndarray::Array4;

impl Sabotaged for NormObservation {
    fn sabotages() -> Vec<Sabotage<Self>> {
        vec![
            Sabotage { name: "mean term dropped", run: |case| backward(case, [1.0, 0.0, 1.0]) },
            Sabotage { name: "variance term dropped", run: |case| backward(case, [1.0, 1.0, 0.0]) },
            Sabotage { name: "no gradient", run: |case| backward(case, [0.0, 0.0, 0.0]) },
            Sabotage { name: "gradient doubled", run: |case| backward(case, [2.0, 1.0, 1.0]) },
            Sabotage { name: "gamma forgotten backwards", run: gamma_forgotten },
            Sabotage { name: "eps ignored", run: |case| with(case, NormSettings { eps: 0.0, ..case.settings }) },
            Sabotage {
                name: "eps added",
                run: |case| with(case, NormSettings { eps: case.settings.eps + 0.01, ..case.settings }),
            },
            Sabotage { name: "unbiased variance", run: unbiased },
            Sabotage {
                name: "statistics of each channel of each sample",
                run: |case| with(case, NormSettings { kind: Normalisation::Instance, ..case.settings }),
            },
            Sabotage {
                name: "statistics of the whole sample",
                run: |case| with(case, NormSettings { kind: Normalisation::Layer, ..case.settings }),
            },
            Sabotage { name: "constant groups divided by 1", run: constant_by_one },
            Sabotage { name: "last term divided by CD", run: printed },
        ]
    }
}

/// An implementation for other settings than were asked for.
fn with(case: &NormCase, settings: NormSettings) -> Option<NormObservation> {
    let mut o = NormObservation::observe(&NormCase { settings, ..case.clone() }).ok()?;
    o.case.settings = case.settings;
    Some(o)
}

fn replaced(case: &NormCase, gx: &Array4<f64>) -> Option<NormObservation> {
    let mut o = NormObservation::observe(case).ok()?;
    o.input.gradient = gx.iter().copied().collect();
    Some(o)
}

/// The three terms of eq. 8, each with a factor.
fn backward(case: &NormCase, [straight, mean, variance]: [f64; 3]) -> Option<NormObservation> {
    let (layer, g) = case.closed_form();
    let terms = layer.terms(&g);
    replaced(case, &(straight * &terms.straight + mean * &terms.through_mean + variance * &terms.through_variance))
}

fn gamma_forgotten(case: &NormCase) -> Option<NormObservation> {
    let (layer, _) = case.closed_form();
    replaced(case, &layer.backward(&case.array(case.gy.clone())))
}

/// x̂ and ∂L/∂x shrink by √((n − 1)/n), the means stay.
fn unbiased(case: &NormCase) -> Option<NormObservation> {
    let mut o = NormObservation::observe(case).ok()?;
    let (mut layer, g) = case.closed_form();
    let n = layer.groups[0].len() as f64;
    let shrink = ((n - 1.0) / n).sqrt();
    layer.xhat *= shrink;
    layer.rstd.iter_mut().for_each(|r| *r *= shrink);
    o.y.iter_mut().for_each(|y| *y *= shrink);
    o.input.gradient = layer.backward(&g).iter().copied().collect();
    o.normalised.value = layer.xhat.iter().copied().collect();
    Some(o)
}

fn constant_by_one(case: &NormCase) -> Option<NormObservation> {
    let mut o = NormObservation::observe(case).ok()?;
    let (mut layer, g) = case.closed_form();
    layer.rstd.iter_mut().filter(|r| **r == 0.0).for_each(|r| *r = 1.0);
    o.input.gradient = layer.backward(&g).iter().copied().collect();
    Some(o)
}

fn printed(case: &NormCase) -> Option<NormObservation> {
    let (layer, g) = case.closed_form();
    replaced(case, &layer.printed_backward(&g, case.image.per_sample() as f64))
}
