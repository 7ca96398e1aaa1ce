//! Named parameters, and where their first values come from.

use super::{Element, Memory, Var, error::Result};

/// A trained value, by its full name (`cell0.edge2.sep_conv_3x3.block1.dw.weight`).
pub struct Parameter<E: Element, D: Memory<E>> {
    /// The full name.
    pub name: String,
    /// The value.
    pub value: Var<E, D>,
}

/// How a parameter starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// Weights of a layer that sums this many inputs.
    Weight {
        /// Inputs to one output.
        fan_in: usize,
    },
    /// The classifier's weights: as above, times the gain.
    Classifier {
        /// Inputs to one output.
        fan_in: usize,
    },
    /// The classifier's bias.
    Bias {
        /// Inputs to one output.
        fan_in: usize,
    },
    /// γ.
    Gamma,
    /// β.
    Zero,
}

/// Gives first values by name: a random stream, a case file, a test's draw.
pub trait Source {
    /// The elements of parameter `name`, row-major in this crate's layout.
    fn values(&mut self, name: &str, shape: &[usize], init: Init) -> Result<Vec<f64>>;
}

/// A place in the network while it is built: everything made here is named below `path`.
pub struct Scope<'a, D> {
    /// Where parameters live.
    pub device: &'a D,
    source: &'a mut dyn Source,
    path: String,
}

impl<'a, D> Scope<'a, D> {
    /// The root.
    pub fn new(device: &'a D, source: &'a mut dyn Source) -> Self {
        Scope { device, source, path: String::new() }
    }

    /// The scope `path.part`.
    pub fn enter(&mut self, part: &str) -> Scope<'_, D> {
        let path = self.name(part);
        Scope { device: self.device, source: self.source, path }
    }

    /// The full name of this place.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The full name of `part` here.
    pub fn name(&self, part: &str) -> String {
        if self.path.is_empty() { part.into() } else { format!("{}.{part}", self.path) }
    }

    /// Makes a parameter.
    pub fn parameter<E: Element>(&mut self, part: &str, shape: &[usize], init: Init) -> Result<Parameter<E, D>>
    where
        D: Memory<E>,
    {
        let name = self.name(part);
        let values: Vec<E> = self.source.values(&name, shape, init)?.into_iter().map(E::of).collect();
        Ok(Parameter { value: Var::new(self.device, shape, &values)?, name })
    }
}
