//! Batch, layer, instance, group norm or none: which entries share their mean and variance, and the
//! layer that a network is built with.
//!
//! All of them are one map, x̂ = (x − μ)/√(σ² + ε), over different groups ([`Grouping`]); then
//! y = γ x̂ + β where the layer is affine (eq. 7, 14).

mod layer;

pub use crate::tensor::op::{AffineLayout, Grouping};
pub use layer::{Norm, input_key, normalised_key};

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Whose statistics an entry is normalised by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Normalisation {
    /// A channel of the whole batch (eq. 7).
    Batch,
    /// A sample (eq. 14).
    Layer,
    /// A channel of a sample.
    Instance,
    /// A sample's channels in this many runs of equal length.
    Group(usize),
    /// Nothing is normalised.
    None,
}

impl Normalisation {
    /// The groups for an activation of `channels` channels; `None` where nothing is normalised.
    pub fn grouping(self, channels: usize) -> Option<Grouping> {
        let (per_sample, channels) = match self {
            Normalisation::Batch => (false, 1),
            Normalisation::Layer => (true, channels),
            Normalisation::Instance => (true, 1),
            Normalisation::Group(groups) => (true, channels / groups.max(1)),
            Normalisation::None => return None,
        };
        Some(Grouping { per_sample, channels })
    }

    /// Whether an activation of `channels` channels can be grouped so.
    pub fn fits(self, channels: usize) -> bool {
        !matches!(self, Normalisation::Group(groups) if !channels.is_multiple_of(groups) || groups == 0)
    }
}

impl FromStr for Normalisation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Ok(match name {
            "bn" | "batch" => Normalisation::Batch,
            "ln" | "layer" => Normalisation::Layer,
            "in" | "instance" => Normalisation::Instance,
            "none" => Normalisation::None,
            _ => {
                let groups = name.strip_prefix("gn:").or(name.strip_prefix("group:")).and_then(|n| n.parse().ok());
                let groups = groups.filter(|groups| *groups > 0);
                return groups.map(Normalisation::Group).ok_or_else(|| {
                    format!("unknown normalisation '{name}'; known: batch (bn), layer (ln), instance (in), group:N (gn:N), none")
                });
            }
        })
    }
}

impl TryFrom<String> for Normalisation {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl From<Normalisation> for String {
    fn from(normalisation: Normalisation) -> Self {
        normalisation.to_string()
    }
}

impl fmt::Display for Normalisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Normalisation::Batch => f.write_str("batch"),
            Normalisation::Layer => f.write_str("layer"),
            Normalisation::Instance => f.write_str("instance"),
            Normalisation::Group(groups) => write!(f, "group:{groups}"),
            Normalisation::None => f.write_str("none"),
        }
    }
}

/// A normalisation as a network is asked for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormSettings {
    /// Whose statistics.
    pub kind: Normalisation,
    /// ε ≥ 0.
    pub eps: f64,
    /// What γ and β are indexed by; none if the layer is not affine.
    pub affine: Option<AffineLayout>,
}
