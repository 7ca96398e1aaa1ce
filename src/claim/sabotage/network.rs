//! Wrong networks: built otherwise than asked for, or with something forgotten on the way back.

use super::{Sabotage, Sabotaged};
use crate::{
    claim::observe::{Subject, network::NetworkObservation},
    cost::case::{Case, Evaluation},
    network::Losses,
    normalisation::Normalisation,
    operation::{Operation, Order},
    tensor::{Backend, Cpu, Element, Seen},
};
use std::sync::Arc;

impl<E: Element> Sabotaged for NetworkObservation<E>
where
    Cpu: Backend<E>,
{
    fn sabotages() -> Vec<Sabotage<Self>> {
        vec![
            Sabotage { name: "eps added", run: |case| built(case, |case| with_eps(case, |eps| eps + 0.01)) },
            Sabotage { name: "eps ignored", run: |case| built(case, |case| with_eps(case, |_| 0.0)) },
            Sabotage { name: "affine map after instance norm", run: |case| built(case, affine) },
            Sabotage {
                name: "ReLU after the norm",
                run: |case| built(case, |case| case.settings.order = Order::ConvNormRelu),
            },
            Sabotage {
                name: "labels off by one class",
                run: |case| {
                    built(case, |case| {
                        case.labels.iter_mut().for_each(|label| *label = (*label + 1) % case.settings.classes);
                    })
                },
            },
            Sabotage { name: "an edge forgotten", run: edge_forgotten },
            Sabotage { name: "an edge counted twice", run: edge_twice },
            Sabotage {
                name: "gradients through edges doubled",
                run: |case| traced(case, |key, g| if key.contains(" to edge") { 2.0 * g } else { g }),
            },
            Sabotage {
                name: "gradients through edges lost",
                run: |case| traced(case, |key, g| if key.contains(" to edge") { 0.0 } else { g }),
            },
            Sabotage {
                name: "gradients through the output doubled",
                run: |case| traced(case, |key, g| if key.ends_with(" to output") { 2.0 * g } else { g }),
            },
            Sabotage {
                name: "one-sided gradient of the output",
                run: |case| {
                    traced(
                        case,
                        |key, g| if key.contains("output to") || key.ends_with(" to output") { g.max(0.0) } else { g },
                    )
                },
            },
            Sabotage {
                name: "one-sided gradient through edges",
                run: |case| traced(case, |key, g| if key.contains(" to edge") { g + g.abs() + 1e-3 } else { g }),
            },
            Sabotage {
                name: "batch sum instead of mean",
                run: |case| traced(case, |key, g| if key.ends_with(" to head") { 2.0 * g } else { g }),
            },
            Sabotage { name: "no gradient at all", run: |case| traced(case, |_, _| 0.0) },
            Sabotage { name: "costs without weights", run: without_weights },
            Sabotage { name: "loss forgotten", run: |case| evaluated(case, |e| e.losses.loss.fill(0.0)) },
            Sabotage { name: "entropy forgotten", run: |case| evaluated(case, |e| e.losses.entropy.fill(0.0)) },
            Sabotage { name: "bias term forgotten", run: |case| evaluated(case, |e| e.bias_terms.fill(0.0)) },
            Sabotage { name: "alpha gradient without the mean", run: |case| evaluated(case, |e| alpha(e, |c, _| c)) },
            Sabotage { name: "alpha gradient weighted twice", run: |case| evaluated(case, |e| alpha(e, |c, z| z * c)) },
            Sabotage {
                name: "a search's logits off by a thousandth",
                run: |case| searched(case, |e| e.logits *= 1.001),
            },
            Sabotage {
                name: "a search's alpha gradient without the mean",
                run: |case| searched(case, |e| alpha(e, |c, _| c)),
            },
            Sabotage {
                name: "a search records half the costs",
                run: |case| searched(case, |e| e.operation_costs /= 2.0),
            },
        ]
    }
}

/// The run of an altered network, taken for the one that was asked for.
fn built<E: Element>(case: &Arc<Case>, alter: fn(&mut Case)) -> Option<NetworkObservation<E>>
where
    Cpu: Backend<E>,
{
    let mut other = (**case).clone();
    alter(&mut other);
    let mut evaluation = Evaluation::new::<E, Cpu>(&other, &Cpu::default()).ok()?;
    evaluation.losses = Losses::new(evaluation.logits.view(), &case.labels);
    NetworkObservation::new(case.clone(), evaluation).ok()
}

