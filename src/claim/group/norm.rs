//! Eq. 6–10, 14, 15: what normalisations let through.

use super::NORM;
use crate::{
    claim::{
        Check, Claim,
        judgement::{Amount, Judgement},
        observe::{
            Subject,
            norm::{NormCase, NormObservation},
        },
        rounding::norm::index,
        witness::Witness,
    },
    normalisation::{AffineLayout, NormSettings, Normalisation},
    tensor::op::Image,
};
use serde_json::json;

const ENTRY: &str = "for each entry r (γ_{n+6} s + 2 (κγ)(mean|g x̂| + |x̂| mean|g|) + 2 (γ + (κγ)²) s), s = |g| + mean|g| + |x̂| mean|g x̂|";
const ABOVE: &str = "ε = 0; σ > 0 well above rounding, or nothing varies at all";

pub fn claims() -> Vec<Claim> {
    let norm = |id, source, statement, judge| Claim::new(id, source, statement, NORM, Check::Norm(judge));
    vec![
        Claim::new(
            "eq8-bn-gradient",
            "eq. 8",
            "∂L/∂X = γ/√σ² [∂L/∂X₃² − mean − X̂ mean(∂L/∂X₃² X̂)], per channel, is what autodiff computes",
            ENTRY,
            Check::Norm(|o| gradient(o, Printed::Corrected)),
        )
        .read("with BD in the last term, where CD is printed; for every normalisation and ε")
        .proved("Normalisation.norm_backward_is_gradient"),
        Claim::new(
            "eq9-chain-rule",
            "eq. 8, 9",
            "∂L/∂X as the sum of three terms, straight, through μ and through σ², with ∂L/∂μ and ∂L/∂σ² of eq. 9, is what autodiff computes",
            ENTRY,
            Check::Norm(|o| gradient(o, Printed::ChainRule)),
        ),
        Claim::new(
            "eq8-divisor-misprint",
            "eq. 8",
            "the last term of eq. 8 is divided by CD",
            ENTRY,
            Check::Norm(|o| gradient(o, Printed::Literal)),
        )
        .refuted("divided by BD, the number of entries that share the statistics")
        .proved("NormalisationCost.eq8_wrong_divisor")
        .witness(wrong_divisor),
        norm(
            "eq10-bn-zero-cost",
            "eq. 6, 10",
            "Σ_{b,d} ∂L/∂X X = 0 for each channel of a batch normalisation",
            |o| zero(o, |k| k == Normalisation::Batch),
        )
        .when(ABOVE)
        .proved("NormalisationKinds.batch_norm_zero_cost")
        .cross_checked()
        .witness(eps_lets_through),
        norm("eq15-ln-zero-cost", "eq. 15", "Σ_{c,d} ∂L/∂X X = 0 for each sample of a layer normalisation", |o| {
            zero(o, |k| k == Normalisation::Layer)
        })
        .when(ABOVE)
        .proved("NormalisationKinds.layer_norm_zero_cost")
        .cross_checked(),
        norm(
            "eq15-in-zero-cost",
            "sect. 8.1",
            "Σ_d ∂L/∂X X = 0 for each channel of each sample of an instance normalisation",
            |o| zero(o, |k| k == Normalisation::Instance),
        )
        .when(ABOVE)
        .proved("NormalisationKinds.instance_norm_zero_cost")
        .cross_checked(),
        norm(
            "eq15-gn-zero-cost",
            "sect. 8.1",
            "Σ ∂L/∂X X = 0 for each group of channels of each sample of a group normalisation",
            |o| zero(o, |k| matches!(k, Normalisation::Group(_))),
        )
        .when(ABOVE)
        .proved("NormalisationKinds.channel_groups_norm_zero_cost")
        .cross_checked(),
        norm("eq15-affine-channel", "eq. 15", "the same with γ and β for each channel", |o| {
            affine(o, Some(AffineLayout::Channel))
        })
        .when(ABOVE)
        .proved("NormalisationGroups.group_norm_zero_cost"),
        norm("eq15-affine-element", "eq. 15", "the same with γ and β for each element of a sample", |o| {
            affine(o, Some(AffineLayout::Element))
        })
        .when(ABOVE)
        .proved("NormalisationGroups.group_norm_zero_cost"),
        norm(
            "eq14-affine-sample",
            "eq. 14, 15",
            "the same with γ_b and β_b for each sample, as eq. 14 prints layer norm",
            |o| affine(o, Some(AffineLayout::Sample)),
        )
        .when(ABOVE)
        .proved("NormalisationGroups.group_norm_zero_cost"),
        norm("eq15-affine-off", "eq. 15", "the same without γ and β", |o| affine(o, None))
            .when(ABOVE)
            .proved("NormalisationGroups.group_norm_zero_cost"),
        norm(
            "eq10-eps-residual",
            "eq. 10",
            "with ε in the square root the cost at the input is ε/(σ² + ε) · Σ γ ∂L/∂y x̂, group by group",
            law,
        )
        .proved("NormalisationGroups.group_norm_cost")
        .cross_checked(),
        norm(
            "eq10-eps-literal",
            "eq. 10",
            "the cost at the input of a normalisation as used in practice, with ε > 0, is zero",
            |o| zero_at(o, |eps| eps > 0.0),
        )
        .refuted("it is ε/(σ² + ε) of the cost at x̂: small where σ² ≫ ε, all of it where σ² ≪ ε")
        .witness(eps_lets_through),
        norm(
            "eq10-eps-share-grows",
            "eq. 10",
            "the share ε/(σ² + ε) that passes grows as the variance falls: for x/2 it is ε/(σ²/4 + ε)",
            share_grows,
        ),
        norm(
            "tian-ones",
            "after eq. 10 (Tian 2018)",
            "∂L/∂X is orthogonal to 1 on each group, for every ε",
            |o| {
                each_group(o, |group| {
                    Judgement::zero(group.gx.iter().sum(), group.sum_error(o.arithmetic()) + sum_bound(&group.gx))
                })
            },
        )
        .proved("NormalisationCost.norm_backward_sum"),
        norm("tian-projection", "after eq. 10 (Tian 2018)", "∂L/∂X is orthogonal to X̂ on each group", |o| {
            each_group(o, |group| {
                let along = Amount::dot(&group.gx, &group.xhat);
                Judgement::zero(along.value, along.bound + group.xhat_error(o.arithmetic()))
                    .when(o.case.settings.eps == 0.0)
            })
        })
        .when(ABOVE)
        .proved("NormalisationCost.norm_projection"),
        norm(
            "eq10-per-sample",
            "eq. 10",
            "the cost at the input of a batch normalisation is zero sample by sample",
            |o| regrouped(o, |k| k == Normalisation::Batch, |i, image| i / image.per_sample()),
        )
        .refuted("zero for each channel, summed over the batch and the image")
        .proved("Theorem1Literal.batch_norm_per_sample_fails")
        .witness(bn_per_sample),
        norm(
            "eq15-per-channel",
            "eq. 15",
            "the cost at the input of a layer normalisation is zero channel by channel",
            |o| regrouped(o, |k| k == Normalisation::Layer, |i, image| i % image.c),
        )
        .refuted("zero for each sample, summed over channels and the image"),
        norm(
            "eq10-constant-group",
            "eq. 10",
            "a group that does not vary lets nothing through at ε = 0",
            constant_group,
        )
        .read("1/√σ² is undefined there; x̂ = 0 by convention, and so is the gradient"),
        Claim::new(
            "eq6-scale-invariance",
            "eq. 6",
            "a normalisation does not change when X is doubled: that is why it has no cost (Euler, degree 0)",
            "none: scaling by 2 does not round, so equality is exact",
            Check::Norm(scale_invariant),
        )
        .when("ε = 0")
        .proved("NormalisationCost.norm_homogeneous")
        .witness(eps_lets_through),
    ]
}

