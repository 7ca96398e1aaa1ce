//! Chains of steps.

use super::{Style, extent, image};
use crate::{
    claim::observe::layer::{LayerCase, Step},
    tensor::op::{Image, PoolKind},
};
use proptest::prelude::*;

fn step() -> impl Strategy<Value = Step> {
    let kernel = || prop_oneof![Just(1usize), Just(3), Just(5)];
    prop_oneof![
        1 => Just(Step::Skip),
        2 => Just(Step::Relu),
        2 => (kernel(), extent(9)).prop_map(|(kernel, out)| Step::Convolution { kernel, out }),
        2 => (kernel(), 1..=2usize).prop_map(|(kernel, dilation)| Step::Depthwise { kernel, dilation }),
        2 => Just(Step::Pool(PoolKind::Max)),
        2 => Just(Step::Pool(PoolKind::Average)),
        1 => (1..=4usize).prop_map(Step::Sum),
        1 => (1..=2usize).prop_map(Step::Concatenate),
        1 => Just(Step::GlobalAveragePool),
        1 => Just(Step::Bias),
    ]
}

/// One to four steps.
pub fn cases() -> BoxedStrategy<LayerCase> {
    (image(), prop::collection::vec(step(), 1..=4), Style::any(), any::<u64>())
        .prop_map(|(image, steps, style, seed)| build(image, steps, style, seed))
        .boxed()
}

fn build(image: Image, steps: Vec<Step>, style: Style, seed: u64) -> LayerCase {
    let (mut now, mut weights) = (image, Vec::new());
    for (i, step) in steps.iter().enumerate() {
        let shape = step.weights(now);
        let n = if shape.is_empty() { 0 } else { shape.iter().product() };
        weights.push(style.fill(seed, &format!("weights {i}"), n));
        now = step.output(now);
    }
    let x = style.fill(seed, "x", image.n * image.per_sample());
    let gy = style.fill(seed, "gradient", now.n * now.per_sample());
    LayerCase { image, steps, weights, x, gy }
}
