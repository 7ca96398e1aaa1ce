//! The claims, in the paper's order.

mod cell;
mod degenerate;
mod errata;
mod expectation;
mod gradients;
mod head;
mod head_sign;
mod linear;
mod norm;
mod stack;
mod trends;

use super::Claim;

/// Where a stage's bound comes from.
const STAGE: &str = "(γ_m + γ_n) ⟨|∂L/∂y|, |A||x|⟩ for m roundings forwards and n backwards, plus γ_n Σ|g x| \
for either sum";
/// Where a norm's bound comes from.
const NORM: &str = "r γ_{n+6} Σ (|g| + mean|g| + |x̂| mean|g x̂|)|x| for the entries, and (mean|g| + |μ| r \
mean|g x̂|) n γ κ for the mean's own error, κ = r mean|x|; infinite where κ² γ > 1/32";
/// Where the bound of a path through a network comes from.
const PATH: &str = "the sum of the bounds of the stages on the path, each from the values and gradients \
that the tape has there: (γ_m + γ_n) ⟨|∂L/∂y|, |A||x|⟩ for linear stages, that of eq. \
10 for norms, γ Σ|g x| for sums";

/// Every claim.
pub fn registry() -> Vec<Claim> {
    let groups = [
        linear::claims(),
        norm::claims(),
        cell::claims(),
        stack::claims(),
        head::claims(),
        head_sign::claims(),
        gradients::claims(),
        degenerate::claims(),
        expectation::claims(),
        errata::claims(),
        trends::claims(),
    ];
    groups.into_iter().flatten().collect()
}