#[derive(Clone, Copy, PartialEq)]
enum Printed {
    Literal,
    Corrected,
    ChainRule,
}

fn gradient(o: &NormObservation, printed: Printed) -> Vec<Judgement> {
    let (layer, g) = o.case.closed_form();
    let image = o.case.image;
    let batch_norm = o.case.settings.kind == Normalisation::Batch;
    if printed == Printed::Literal && !batch_norm {
        return Vec::new();
    }
    let closed = match printed {
        Printed::Literal => layer.printed_backward(&g, (image.c * image.h * image.w) as f64),
        Printed::ChainRule => layer.terms(&g).sum(),
        Printed::Corrected if batch_norm => layer.printed_backward(&g, (image.n * image.h * image.w) as f64),
        Printed::Corrected => layer.backward(&g),
    };
    let closed: Vec<f64> = closed.iter().copied().collect();
    let grouping = o.case.settings.kind.grouping(image.c).expect("a normalisation");
    let (groups, mut seen) = (o.groups(), vec![0; grouping.count(image)]);
    let judge = |i: usize| {
        let group = index(grouping, image, i);
        let within = seen[group];
        seen[group] += 1;
        // Either side, the tape's and the closed form's, may be off.
        Judgement::equal(o.input.gradient[i], closed[i], 2.0 * groups[group].gradient_error(within, o.arithmetic()))
    };
    (0..closed.len()).map(judge).collect()
}

