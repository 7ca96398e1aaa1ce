//! What a run was set to, as far as figures ask for it.

use super::statistic::alpha_is_fixed;
use crate::run::RunFolder;
use serde_json::Value;

/// A run's settings.
#[derive(Clone, Copy)]
pub struct Setting<'a>(pub &'a RunFolder);

impl Setting<'_> {
    fn is(self, key: &str, value: &str) -> bool {
        self.0.manifest.config.get(key).and_then(Value::as_str) == Some(value)
    }

    /// A search by `method`.
    pub fn uses(self, method: &str) -> bool {
        self.is("method", method)
    }

    /// A search by `method` that trains α.
    pub fn searches(self, method: &str) -> bool {
        self.uses(method) && self.0.epochs() > 0 && !alpha_is_fixed(self.0)
    }

    /// `method` with α fixed: only θ is trained.
    pub fn fixes_alpha(self, method: &str) -> bool {
        self.uses(method) && self.0.epochs() > 0 && alpha_is_fixed(self.0)
    }

    /// α has a set of images of its own.
    pub fn is_bi_level(self) -> bool {
        self.is("level", "bi")
    }

    /// This norm and this order of ReLU, convolution and norm.
    pub fn stacks(self, norm: &str, order: &str) -> bool {
        self.is("norm", norm) && self.is("order", order)
    }

    /// Every operation may be on every edge.
    pub fn is_unrestricted(self) -> bool {
        self.0.manifest.config.get("edges").is_none_or(|edges| edges.as_object().is_some_and(|edges| edges.is_empty()))
    }

    /// The operations that `edge` is restricted to, if it is.
    pub fn allowed(self, edge: usize) -> Option<usize> {
        Some(self.0.manifest.config.get("edges")?.get(edge.to_string())?.as_array()?.len())
    }

    /// The cell of Figures 17 and 18, whose output concatenates the nodes `output`.
    pub fn is_simplified(self, output: &[usize]) -> bool {
        let cell = &self.0.manifest.cell;
        cell.edges == [[0, 2], [0, 3], [2, 3]] && cell.output == output
    }

    /// The minimal cell.
    pub fn is_minimal(self) -> bool {
        self.0.manifest.cell.edges == [[0, 2], [1, 2], [0, 3], [1, 3], [2, 3]]
    }
}
