//! Wrong α-gradients.

use super::{Sabotage, Sabotaged};
use crate::{
    claim::observe::{
        Subject,
        relaxed::{Estimate, RelaxedCase, RelaxedObservation},
    },
    theorem::mixture,
};
use ndarray::Array2;

impl Sabotaged for RelaxedObservation {
    fn sabotages() -> Vec<Sabotage<Self>> {
        vec![
            Sabotage {
                name: "softmax not differentiated",
                run: |case| {
                    gradients(case, |e, _| {
                        (0..e.z.len()).map(|t| e.c.index_axis(ndarray::Axis(0), t).to_owned()).collect()
                    })
                },
            },
            Sabotage {
                name: "temperature forgotten",
                run: |case| gradients(case, |e, case| e.gradient.iter().map(|g| g * case.tau).collect()),
            },
            Sabotage {
                name: "gradient of another sample",
                run: |case| {
                    gradients(case, |e, _| {
                        e.gradient
                            .iter()
                            .map(|g| {
                                let mut g = g.clone();
                                g.invert_axis(ndarray::Axis(1));
                                g
                            })
                            .collect()
                    })
                },
            },
            Sabotage { name: "sampled costs taken for the mixture's", run: mixed },
            Sabotage { name: "costs taken for losses", run: costs_for_losses },
        ]
    }
}

fn gradients(case: &RelaxedCase, wrong: fn(&Estimate, &RelaxedCase) -> Vec<Array2<f64>>) -> Option<RelaxedObservation> {
    let mut o = RelaxedObservation::observe(case).ok()?;
    for estimate in [&mut o.proxyless, &mut o.snas, &mut o.dsnas, &mut o.shared] {
        estimate.gradient = wrong(estimate, case);
    }
    Some(o)
}

/// What would make DSNAS unbiased.
fn costs_for_losses(case: &RelaxedCase) -> Option<RelaxedObservation> {
    let mut o = RelaxedObservation::observe(case).ok()?;
    o.enumerated[0] = o.enumerated[1].clone();
    Some(o)
}

/// What would make ProxylessNAS's gradient the mixture's.
fn mixed(case: &RelaxedCase) -> Option<RelaxedObservation> {
    let mut o = RelaxedObservation::observe(case).ok()?;
    let p = case.p();
    for (t, gradient) in o.proxyless.gradient.iter_mut().enumerate() {
        for (e, mut row) in gradient.outer_iter_mut().enumerate() {
            row.assign(&mixture::proxylessnas(p[t].row(e), o.snas.c.slice(ndarray::s![t, e, ..])));
        }
    }
    Some(o)
}
