//! How claims about one normalisation are judged.

use crate::{
    claim::{
        judgement::{Amount, Judgement},
        observe::norm::NormObservation,
        rounding::norm::{Group, index},
    },
    normalisation::{AffineLayout, Normalisation},
    tensor::{Element, op::Image},
};

/// Which form of eq. 8.
#[derive(Clone, Copy, PartialEq)]
pub enum Printed {
    Literal,
    Corrected,
    ChainRule,
}

pub fn gradient<E: Element>(o: &NormObservation<E>, printed: Printed) -> Vec<Judgement> {
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

pub fn each_group<E: Element>(o: &NormObservation<E>, judge: impl Fn(&Group) -> Judgement) -> Vec<Judgement> {
    o.groups().iter().map(judge).collect()
}

pub fn sum_bound(terms: &[f64]) -> f64 {
    crate::theorem::rounding::Sum::dot(terms, &vec![1.0; terms.len()]).bound(0, crate::theorem::rounding::U64)
}

/// The cost of each group, judged against 0.
pub fn zero_at<E: Element>(o: &NormObservation<E>, condition: impl Fn(f64) -> bool) -> Vec<Judgement> {
    each_group(o, |group| {
        let cost = group.input_cost(o.arithmetic());
        Judgement::zero(cost.value, cost.bound).when(condition(o.case.settings.eps))
    })
}

pub fn zero<E: Element>(o: &NormObservation<E>, kind: impl Fn(Normalisation) -> bool) -> Vec<Judgement> {
    if kind(o.case.settings.kind) { zero_at(o, |eps| eps == 0.0) } else { Vec::new() }
}

pub fn affine<E: Element>(o: &NormObservation<E>, layout: Option<AffineLayout>) -> Vec<Judgement> {
    if o.case.settings.affine == layout { zero_at(o, |eps| eps == 0.0) } else { Vec::new() }
}

pub fn law<E: Element>(o: &NormObservation<E>) -> Vec<Judgement> {
    each_group(o, |group| {
        let cost = group.input_cost(o.arithmetic());
        Judgement::equal(cost.value, group.lets_through(), cost.bound)
    })
}

/// The cost at x/2 is ε/(σ²/4 + ε) ⟨g, x̂⟩ with the x̂ of x/2.
pub fn share_grows<E: Element>(o: &NormObservation<E>) -> Vec<Judgement> {
    let Some(halved) = o.rescaled.as_ref().filter(|_| o.case.settings.eps > 0.0) else { return Vec::new() };
    let judge = |(one, half): (&Group, &Group)| {
        let (share, half_share) = (one.conditioning().share, half.conditioning().share);
        let cost = half.input_cost(o.arithmetic());
        let predicted = share / (share + (1.0 - share) / 4.0) * Amount::dot(&half.g, &half.xhat).value;
        let grows = Judgement::at_most_zero(share - half_share, o.arithmetic().gamma(one.x.len() + 8));
        let whole = one.input_cost(o.arithmetic());
        [
            Judgement::equal(whole.value, share * Amount::dot(&one.g, &one.xhat).value, whole.bound),
            Judgement::equal(cost.value, predicted, cost.bound),
            grows.when(one.is_well_above_rounding(o.arithmetic())),
        ]
    };
    o.groups().iter().zip(&halved.groups()).flat_map(judge).collect()
}

/// Costs summed over other groups than those that share statistics.
pub fn regrouped<E: Element>(
    o: &NormObservation<E>,
    kind: fn(Normalisation) -> bool,
    of: fn(usize, Image) -> usize,
) -> Vec<Judgement> {
    if !kind(o.case.settings.kind) || o.case.settings.eps > 0.0 {
        return Vec::new();
    }
    // The batch's own bound: whatever a part of it is off by, it is no more.
    let bound: f64 = o.groups().iter().map(|group| group.input_cost(o.arithmetic()).bound).sum();
    let mut sums = std::collections::BTreeMap::<usize, f64>::new();
    o.input.products().enumerate().for_each(|(i, product)| *sums.entry(of(i, o.case.image)).or_default() += product);
    sums.into_values().map(|sum| Judgement::zero(sum, bound)).collect()
}

pub fn constant_group<E: Element>(o: &NormObservation<E>) -> Vec<Judgement> {
    let flat = |group: &&Group| {
        // Small integers: the mean is exact, and so is σ = 0.
        group.eps == 0.0 && group.x.iter().all(|x| *x == group.x[0] && x.fract() == 0.0 && x.abs() < 1e3)
    };
    o.groups().iter().filter(flat).map(|group| Judgement::zero(group.gx.iter().map(|g| g.abs()).sum(), 0.0)).collect()
}

pub fn scale_invariant<E: Element>(o: &NormObservation<E>) -> Vec<Judgement> {
    let Some(rescaled) = &o.rescaled else { return Vec::new() };
    let apart = o.y.iter().zip(&rescaled.y).map(|(one, two)| (one - two).abs()).fold(0.0, f64::max);
    vec![Judgement::zero(apart, 0.0).when(o.case.settings.eps == 0.0)]
}
