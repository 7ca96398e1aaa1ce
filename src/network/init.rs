//! First values of a network's parameters: PyTorch's default, or given ones.

use crate::{
    seed::stream,
    tensor::{Error, Init, Source, error::Result},
};
use rand_distr::{Distribution, Uniform};
use std::collections::HashMap;

/// PyTorch's default: weights uniform in ±1/√fan_in, γ = 1, β = 0; each parameter from a stream of its
/// own, so that one more parameter changes no other.
pub struct Random {
    /// The run's seed.
    pub seed: u64,
    /// Factor on the classifier's weights; 1 is the default.
    pub gain: f64,
}

impl Source for Random {
    fn values(&mut self, name: &str, shape: &[usize], init: Init) -> Result<Vec<f64>> {
        let n = shape.iter().product();
        let uniform = |bound: f64| {
            let draw = Uniform::new_inclusive(-bound, bound).expect("a finite bound");
            draw.sample_iter(stream(self.seed, &format!("parameter {name}"))).take(n).collect()
        };
        Ok(match init {
            Init::Weight { fan_in } | Init::Bias { fan_in } => uniform(1.0 / (fan_in as f64).sqrt()),
            Init::Classifier { fan_in } => uniform(self.gain / (fan_in as f64).sqrt()),
            Init::Gamma => vec![1.0; n],
            Init::Zero => vec![0.0; n],
        })
    }
}

/// Values by name, row-major in this crate's layout.
#[derive(Debug, Clone, Default)]
pub struct Ready(pub HashMap<String, Vec<f64>>);

impl Source for Ready {
    fn values(&mut self, name: &str, shape: &[usize], _: Init) -> Result<Vec<f64>> {
        let values = self.0.get(name).cloned().ok_or_else(|| Error::Missing { what: name.into() })?;
        if values.len() != shape.iter().product::<usize>() {
            let expected = format!("shape {shape:?} for {name}");
            return Err(Error::Shape { op: "parameter", expected, found: vec![values.len()] });
        }
        Ok(values)
    }
}
