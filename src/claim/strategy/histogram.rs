//! What was drawn: coverage shown, not assumed.

use crate::{
    cell::Topology,
    claim::observe::{layer::Step, logits::LogitsCase},
    cost::case::Case,
    normalisation::{AffineLayout, NormSettings, Normalisation},
    operation::Operation,
    tensor::op::Image,
};
use std::collections::BTreeMap;

/// What one case exercises, each feature once.
pub type Features = Vec<String>;

/// How many cases had each feature, by name.
pub type Histogram = BTreeMap<String, u64>;

/// Adds a case's features.
pub fn count(histogram: &mut Histogram, features: Features) {
    features.into_iter().for_each(|feature| *histogram.entry(feature).or_default() += 1);
}

/// Norm, ε, affine layout, extents.
pub fn norm_features(settings: &NormSettings, image: Image) -> Features {
    let kind = match settings.kind {
        Normalisation::Group(_) => "group".into(),
        kind => kind.to_string(),
    };
    let eps = match settings.eps {
        0.0 => "0".into(),
        eps => format!("1e{:+03}", eps.log10().floor()),
    };
    let affine = match settings.affine {
        None => "off",
        Some(AffineLayout::Channel) => "channel",
        Some(AffineLayout::Element) => "element",
        Some(AffineLayout::Sample) => "sample",
    };
    let mut features = vec![format!("norm {kind}"), format!("eps {eps}"), format!("affine {affine}")];
    features.extend(image_features(image));
    features
}

fn image_features(image: Image) -> Features {
    let pixels = if image.h * image.w == 1 { "1x1" } else { "larger" };
    vec![format!("batch {}", image.n), format!("channels {}", image.c), format!("image {pixels}")]
}

/// Steps and extents.
pub fn layer_features(steps: &[Step], image: Image) -> Features {
    let name = |step: &Step| format!("{step:?}").split([' ', '(']).next().unwrap_or_default().to_string();
    let mut features: Features = steps.iter().map(|step| format!("step {}", name(step))).collect();
    features.sort();
    features.dedup();
    features.extend(image_features(image));
    features
}

/// Classes, and whether the prediction is right.
pub fn logits_features(case: &LogitsCase) -> Features {
    let correct = crate::theorem::head::is_correct(ndarray::ArrayView1::from(&case.y), case.label);
    vec![format!("classes {}", case.y.len()), format!("prediction {}", if correct { "correct" } else { "wrong" })]
}

/// Everything about a network.
pub fn network_features(case: &Case) -> Features {
    let settings = &case.settings;
    let mut features = norm_features(&settings.norm, settings.input);
    let cell = match &settings.topology {
        t if *t == Topology::minimal() => "minimal",
        t if *t == Topology::original() => "original",
        _ => "other",
    };
    features.push(format!("cell {cell}"));
    features.push(format!("intermediate nodes {}", settings.topology.nodes() - crate::cell::INPUTS));
    features.push(format!("cells {}", settings.cells));
    features.push(format!("order {}", settings.order));
    features.push(format!("classes {}", settings.classes));
    features.push(format!("bias {}", settings.bias));
    features.push(format!("stem {}", settings.stem.is_some()));
    features.push(format!("architecture {}", if case.alpha.is_some() { "mixture" } else { "sampled" }));
    if case.alpha.is_none() {
        let on =
            |operation: &Operation| case.arch.iter().any(|z| z.column(operation.index()).iter().any(|z| *z != 0.0));
        features.extend(Operation::ALL.iter().filter(|o| on(o)).map(|o| format!("operation {o}")));
    }
    features
}
