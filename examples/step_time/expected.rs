//! Results against those that PyTorch found in double precision on the same values: `expected.json`.

use crate::workload::summaries;
use serde_json::Value;
use std::fmt;
use wirecost::tensor::Both;

/// How far one kind of result is from the stated one, relative to the largest of its kind.
pub struct Difference {
    what: String,
    value: f64,
    tolerance: f64,
}

impl Difference {
    /// Whether it is small enough.
    pub fn within(&self) -> bool {
        self.value <= self.tolerance
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.within() { "ok  " } else { "FAIL" };
        write!(f, "{verdict} {:50} {:.1e}  (tolerance {:.0e})", self.what, self.value, self.tolerance)
    }
}

/// The tolerances that the peers' own check grants its variants: what single precision costs them in
/// sums of large terms of both signs, more through eight cells; and double precision.
fn tolerance(name: &str) -> f64 {
    match name {
        "W_VERIFY" => 1e-9,
        "W_ORIG8" => 5e-2,
        _ => 3e-3,
    }
}

/// All comparisons of a workload on a device.
pub fn differences<D: Both>(device: &D, name: &str) -> anyhow::Result<Vec<Difference>> {
    let stated: Value = serde_json::from_str(include_str!("expected.json"))?;
    let stated = match &stated[name] {
        Value::Array(cases) => cases.clone(),
        one => vec![one.clone()],
    };
    let mut all = Vec::new();
    for (case, (got, want)) in summaries(device, name, stated.len())?.iter().zip(&stated).enumerate() {
        let case = if stated.len() > 1 { format!("{name}/{case}") } else { name.into() };
        let mut add =
            |what: &str, value, tolerance| all.push(Difference { what: format!("{case} {what}"), value, tolerance });
        let loss = [got, want].map(|summary| numbers(&summary["loss"]));
        add("loss", apart(&loss[0], &loss[1]), tolerance(name) / 100.0);
        for kind in ["costs", "alpha_grad"].into_iter().filter(|kind| want.get(kind).is_some()) {
            add(kind, apart(&numbers(&got[kind]), &numbers(&want[kind])), tolerance(name));
        }
        let gradients = want["grads"].as_object().into_iter().flatten();
        let worst = gradients.map(|(name, want)| {
            let (got, want) = (numbers(&got["grads"][name]), numbers(want));
            // The norm first; one that is zero but for rounding says nothing.
            if want[0] > 1e-12 { (got[0] - want[0]).abs().max((got[1] - want[1]).abs()) / want[0] } else { 0.0 }
        });
        add("gradients", largest(worst), tolerance(name));
    }
    Ok(all)
}

/// All numbers in a value, in order.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(all) => all.iter().flat_map(numbers).collect(),
        one => vec![one.as_f64().unwrap_or(f64::NAN)],
    }
}

/// max |a − b| ÷ max |b|; not a number where the two have not the same length.
fn apart(a: &[f64], b: &[f64]) -> f64 {
    let apart = largest(a.iter().zip(b).map(|(a, b)| (a - b).abs()));
    if a.len() == b.len() { apart / largest(b.iter().map(|b| b.abs())).max(f64::MIN_POSITIVE) } else { f64::NAN }
}

/// The largest; not a number if one is not.
fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |largest, value| if value > largest || value.is_nan() { value } else { largest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wirecost::tensor::Cpu;

    #[test]
    fn every_network_finds_what_is_stated() {
        for name in crate::workload::NETWORKS {
            for difference in differences(&Cpu::default(), name).unwrap() {
                assert!(difference.within(), "{difference}");
            }
        }
    }

    #[test]
    fn a_difference_is_seen() {
        assert_eq!(apart(&[1.0, 3.0], &[1.0, 2.0]), 0.5);
        assert!(!(Difference { what: String::new(), value: apart(&[1.0], &[1.0, 2.0]), tolerance: 1.0 }.within()));
    }
}
