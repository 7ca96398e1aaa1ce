//! Whole networks by central differences, for every norm, order, kind of affine map and of choice.
//!
//! L is continuous and smooth but for the kinks of ReLU and max pooling, so by the mean value theorem
//! D(h) = (L(x + h) − L(x − h))/2h lies between the least and the largest ∂L/∂x on [x − h, x + h]. It is
//! compared with ∂L/∂x at x, within the variation seen between x and both ends, plus what L rounds by,
//! divided by h. A kink in between widens that entry's tolerance; a wrong gradient does not.

use rand::{RngExt, seq::index};
use rayon::prelude::*;
use wirecost::{
    architecture::Choice,
    cell::Topology,
    network::{Network, Random, Settings, one_hot_rows},
    normalisation::{AffineLayout, NormSettings, Normalisation},
    operation::{Operation, Order},
    seed::{Stream, stream},
    tensor::{Cpu, Pass, Scope, Var, op::Image},
};

/// Half the step: truncation and rounding (1e-16/h) are both far below the gradients compared.
const H: f64 = 1.0 / (1 << 17) as f64;
/// L is a mean of logarithms below 10; every rounding before it is felt through derivatives of order 1
/// at these initial weights, about 1e3 of them in a row.
const ROUNDING: f64 = 1e3 * f64::EPSILON;
/// Entries tried of each leaf.
const TRIED: usize = 2;

/// A network and everything that its loss depends on, by leaf: x, α or Z, parameters.
struct Example {
    settings: Settings,
    mixture: bool,
    labels: Vec<usize>,
    leaves: Vec<(String, Vec<usize>, Vec<f64>)>,
}

impl Example {
    fn new(settings: Settings, mixture: bool, stream: &mut Stream) -> Self {
        let mut normal = |n: usize| (0..n).map(|_| stream.random_range(-1.5..1.5)).collect::<Vec<f64>>();
        let input = settings.input;
        let x = normal(input.n * input.per_sample());
        let shape = vec![settings.topology.edges().len(), 8];
        let z = normal(shape[0] * 8);
        let mut leaves = vec![("x".to_string(), input.shape(), x), ("Z".to_string(), shape, z)];
        for parameter in network(&settings).parameters() {
            let mut values = parameter.value.to_host().unwrap();
            if parameter.name.contains("norm") {
                values = normal(values.len());
            }
            leaves.push((parameter.name.clone(), parameter.value.shape().to_vec(), values));
        }
        let labels = (0..input.n).map(|n| n % settings.classes).collect();
        Example { settings, mixture, labels, leaves }
    }

    /// L, and its gradient with respect to entry `i` of leaf `k`.
    fn at(&self, (k, i): (usize, usize), moved: f64) -> (f64, f64) {
        let leaf = |n: usize| {
            let (_, shape, values) = &self.leaves[n];
            let mut values = values.clone();
            if n == k {
                values[i] += moved;
            }
            Var::new(&Cpu::default(), shape, &values).unwrap()
        };
        let values: Vec<_> = (0..self.leaves.len()).map(leaf).collect();
        let mut network = network(&self.settings);
        network.parameters().into_iter().zip(&values[2..]).for_each(|(p, value)| p.value = value.clone());
        let mut pass = Pass::recording();
        let z = pass.on(&values[1]);
        let choice = Choice::mixture(if self.mixture { z.softmax().unwrap() } else { z });
        let output = network.forward(&pass.on(&values[0]), &[&choice], &mut pass).unwrap();
        let target = one_hot_rows(&Cpu::default(), &self.labels, self.settings.classes).unwrap();
        let loss = output.logits.cross_entropy(&target).unwrap();
        let value = loss.value();
        loss.backward().unwrap();
        (value, values[k].take_gradient().unwrap().map_or(0.0, |g| g[i]))
    }

    fn check(&self, stream: &mut Stream) {
        for (k, (name, _, values)) in self.leaves.iter().enumerate() {
            for i in index::sample(stream, values.len(), TRIED.min(values.len())) {
                let [(below, g_below), (_, g), (above, g_above)] = [-H, 0.0, H].map(|moved| self.at((k, i), moved));
                let difference = (above - below) / (2.0 * H);
                let tolerance = (g_above - g).abs() + (g - g_below).abs() + ROUNDING / H;
                assert!(
                    (difference - g).abs() <= tolerance,
                    "{:?}, mixture {}, {name}[{i}]: gradient {g}, difference {difference} ± {tolerance}",
                    self.settings,
                    self.mixture
                );
            }
        }
    }
}

fn network(settings: &Settings) -> Network<f64, Cpu> {
    let mut source = Random { seed: 5, gain: 3.0 };
    Network::new(settings, |_, _| Operation::ALL.to_vec(), &mut Scope::new(&Cpu::default(), &mut source)).unwrap()
}

#[test]
fn every_norm_order_and_affine_layout() {
    use Normalisation::{Batch, Group, Instance, Layer, None as Plain};
    let layouts = [None, Some(AffineLayout::Channel), Some(AffineLayout::Element), Some(AffineLayout::Sample)];
    let sizes = [(2, 3, 5), (3, 1, 4), (1, 5, 3), (4, 2, 2)];
    let kinds = [Batch, Layer, Instance, Group(2), Plain];
    let cases: Vec<_> = Order::ALL.into_iter().flat_map(|order| kinds.map(|kind| (order, kind))).collect();
    cases.par_iter().enumerate().for_each(|(n, (order, kind))| {
        let (batch, h, w) = sizes[n % 4];
        let norm = NormSettings { kind: *kind, eps: [1e-2, 1e-1][n % 2], affine: layouts[n % 4] };
        let settings = Settings {
            input: Image { n: batch, h, w, c: 2 },
            stem: (n % 4 != 0).then_some((4, norm)),
            topology: Topology::new(4, vec![[0, 2], [1, 2], [0, 3], [2, 3]], vec![]).unwrap(),
            cells: 1 + n % 2,
            channels: 4,
            norm,
            order: *order,
            classes: 3,
            bias: n % 3 == 0,
        };
        let mut stream = stream(1, &format!("network {n}"));
        Example::new(settings, n % 2 == 0, &mut stream).check(&mut stream);
    });
}

#[test]
fn the_papers_cells_at_eps_zero() {
    [Topology::minimal(), Topology::original()].into_par_iter().for_each(|topology| {
        let norm = NormSettings { kind: Normalisation::Batch, eps: 0.0, affine: None };
        let mut stream = stream(2, &format!("{} nodes", topology.nodes()));
        let settings = Settings {
            input: Image { n: 3, h: 4, w: 3, c: 1 },
            stem: Some((3, norm)),
            topology,
            cells: 1,
            channels: 2,
            norm,
            order: Order::ReluConvNorm,
            classes: 4,
            bias: false,
        };
        Example::new(settings, true, &mut stream).check(&mut stream);
    });
}
