//! Whole random networks.

use super::{Style, extent, image, kind, norm_settings, plan::Plan};
use crate::{
    claim::observe::relaxed::RelaxedCase,
    cost::case::Case,
    normalisation::{NormSettings, Normalisation},
    operation::{Operation, Order},
    seed::stream,
};
use ndarray::Array2;
use proptest::prelude::*;
use rand::RngExt;
use std::sync::Arc;

/// 1 to 4 intermediate nodes; the minimal and the original cell more often than others.
fn graph() -> impl Strategy<Value = (usize, u16, u8)> {
    prop_oneof![
        2 => Just((2usize, u16::MAX, 0u8)),
        1 => Just((4, u16::MAX, 0)),
        2 => (1..=4usize, any::<u16>(), any::<u16>(), any::<u8>()).prop_map(|(n, a, b, output)| (n, a | b, output)),
    ]
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![2 => Just(Order::ReluConvNorm), 1 => Just(Order::ConvReluNorm), 1 => Just(Order::ConvNormRelu)]
}

/// One operation an edge, or a mixture of all.
fn operations() -> impl Strategy<Value = Option<Vec<usize>>> {
    let one_each = prop::collection::vec(0..Operation::ALL.len(), 4 * 14).prop_map(Some);
    prop_oneof![4 => one_each, 1 => Just(None)]
}

/// Any plan.
pub fn plans() -> BoxedStrategy<Plan> {
    let shape = (image(), extent(9), 2..=12usize, prop_oneof![3 => 1..=2usize, 1 => 1..=4usize]);
    let norm = prop_oneof![
        8 => norm_settings(),
        1 => kind().prop_map(|_| NormSettings { kind: Normalisation::None, eps: 0.0, affine: None }),
    ];
    let switches = (any::<bool>(), any::<bool>(), prop_oneof![5 => Just(false), 1 => Just(true)]);
    (graph(), operations(), shape, norm, order(), switches, Style::any(), any::<u64>())
        .prop_map(|((intermediate, kept, output), operations, shape, norm, order, switches, style, seed)| {
            let ((input, channels, classes, cells), (bias, stem, constant)) = (shape, switches);
            let bare = norm.kind == Normalisation::None;
            // Nothing limits how numbers grow without norms.
            let (cells, style) =
                if bare && style == Style::Wide { (cells.min(2), Style::Reals) } else { (cells, style) };
            Plan {
                intermediate,
                kept,
                output,
                cells,
                operations,
                input,
                channels,
                norm,
                order,
                classes,
                bias,
                stem,
                constant,
                style,
                seed,
            }
        })
        .boxed()
}

/// Any network.
pub fn cases() -> BoxedStrategy<Arc<Case>> {
    plans().prop_map(|plan| Arc::new(plan.build())).boxed()
}

/// Networks with all operations on every edge, a sample of them, noise and a temperature.
pub fn relaxed_cases() -> BoxedStrategy<RelaxedCase> {
    (plans(), 0.2..2.0f64)
        .prop_map(|(plan, tau)| {
            let seed = plan.seed;
            let small = Plan {
                cells: plan.cells.min(2),
                operations: None,
                intermediate: plan.intermediate.min(3),
                kept: plan.kept | 1,
                ..plan
            };
            let network = Arc::new(small.build());
            let shape = network.arch[0].dim();
            let mut draw = stream(seed, "sample");
            let mut sample = || (0..shape.0).map(|_| draw.random_range(0..shape.1)).collect();
            let sample = network.arch.iter().map(|_| sample()).collect();
            let mut draw = stream(seed, "noise");
            let mut gumbel = || -(-draw.random_range(1e-12..1.0f64).ln()).ln();
            let noise = network.arch.iter().map(|_| Array2::from_shape_simple_fn(shape, &mut gumbel)).collect();
            RelaxedCase { network, sample, noise, tau }
        })
        .boxed()
}