fn with_eps(case: &mut Case, f: fn(f64) -> f64) {
    case.settings.norm.eps = f(case.settings.norm.eps);
    if let Some((_, norm)) = &mut case.settings.stem {
        norm.eps = case.settings.norm.eps;
    }
}

/// β = 1 where none was asked for.
fn affine(case: &mut Case) {
    if case.settings.norm.kind == Normalisation::Instance && case.settings.norm.affine.is_none() {
        case.settings.norm.affine = Some(crate::normalisation::AffineLayout::Channel);
        for (name, shape) in case.parameter_shapes().expect("a network that can be built") {
            case.parameters.entry(name).or_insert_with(|| vec![1.0; shape.iter().product()]);
        }
    }
}

fn evaluated<E: Element>(case: &Arc<Case>, alter: fn(&mut Evaluation)) -> Option<NetworkObservation<E>>
where
    Cpu: Backend<E>,
{
    let mut evaluation = Evaluation::new::<E, Cpu>(case, &Cpu::default()).ok()?;
    alter(&mut evaluation);
    NetworkObservation::new(case.clone(), evaluation).ok()
}

/// The run of a search, altered.
fn searched<E: Element>(case: &Arc<Case>, alter: fn(&mut Evaluation)) -> Option<NetworkObservation<E>>
where
    Cpu: Backend<E>,
{
    let mut o = NetworkObservation::observe(case).ok()?;
    alter(o.searched.as_mut()?);
    Some(o)
}

/// Every gradient seen, by the place where it was seen.
fn traced<E: Element>(case: &Arc<Case>, alter: fn(&str, f64) -> f64) -> Option<NetworkObservation<E>>
where
    Cpu: Backend<E>,
{
    let mut evaluation = Evaluation::new::<E, Cpu>(case, &Cpu::default()).ok()?;
    let changed = |key: &str, seen: &Seen| {
        let gradient = seen.gradient.iter().map(|g| alter(key, *g)).collect();
        Seen { shape: seen.shape.clone(), value: seen.value.clone(), gradient }
    };
    evaluation.trace = evaluation.trace.map(changed);
    NetworkObservation::new(case.clone(), evaluation).ok()
}

fn edge_forgotten<E: Element>(case: &Arc<Case>) -> Option<NetworkObservation<E>>
where
    Cpu: Backend<E>,
{
    let mut o = NetworkObservation::observe(case).ok()?;
    o.outputs.iter_mut().for_each(|cell| {
        if let Some(output) = cell.iter_mut().find(|output| !output.is_empty()) {
            output.clear();
        }
    });
    Some(o)
}

fn edge_twice<E: Element>(case: &Arc<Case>) -> Option<NetworkObservation<E>>
where
    Cpu: Backend<E>,
{
    let mut o = NetworkObservation::observe(case).ok()?;
    o.outputs.iter_mut().for_each(|cell| {
        if let Some(output) = cell.iter_mut().find(|output| !output.is_empty()) {
            output.iter_mut().for_each(|x| *x *= 2.0);
        }
    });
    Some(o)
}

/// ⟨∂L/∂x_j, o_k⟩ where Z_k times it was asked for, and half of a sampled one.
fn without_weights<E: Element>(case: &Arc<Case>) -> Option<NetworkObservation<E>>
where
    Cpu: Backend<E>,
{
    evaluated(case, |e| {
        let z = e.z.clone();
        e.operation_costs
            .zip_mut_with(&z, |cost, z| *cost = if *z == 1.0 { *cost / 2.0 } else { *cost / z.max(1e-300) });
    })
}

/// Replaces ∂L/∂α by `f(C, Z)`.
fn alpha(e: &mut Evaluation, f: fn(f64, f64) -> f64) {
    for t in 0..e.z.dim().0 {
        let name = format!("grad.alpha.cell{t}");
        let Some((_, gradient)) = e.gradients.iter_mut().find(|(n, _)| *n == name) else { return };
        for edge in 0..e.z.dim().1 {
            let row = |k: usize| f(e.operation_costs[[t, edge, k]], e.z[[t, edge, k]]);
            let total: f64 = (0..Operation::ALL.len()).map(row).sum();
            // `weighted twice` still sums to 0, as ∂Ẑ/∂α applied to anything does.
            let twice = f(1.0, 0.5) < 1.0;
            (0..Operation::ALL.len()).for_each(|k| {
                gradient[[edge, k]] = row(k) - if twice { e.z[[t, edge, k]] * total } else { 0.0 };
            });
        }
    }
}
