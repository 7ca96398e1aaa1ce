//! The instances' quantities from the tape: values, gradients at watched places, and costs as Z ∂L/∂Z.

use crate::formulas::{FIRST, Given, Quantities, SHAPE};
use std::collections::BTreeMap;
use wirecost::tensor::{
    Cpu, Seen, Tape, Var, Watch,
    op::{AffineLayout, Grouping},
};

type V = Var<f64, Cpu>;

fn var(shape: &[usize], x: &[f64]) -> V {
    Var::new(&Cpu::default(), shape, x).unwrap()
}

/// γ x̂ + β, and the watch on its input.
fn layer(x: &V, [gamma, beta, eps]: [f64; 3]) -> (V, Watch<f64, Cpu>) {
    let (x, watch) = x.watch();
    let xhat = x.normalise(Grouping { per_sample: false, channels: 1 }, eps).unwrap();
    (xhat.affine(AffineLayout::Channel, &var(&[1], &[gamma]), &var(&[1], &[beta])).unwrap(), watch)
}

/// A 1×1 convolution to one channel.
fn convolution(x: &V, weights: &[f64]) -> V {
    x.convolution(&var(&[1, 1, weights.len(), 1], weights)).unwrap()
}

fn seen(watch: &Watch<f64, Cpu>) -> Seen {
    let value = watch.value().to_host().unwrap();
    let gradient = watch.gradient().unwrap().unwrap_or_else(|| vec![0.0; value.len()]);
    Seen { shape: watch.value().shape().to_vec(), value, gradient }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Z ∂L/∂Z.
fn costs(z: &V) -> Vec<f64> {
    let gradient = z.take_gradient().unwrap().expect("a gradient of Z");
    z.to_host().unwrap().iter().zip(gradient).map(|(z, g)| z * g).collect()
}

pub fn four_numbers(given: &Given) -> Quantities<f64> {
    let tape = Tape::recording();
    let [a, b] = ["a", "b"].map(|name| var(&SHAPE, given.vector(name)));
    let z = var(&[2], &[1.0, 1.0]).on(&tape);
    let (node, watch) = z.weighted_sum(&[(0, &a), (1, &b)]).unwrap().watch();
    let input = convolution(&node.relu().unwrap(), &[given.number("weight")]);
    layer(&input, [1.0, 0.0, given.number("eps")]).0.backward_from(&FIRST).unwrap();
    let (node, edges) = (seen(&watch), costs(&z));
    BTreeMap::from([
        ("cost-a", vec![edges[0]]),
        ("cost-b", vec![edges[1]]),
        ("cost-node", vec![node.cost()]),
        ("input-gradient", node.gradient),
    ])
}

pub fn norm(given: &Given) -> Quantities<f64> {
    let (y, watch) = layer(&var(&SHAPE, given.vector("x")).on(&Tape::recording()), given.norm());
    y.backward_from(given.vector("output-gradient")).unwrap();
    let input = seen(&watch);
    BTreeMap::from([
        ("output", y.to_host().unwrap()),
        ("input-cost", vec![input.cost()]),
        ("residual", vec![input.cost()]),
        ("input-gradient", input.gradient),
    ])
}

pub fn cell(given: &Given) -> Quantities<f64> {
    let [norm2, norm4, unit] = ["edge-2-norm", "edge-4-norm", "unit-norm"].map(|name| given.array(name));
    let tape = Tape::recording();
    let [x0, x1] = ["node-0", "node-1"].map(|name| var(&SHAPE, given.vector(name)).on(&tape));
    let z = var(&[5], &[1.0; 5]).on(&tape);
    let z4 = var(&[2], given.vector("edge-4-weights")).on(&tape);

    let (node2, at2) = z.weighted_sum(&[(0, &x0), (1, &x1)]).unwrap().watch();
    let (to_output, at2_output) = node2.watch();
    let (to_edge4, at2_edge4) = node2.watch();
    let x2 = layer(&convolution(&x0.relu().unwrap(), &[1.0]), norm2).0;
    let (conv, at4) = layer(&convolution(&to_edge4.relu().unwrap(), &[1.0]), norm4);
    let x4 = z4.weighted_sum(&[(0, &to_edge4), (1, &conv)]).unwrap();
    let (node3, at3) = z.weighted_sum(&[(2, &x2), (4, &x4)]).unwrap().watch();
    let output = Var::concatenate(&[&to_output, &node3]).unwrap().relu().unwrap();
    let (output, at_unit) = layer(&convolution(&output, given.vector("unit-weights")), unit);

    let values = output.to_host().unwrap();
    let error: Vec<f64> = values.iter().zip(given.vector("target")).map(|(y, target)| y - target).collect();
    output.backward_from(&error).unwrap();
    let [node2, out, edge4, node3] = [&at2, &at2_output, &at2_edge4, &at3].map(seen);
    let [x0, x1] = ["node-0", "node-1"].map(|name| given.vector(name));
    let edges = costs(&z);
    BTreeMap::from([
        ("node-2", node2.value),
        ("node-3", node3.value),
        ("output", values),
        ("loss", vec![dot(&error, &error) / 2.0]),
        ("node-2-gradient", node2.gradient),
        ("node-3-gradient", node3.gradient),
        ("edge-cost-sum", vec![edges.iter().sum()]),
        ("output-paths", vec![dot(&out.gradient, x0), dot(&out.gradient, x1), edges[2], edges[3], edges[4]]),
        ("edge-costs", edges),
        ("edge-4-paths", vec![dot(&edge4.gradient, x0), dot(&edge4.gradient, x1)]),
        ("edge-4-operation-costs", costs(&z4)),
        ("edge-4-residual", vec![seen(&at4).cost()]),
        ("unit-residual", vec![seen(&at_unit).cost()]),
    ])
}
