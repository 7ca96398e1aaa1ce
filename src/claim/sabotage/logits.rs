//! Wrong losses and gradients at the logits.

use super::{Sabotage, Sabotaged};
use crate::{
    claim::observe::{
        Subject,
        logits::{LogitsCase, LogitsObservation},
    },
    theorem::head,
};
use ndarray::ArrayView1;

impl Sabotaged for LogitsObservation {
    fn sabotages() -> Vec<Sabotage<Self>> {
        vec![
            Sabotage { name: "softmax off by one class", run: |case| gradient(case, |g, _| g.rotate_right(1)) },
            Sabotage { name: "label's term forgotten", run: |case| gradient(case, |g, case| g[case.label] += 1.0) },
            Sabotage {
                name: "label's term counted K times",
                run: |case| gradient(case, |g, case| g[case.label] -= case.y.len() as f64 - 1.0),
            },
            Sabotage {
                name: "sign of the gradient",
                run: |case| gradient(case, |g, _| g.iter_mut().for_each(|g| *g = -*g)),
            },
            Sabotage {
                name: "softmax of doubled logits",
                run: |case| {
                    gradient(case, |g, case| {
                        let twice: Vec<f64> = case.y.iter().map(|y| 2.0 * y).collect();
                        g.copy_from_slice(
                            head::gradient(ArrayView1::from(&twice), case.label).as_slice().expect("contiguous"),
                        );
                    })
                },
            },
            Sabotage {
                name: "gradient halved",
                run: |case| gradient(case, |g, _| g.iter_mut().for_each(|g| *g /= 2.0)),
            },
            Sabotage { name: "no gradient", run: |case| gradient(case, |g, _| g.fill(0.0)) },
            Sabotage { name: "logits shifted after the softmax", run: shifted },
            Sabotage {
                name: "smallest logit predicted",
                run: |case| other_logits(case, |y| y.iter_mut().for_each(|y| *y = -*y)),
            },
            Sabotage { name: "logits all equal", run: |case| other_logits(case, |y| y.fill(1.0)) },
            Sabotage { name: "logits all zero", run: |case| other_logits(case, |y| y.fill(0.0)) },
            Sabotage { name: "softmax one-hot at the maximum", run: one_hot },
        ]
    }
}

fn gradient(case: &LogitsCase, wrong: fn(&mut Vec<f64>, &LogitsCase)) -> Option<LogitsObservation> {
    let mut o = LogitsObservation::observe(case).ok()?;
    wrong(&mut o.gradient, case);
    Some(o)
}

/// The gradient is of the logits that the case says, the claims see others.
fn shifted(case: &LogitsCase) -> Option<LogitsObservation> {
    let mut o = LogitsObservation::observe(case).ok()?;
    o.case.y[0] += 1.0;
    Some(o)
}

fn other_logits(case: &LogitsCase, wrong: fn(&mut Vec<f64>)) -> Option<LogitsObservation> {
    let mut other = case.clone();
    wrong(&mut other.y);
    let mut o = LogitsObservation::observe(&other).ok()?;
    if other.y.iter().any(|y| *y != other.y[0]) {
        o.case = case.clone();
    }
    Some(o)
}

/// p = 1 at the first largest logit, as if training had ended.
fn one_hot(case: &LogitsCase) -> Option<LogitsObservation> {
    let mut o = LogitsObservation::observe(case).ok()?;
    let largest = case.y.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let at = case.y.iter().position(|y| *y == largest)?;
    o.gradient.fill(0.0);
    o.gradient[at] += 1.0;
    o.gradient[case.label] -= 1.0;
    Some(o)
}
