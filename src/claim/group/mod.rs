//! The claims, in the paper's order.

/// A judge that is generic over elements, for both types.
macro_rules! in_both {
    ($kind:ident, $judge:expr) => {
        crate::claim::Check::$kind($judge, $judge)
    };
}

mod cell;
mod degenerate;
mod errata;
mod estimators;
mod expectation;
mod gradients;
mod head;
mod head_sign;
mod linear;
mod norm;
mod search_path;
mod stack;
mod trends;

use super::Claim;

/// Where a stage's bound comes from.
const STAGE: &str = "γ_{m+n} ⟨|∂L/∂y|, |A||x|⟩ for m roundings forwards and n backwards, plus γ_n Σ|g x| \
for either sum";
/// Where a norm's bound comes from.
const NORM: &str = "Γ Σ (|g| + mean|g| + |x̂| mean|g x̂|)(r|x| + |x̂|) for the entries, n Γ (1 + κ)(mean|g| + κ \
mean|g x̂|) for the mean's own error, 2 n mean|g x̂| (Γ + (Γκ)² ε/(σ² + ε)) for σ's, Γ = γ_{4n+32}, κ = r \
mean|x|; infinite where max(κ², 1) Γ > 1/32";
/// Where the bound of a path through a network comes from.
const PATH: &str = "the sum of the bounds of the stages on the path, each from the values and gradients \
that the tape has there: γ_{m+n} ⟨|∂L/∂y|, |A||x|⟩ for linear stages, that of eq. \
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
        estimators::claims(),
        search_path::claims(),
        degenerate::claims(),
        expectation::claims(),
        errata::claims(),
        trends::claims(),
    ];
    groups.into_iter().flatten().collect()
}