fn each_group(
    o: &NormObservation,
    judge: impl Fn(&crate::claim::rounding::norm::Group) -> Judgement,
) -> Vec<Judgement> {
    o.groups().iter().map(judge).collect()
}

fn sum_bound(terms: &[f64]) -> f64 {
    crate::theorem::rounding::Sum::dot(terms, &vec![1.0; terms.len()]).bound(0, crate::theorem::rounding::U64)
}

/// The cost of each group, judged against 0.
fn zero_at(o: &NormObservation, condition: impl Fn(f64) -> bool) -> Vec<Judgement> {
    each_group(o, |group| {
        let cost = group.input_cost(o.arithmetic());
        Judgement::zero(cost.value, cost.bound).when(condition(o.case.settings.eps))
    })
}

fn zero(o: &NormObservation, kind: impl Fn(Normalisation) -> bool) -> Vec<Judgement> {
    if kind(o.case.settings.kind) { zero_at(o, |eps| eps == 0.0) } else { Vec::new() }
}

fn affine(o: &NormObservation, layout: Option<AffineLayout>) -> Vec<Judgement> {
    if o.case.settings.affine == layout { zero_at(o, |eps| eps == 0.0) } else { Vec::new() }
}

fn law(o: &NormObservation) -> Vec<Judgement> {
    each_group(o, |group| {
        let cost = group.input_cost(o.arithmetic());
        Judgement::equal(cost.value, group.lets_through(), cost.bound)
    })
}

/// The cost at x/2 is ε/(σ²/4 + ε) ⟨g, x̂⟩ with the x̂ of x/2.
fn share_grows(o: &NormObservation) -> Vec<Judgement> {
    if o.case.settings.eps == 0.0 {
        return Vec::new();
    }
    let halved = NormCase { x: o.case.x.iter().map(|x| x / 2.0).collect(), ..o.case.clone() };
    let Ok(halved) = NormObservation::observe(&halved) else { return Vec::new() };
    let judge = |(one, half): (&crate::claim::rounding::norm::Group, &crate::claim::rounding::norm::Group)| {
        let (share, half_share) = (one.conditioning().share, half.conditioning().share);
        let cost = half.input_cost(o.arithmetic());
        let predicted = share / (share + (1.0 - share) / 4.0) * Amount::dot(&half.g, &half.xhat).value;
        let grows = Judgement::at_most_zero(share - half_share, o.arithmetic().gamma(one.x.len() + 8));
        [Judgement::equal(cost.value, predicted, cost.bound), grows.when(one.is_well_above_rounding(o.arithmetic()))]
    };
    o.groups().iter().zip(&halved.groups()).flat_map(judge).collect()
}

