//! α, what is sampled or mixed from it, and the rules that derive a cell.
//!
//! α is a matrix `[edges, operations]` of logits; p_α = softmax of its rows (section 2).

mod alpha;
mod choice;
mod derive;
pub mod genotype;

pub use alpha::{Alpha, FORBIDDEN, allowed_logits, gumbel_max, gumbel_noise, softmax_rows};
pub use choice::Choice;
pub use derive::Rule;
pub use genotype::genotype;
