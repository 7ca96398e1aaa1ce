//! Eq. 2–5: operations that hand the cost on.

use super::STAGE;
use crate::{
    claim::{
        Claim,
        judgement::Judgement,
        observe::layer::{LayerCase, LayerObservation, Step},
        witness::Witness,
    },
    tensor::{
        Element,
        op::{Image, PoolKind},
    },
};
use serde_json::json;

const SOURCE: &str = "eq. 2–5";
const MIXED: &str = "the sum of the stages' bounds γ_{m+n} ⟨|∂L/∂y|, |A||x|⟩";

pub fn claims() -> Vec<Claim> {
    let layer = |id, statement, check| Claim::new(id, SOURCE, statement, STAGE, check);
    vec![
        layer(
            "eq4-convolution",
            "⟨∂L/∂X, X⟩ = ⟨∂L/∂X₂⁰, X₂⁰⟩ for a convolution X of X₂⁰, for every kernel, padding and \
sample",
            in_both!(Layer, |o| of(o, |step| matches!(step, Step::Convolution { .. }))),
        )
        .proved("LinearOperations.convolution_keeps_cost"),
        layer(
            "eq4-depthwise",
            "a depthwise convolution hands the cost on, dilated or not, also where it reaches \
outside the image",
            in_both!(Layer, |o| of(o, |step| matches!(step, Step::Depthwise { .. }))),
        )
        .proved("LinearOperations.depthwise_keeps_cost"),
        layer(
            "eq4-max-pool",
            "maximum pooling hands the cost on, ties included",
            in_both!(Layer, |o| { of(o, |step| step == Step::Pool(PoolKind::Max)) }),
        )
        .proved("MaxPooling.max_pool_first_maximum_keeps_cost"),
        layer(
            "eq4-average-pool",
            "average pooling hands the cost on",
            in_both!(Layer, |o| { of(o, |step| step == Step::Pool(PoolKind::Average)) }),
        )
        .proved("LinearOperations.average_pool_keeps_cost"),
        layer(
            "eq4-relu",
            "ReLU hands the cost on, exactly, whatever its derivative at 0",
            in_both!(Layer, |o| { of(o, |step| step == Step::Relu) }),
        )
        .proved("Relu.relu_keeps_cost"),
        layer(
            "eq4-global-average-pool",
            "the average over the image hands the cost on",
            in_both!(Layer, |o| { of(o, |step| step == Step::GlobalAveragePool) }),
        )
        .proved("LinearOperations.gather_keeps_cost"),
        layer(
            "eq4-concatenation",
            "a concatenation hands on the costs of its parts together",
            in_both!(Layer, |o| { of(o, |step| matches!(step, Step::Concatenate(_))) }),
        )
        .proved("LinearOperations.linear_keeps_cost"),
        layer(
            "eq4-node-sum",
            "a node, Σ_k Z_k x_k, hands on the costs of its edges together",
            in_both!(Layer, |o| { of(o, |step| matches!(step, Step::Sum(_))) }),
        )
        .proved("LinearOperations.linear_keeps_cost"),
        layer(
            "eq4-skip",
            "the identity hands the cost on, exactly",
            in_both!(Layer, |o| of(o, |step| step == Step::Skip)),
        )
        .proved("Theorem1.skip_keeps_cost"),
        Claim::new(
            "eq2-composition",
            SOURCE,
            "any composition of these hands the cost on",
            MIXED,
            in_both!(Layer, composition),
        )
        .when("no step adds a bias")
        .proved("Gradient.chain_keeps_cost")
        .witness(with_bias),
        Claim::new(
            "eq2-bias",
            SOURCE,
            "an operation with a bias hands the cost on",
            MIXED,
            in_both!(Layer, |o| of(o, |step| step == Step::Bias)),
        )
        .refuted("⟨∂L/∂y, y⟩ = ⟨∂L/∂x, x⟩ + ⟨∂L/∂y, b⟩: the paper's operations have no bias")
        .proved("Bias.bias_does_not_keep_cost")
        .witness(with_bias),
        Claim::new("eq2-bias-law", SOURCE, "x + b hands on the cost less ⟨∂L/∂y, b⟩", STAGE, in_both!(Layer, bias_law))
            .proved("Bias.bias_law"),
        Claim::new(
            "eq4-homogeneous",
            SOURCE,
            "f(2x) = 2 f(x) for each of these: positive homogeneity is all that is needed (Euler)",
            "none: scaling by 2 does not round, so equality is exact",
            in_both!(Layer, homogeneous),
        )
        .when("no step adds a bias")
        .proved("Euler.euler_cost")
        .witness(with_bias),
    ]
}

fn of<E: Element>(o: &LayerObservation<E>, wanted: impl Fn(Step) -> bool) -> Vec<Judgement> {
    let steps = o.case.steps.iter().enumerate().filter(|(_, step)| wanted(**step));
    steps.flat_map(|(i, _)| o.hands_on(i)).collect()
}

fn composition<E: Element>(o: &LayerObservation<E>) -> Vec<Judgement> {
    let clean = !o.case.steps.contains(&Step::Bias);
    o.between(0, o.case.steps.len()).into_iter().map(|j| j.when(clean)).collect()
}

/// ⟨∂L/∂y, y⟩ − ⟨∂L/∂x, x⟩ = ⟨∂L/∂y, b⟩ for the whole batch.
fn bias_law<E: Element>(o: &LayerObservation<E>) -> Vec<Judgement> {
    let law = |(i, _): (usize, &Step)| {
        let (x, y, b) = (&o.stages[i], &o.stages[i + 1], &o.case.weights[i]);
        let repeated: Vec<f64> = b.iter().copied().cycle().take(y.value.len()).collect();
        let sum = |a: &[f64], b: &[f64]| crate::claim::judgement::Amount::dot(a, b);
        let (input, output, bias) =
            (sum(&x.gradient, &x.value), sum(&y.gradient, &y.value), sum(&y.gradient, &repeated));
        // y = x + b is rounded once.
        let bound = input.bound + output.off_by(4.0 * E::UNIT_ROUNDOFF).bound + bias.bound;
        Judgement::equal(output.value, input.value + bias.value, bound)
    };
    o.case.steps.iter().enumerate().filter(|(_, step)| **step == Step::Bias).map(law).collect()
}

fn homogeneous<E: Element>(o: &LayerObservation<E>) -> Vec<Judgement> {
    let clean = !o.case.steps.contains(&Step::Bias);
    let one = &o.stages.last().expect("an output").value;
    let apart = one.iter().zip(&o.doubled).map(|(one, two)| (two - 2.0 * one).abs()).fold(0.0, f64::max);
    vec![Judgement::zero(apart, 0.0).when(clean)]
}

/// One pixel, one channel: x = 2, b = 1, y = 3, ∂L/∂y = 1.
fn with_bias() -> Witness {
    let case = LayerCase {
        image: Image { n: 1, h: 1, w: 1, c: 1 },
        steps: vec![Step::Bias],
        weights: vec![vec![1.0]],
        x: vec![2.0],
        gy: vec![1.0],
    };
    Witness::judged::<LayerObservation>(
        &case,
        |o| o.hands_on(0),
        |o| json!({"x": 2, "b": 1, "y": o.stages[1].value[0], "dL/dy": 1, "<dL/dx, x>": o.stages[0].cost(), "<dL/dy, y>": o.stages[1].cost()}),
    )
}
