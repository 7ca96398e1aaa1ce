//! Eq. 6–10, 14, 15: what normalisations let through.

mod judges;
mod witnesses;

use super::NORM;
use crate::{
    claim::{
        Claim,
        judgement::{Amount, Judgement},
    },
    normalisation::{AffineLayout, Normalisation},
};
use judges::*;
use witnesses::*;

const ENTRY: &str = "for each entry r (Γ s + 2 (κΓ)(mean|g x̂| + (|x̂| + κΓ) mean|g|) + 2 (Γ + (κΓ)²) s), s = |g| + \
mean|g| + |x̂| mean|g x̂|, Γ = γ_{4n+32}, κ = r mean|x|";
const ABOVE: &str = "ε = 0; σ > 0 well above rounding, or nothing varies at all";

pub fn claims() -> Vec<Claim> {
    let norm = |id, source, statement, check| Claim::new(id, source, statement, NORM, check);
    vec![
        Claim::new(
            "eq8-bn-gradient",
            "eq. 8",
            "∂L/∂X = γ/√σ² [∂L/∂X₃² − mean − X̂ mean(∂L/∂X₃² X̂)], per channel, is what autodiff \
computes",
            ENTRY,
            in_both!(Norm, |o| gradient(o, Printed::Corrected)),
        )
        .read("with BD in the last term, where CD is printed; for every normalisation and ε")
        .proved("Normalisation.norm_backward_is_gradient"),
        Claim::new(
            "eq9-chain-rule",
            "eq. 8, 9",
            "∂L/∂X as the sum of three terms, straight, through μ and through σ², with ∂L/∂μ and \
∂L/∂σ² of eq. 9, is what autodiff computes",
            ENTRY,
            in_both!(Norm, |o| gradient(o, Printed::ChainRule)),
        )
        .proved("ChainRule.three_terms"),
        Claim::new(
            "eq8-divisor-misprint",
            "eq. 8",
            "the last term of eq. 8 is divided by CD",
            ENTRY,
            in_both!(Norm, |o| gradient(o, Printed::Literal)),
        )
        .misprint("divided by BD, the number of entries that share the statistics")
        .proved("NormalisationCost.eq8_wrong_divisor")
        .witness(wrong_divisor),
        norm(
            "eq10-bn-zero-cost",
            "eq. 6, 10",
            "Σ_{b,d} ∂L/∂X X = 0 for each channel of a batch normalisation",
            in_both!(Norm, |o| zero(o, |k| k == Normalisation::Batch)),
        )
        .when(ABOVE)
        .witness(eps_lets_through)
        .proved("NormalisationKinds.batch_norm_zero_cost")
        .cross_checked()
        .witness(eps_lets_through),
        norm(
            "eq15-ln-zero-cost",
            "eq. 15",
            "Σ_{c,d} ∂L/∂X X = 0 for each sample of a layer normalisation",
            in_both!(Norm, |o| { zero(o, |k| k == Normalisation::Layer) }),
        )
        .when(ABOVE)
        .witness(eps_lets_through)
        .proved("NormalisationKinds.layer_norm_zero_cost")
        .cross_checked(),
        norm(
            "eq15-in-zero-cost",
            "sect. 8.1",
            "Σ_d ∂L/∂X X = 0 for each channel of each sample of an instance normalisation",
            in_both!(Norm, |o| zero(o, |k| k == Normalisation::Instance)),
        )
        .when(ABOVE)
        .witness(eps_lets_through)
        .proved("NormalisationKinds.instance_norm_zero_cost")
        .cross_checked(),
        norm(
            "eq15-gn-zero-cost",
            "sect. 8.1",
            "Σ ∂L/∂X X = 0 for each group of channels of each sample of a group normalisation",
            in_both!(Norm, |o| zero(o, |k| matches!(k, Normalisation::Group(_)))),
        )
        .when(ABOVE)
        .witness(eps_lets_through)
        .proved("NormalisationKinds.channel_groups_norm_zero_cost")
        .cross_checked(),
        norm(
            "eq15-affine-channel",
            "eq. 15",
            "the same with γ and β for each channel",
            in_both!(Norm, |o| { affine(o, Some(AffineLayout::Channel)) }),
        )
        .when(ABOVE)
        .witness(eps_lets_through)
        .proved("NormalisationGroups.group_norm_zero_cost"),
        norm(
            "eq15-affine-element",
            "eq. 15",
            "the same with γ and β for each element of a sample",
            in_both!(Norm, |o| { affine(o, Some(AffineLayout::Element)) }),
        )
        .when(ABOVE)
        .witness(eps_lets_through)
        .proved("NormalisationGroups.group_norm_zero_cost"),
        norm(
            "eq14-affine-sample",
            "eq. 14, 15",
            "the same with γ_b and β_b for each sample, as eq. 14 prints layer norm",
            in_both!(Norm, |o| affine(o, Some(AffineLayout::Sample))),
        )
        .when(ABOVE)
        .witness(eps_lets_through)
        .proved("NormalisationGroups.group_norm_zero_cost"),
        norm("eq15-affine-off", "eq. 15", "the same without γ and β", in_both!(Norm, |o| affine(o, None)))
            .when(ABOVE)
            .witness(eps_lets_through)
            .proved("NormalisationGroups.group_norm_zero_cost"),
        norm(
            "eq10-eps-residual",
            "eq. 10",
            "with ε in the square root the cost at the input is ε/(σ² + ε) · Σ γ ∂L/∂y x̂, group by \
group",
            in_both!(Norm, law),
        )
        .proved("NormalisationGroups.group_norm_cost")
        .cross_checked(),
        norm(
            "eq10-eps-literal",
            "eq. 10",
            "the cost at the input of a normalisation as used in practice, with ε > 0, is zero",
            in_both!(Norm, |o| zero_at(o, |eps| eps > 0.0)),
        )
        .refuted("it is ε/(σ² + ε) of the cost at x̂: small where σ² ≫ ε, all of it where σ² ≪ ε")
        .proved("NormalisationCost.eps_lets_through")
        .witness(eps_lets_through),
        norm(
            "eq10-eps-share-grows",
            "eq. 10",
            "the share ε/(σ² + ε) that passes grows as the variance falls: for x/2 it is ε/(σ²/4 + ε)",
            in_both!(Norm, share_grows),
        )
        .proved("NormalisationCost.share_grows"),
        norm(
            "tian-ones",
            "after eq. 10 (Tian 2018)",
            "∂L/∂X is orthogonal to 1 on each group, for every ε",
            in_both!(Norm, |o| {
                each_group(o, |group| {
                    Judgement::zero(group.gx.iter().sum(), group.sum_error(o.arithmetic()) + sum_bound(&group.gx))
                })
            }),
        )
        .proved("NormalisationCost.norm_backward_sum"),
        norm(
            "tian-projection",
            "after eq. 10 (Tian 2018)",
            "∂L/∂X is orthogonal to X̂ on each group",
            in_both!(Norm, |o| {
                each_group(o, |group| {
                    let along = Amount::dot(&group.gx, &group.xhat);
                    Judgement::zero(along.value, along.bound + group.xhat_error(o.arithmetic()))
                        .when(o.case.settings.eps == 0.0)
                })
            }),
        )
        .when(ABOVE)
        .witness(eps_lets_through)
        .proved("NormalisationCost.norm_projection"),
        norm(
            "eq10-per-sample",
            "eq. 10",
            "the cost at the input of a batch normalisation is zero sample by sample",
            in_both!(Norm, |o| regrouped(o, |k| k == Normalisation::Batch, |i, image| i / image.per_sample())),
        )
        .refuted("zero for each channel, summed over the batch and the image")
        .proved("Theorem1Literal.batch_norm_per_sample_fails")
        .witness(bn_per_sample),
        norm(
            "eq15-per-channel",
            "eq. 15",
            "the cost at the input of a layer normalisation is zero channel by channel",
            in_both!(Norm, |o| regrouped(o, |k| k == Normalisation::Layer, |i, image| i % image.c)),
        )
        .refuted("zero for each sample, summed over channels and the image")
        .proved("Refuted.layer_norm_per_channel_fails")
        .witness(ln_per_channel),
        norm(
            "eq10-constant-group",
            "eq. 10",
            "a group that does not vary lets nothing through at ε = 0",
            in_both!(Norm, constant_group),
        )
        .read("1/√σ² is undefined there; x̂ = 0 by convention, and so is the gradient")
        .proved("NormalisationCost.constant_group_lets_nothing_through"),
        Claim::new(
            "eq6-scale-invariance",
            "eq. 6",
            "a normalisation does not change when X is doubled: that is why it has no cost (Euler, \
degree 0)",
            "none: scaling by 2 does not round, so equality is exact",
            in_both!(Norm, scale_invariant),
        )
        .when("ε = 0")
        .proved("NormalisationCost.norm_homogeneous")
        .witness(eps_lets_through),
    ]
}