/// Costs summed over other groups than those that share statistics.
fn regrouped(o: &NormObservation, kind: fn(Normalisation) -> bool, of: fn(usize, Image) -> usize) -> Vec<Judgement> {
    if !kind(o.case.settings.kind) || o.case.settings.eps > 0.0 {
        return Vec::new();
    }
    // The batch's own bound: whatever a part of it is off by, it is no more.
    let bound: f64 = o.groups().iter().map(|group| group.input_cost(o.arithmetic()).bound).sum();
    let mut sums = std::collections::BTreeMap::<usize, f64>::new();
    o.input.products().enumerate().for_each(|(i, product)| *sums.entry(of(i, o.case.image)).or_default() += product);
    sums.into_values().map(|sum| Judgement::zero(sum, bound)).collect()
}

fn constant_group(o: &NormObservation) -> Vec<Judgement> {
    let flat = |group: &&crate::claim::rounding::norm::Group| {
        // Small integers: the mean is exact, and so is σ = 0.
        group.eps == 0.0 && group.x.iter().all(|x| *x == group.x[0] && x.fract() == 0.0 && x.abs() < 1e3)
    };
    o.groups().iter().filter(flat).map(|group| Judgement::zero(group.gx.iter().map(|g| g.abs()).sum(), 0.0)).collect()
}

fn scale_invariant(o: &NormObservation) -> Vec<Judgement> {
    let twice = NormCase { x: o.case.x.iter().map(|x| 2.0 * x).collect(), ..o.case.clone() };
    let Ok(twice) = NormObservation::observe(&twice) else { return Vec::new() };
    let apart = o.y.iter().zip(&twice.y).map(|(one, two)| (one - two).abs()).fold(0.0, f64::max);
    vec![Judgement::zero(apart, 0.0).when(o.case.settings.eps == 0.0)]
}

fn example(kind: Normalisation, eps: f64, image: Image, x: &[f64], gy: &[f64]) -> NormCase {
    let settings = NormSettings { kind, eps, affine: None };
    NormCase { image, settings, x: x.to_vec(), gamma: vec![], beta: vec![], gy: gy.to_vec() }
}

/// x = (0, 2), ∂L/∂y = (0, 1), ε = 3: σ² = 1, x̂ = (−½, ½), and ¾ · ½ of the cost passes.
fn eps_lets_through() -> Witness {
    let case = example(Normalisation::Batch, 3.0, Image { n: 2, h: 1, w: 1, c: 1 }, &[0.0, 2.0], &[0.0, 1.0]);
    Witness::judged::<NormObservation>(
        &case,
        |o| zero_at(o, |_| true),
        |o| json!({"x": [0, 2], "dL/dy": [0, 1], "eps": 3, "sigma^2": 1, "xhat": o.normalised.value, "dL/dx": o.input.gradient, "cost": o.input.cost()}),
    )
}

/// One channel over two samples of two pixels, x = (0, 0; 1, 3), ∂L/∂y = (0, 0; 1, 0).
fn bn_per_sample() -> Witness {
    let case = example(
        Normalisation::Batch,
        0.0,
        Image { n: 2, h: 1, w: 2, c: 1 },
        &[0.0, 0.0, 1.0, 3.0],
        &[0.0, 0.0, 1.0, 0.0],
    );
    Witness::judged::<NormObservation>(
        &case,
        |o| regrouped(o, |_| true, |i, image| i / image.per_sample()),
        |o| {
            let costs: Vec<f64> = o.input.products().collect();
            json!({"x": [[0, 0], [1, 3]], "dL/dy": [[0, 0], [1, 0]], "cost per entry": costs, "sum": o.input.cost()})
        },
    )
}

/// B = 2, C = D = 1: BD = 2, CD = 1; x = (0, 2), ∂L/∂y = (0, 1).
fn wrong_divisor() -> Witness {
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
