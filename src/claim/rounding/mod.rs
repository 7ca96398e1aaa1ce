//! How far numbers computed on the tape may be from what the claims say, derived stage by stage.
//!
//! Every identity of the paper is a chain of local ones: a stage hands the cost at its output to its
//! input. Each is judged on the values and gradients that the tape did compute there, so errors made
//! elsewhere do not matter, however large the weights are: for y = Ax, computed with at most m and n
//! roundings forwards and backwards, |⟨∂L/∂x, x⟩ − ⟨∂L/∂y, y⟩| ≤ γ_{m+n} ⟨|∂L/∂y|, |A||x|⟩
//! (`ChainRounding.chain_bound`). The bound of a chain is the sum of its stages' bounds
//! (`IdentityBounds.sum_of_costs_check`).

pub mod flat;
pub mod head;
pub mod norm;
pub mod passage;
