//! Every backward pass against central differences in f64, and the conventions at kinks and ties.
//!
//! How a difference is compared with a gradient, and with what tolerance, is said in `difference`.

mod difference;
#[allow(dead_code)] // each test reads its part
mod reference;

use difference::{Leaf, Scalar, V, exact, gradients, gradients_on_top_of, linear, smooth};
use proptest::prelude::*;
use rand::{RngExt, seq::SliceRandom};
use reference::{Shape, image};
use wirecost::{
    seed::stream,
    tensor::{
        Cpu, Var,
        op::{AffineLayout, Grouping, PoolKind},
    },
    theorem::{
        norm::{Normalised, groups},
        rounding::{U64, gamma},
    },
};

/// Less than half the distance of integers: no step crosses a kink at 0 or a tie.
const STEP: f64 = 0.25;

fn count(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// Integers in −3..=3.
fn integers(seed: u64, name: &str, shape: &[usize]) -> Leaf {
    let mut stream = stream(seed, name);
    (shape.to_vec(), (0..count(shape)).map(|_| stream.random_range(-3..=3).into()).collect())
}

/// Different integers, none 0: no ReLU at its kink, no two equal entries in a window.
fn distinct(seed: u64, shape: &[usize]) -> Leaf {
    let n = count(shape) as i32;
    let mut x: Vec<f64> = (0..n).map(|i| f64::from(if i < n / 2 { i - n / 2 } else { i - n / 2 + 1 })).collect();
    x.shuffle(&mut stream(seed, "distinct"));
    (shape.to_vec(), x)
}

/// Reals of either sign with 0.1 ≤ |x| ≤ 1.
fn reals(seed: u64, name: &str, shape: &[usize]) -> Leaf {
    let mut stream = stream(seed, name);
    let mut one = || stream.random_range(0.1..=1.0) * if stream.random() { 1.0 } else { -1.0 };
    (shape.to_vec(), (0..count(shape)).map(|_| one()).collect())
}

/// ⟨g, y⟩ with g drawn: integers where `y` is compared exactly.
fn product(seed: u64, y: V) -> Scalar {
    let g = integers(seed, "g", y.shape()).1;
    Scalar::Product(y, g)
}

fn holds(result: Result<(), String>) -> Result<(), TestCaseError> {
    result.map_err(TestCaseError::fail)
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |m, x| m.max(x.abs()))
}

fn shapes() -> impl Strategy<Value = Shape> {
    (1..=2usize, 1..=4usize, 1..=3usize, 1..=5usize).prop_map(|(n, h, w, c)| [n, h, w, c])
}

fn odd() -> impl Strategy<Value = usize> {
    prop_oneof![Just(1), Just(3), Just(5)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn relu_and_max_pool_away_from_kinks(shape in shapes(), seed: u64) {
        let x = [distinct(seed, &shape)];
        holds(exact(&|v| product(seed, v[0].relu().unwrap()), &x, STEP))?;
        holds(exact(&|v| product(seed, v[0].pool(PoolKind::Max).unwrap()), &x, STEP))?;
    }

    #[test]
    fn convolutions(shape in shapes(), kernel in odd(), dilation in 1..=3usize, out in 1..=3usize, seed: u64) {
        let x = integers(seed, "x", &shape);
        let dense = [x.clone(), integers(seed, "w", &[kernel, kernel, shape[3], out])];
        holds(exact(&|v| product(seed, v[0].convolution(&v[1]).unwrap()), &dense, STEP))?;
        let depthwise = [x, integers(seed, "w", &[kernel, kernel, shape[3]])];
        holds(exact(&|v| product(seed, v[0].depthwise(&v[1], dilation).unwrap()), &depthwise, STEP))?;
    }

    #[test]
    fn affine_in_its_three_layouts(shape in shapes(), seed: u64) {
        let [n, h, w, c] = shape;
        let layouts = [(AffineLayout::Channel, vec![c]), (AffineLayout::Element, vec![h, w, c]), (AffineLayout::Sample, vec![n])];
        for (layout, of) in layouts {
            let host = [integers(seed, "x", &shape), integers(seed, "gamma", &of), integers(seed, "beta", &of)];
            holds(exact(&|v| product(seed, v[0].affine(layout, &v[1], &v[2]).unwrap()), &host, STEP))?;
        }
    }

    #[test]
    fn weighted_sum_concatenation_bias(shape in shapes(), seed: u64) {
        let x = |name| integers(seed, name, &shape);
        let host = [integers(seed, "z", &[2, 2]), x("a"), x("b")];
        let sum = |v: &[V]| v[0].weighted_sum(&[(3, &v[1]), (0, &v[2]), (3, &v[2]), (1, &v[1])]).unwrap();
        // ∂L/∂Z₂ = 0: no term has it.
        holds(exact(&|v| product(seed, sum(v)), &host, STEP))?;
        let all = |v: &[V]| Var::concatenate(&[&v[1], &sum(v), &v[2], &v[1]]).unwrap();
        holds(exact(&|v| product(seed, all(v)), &host, STEP))?;
        let head = [x("a"), integers(seed, "bias", &[shape[3]])];
        holds(exact(&|v| product(seed, v[0].bias(&v[1]).unwrap()), &head, STEP))?;
    }

    /// L = Σ g y is linear; the means round: each term is divided, added and multiplied fewer than
    /// HW + 11 times, and then once for each of the N C (HW) products of L.
    #[test]
    fn average_and_global_pooling(shape in shapes(), seed: u64) {
        let x = [integers(seed, "x", &shape)];
        let eta = gamma(shape[1] * shape[2] + 11 + count(&shape), U64) * 3.0 * 4.0 * count(&shape) as f64;
        holds(linear(&|v| product(seed, v[0].pool(PoolKind::Average).unwrap()), &x, 1.0, eta))?;
        holds(linear(&|v| product(seed, v[0].global_average_pool().unwrap()), &x, 1.0, eta))?;
    }

    /// Distances of at least 0.4 between entries keep 1/σ below 5 at ε = 0.
    #[test]
    fn normalisation(
        shape in shapes(), per_sample: bool, channels in 1..=5usize,
        eps in prop_oneof![Just(0.0), Just(1e-5), Just(1.0)], seed: u64,
    ) {
        let grouping = Grouping { per_sample, channels: if shape[3].is_multiple_of(channels) { channels } else { 1 } };
        let mut x = distinct(seed, &shape);
        let jitter = reals(seed, "jitter", &shape).1;
        x.1.iter_mut().zip(jitter).for_each(|(x, jitter)| *x = 0.5 * *x + 0.05 * jitter);
        let eta = normalisation_error(&x, largest(&x.1), grouping, eps, 0);
        let graph = |v: &[V]| product(seed, v[0].normalise(grouping, eps).unwrap());
        holds(smooth(&graph, &[x], 1.0 / 64.0, eta))?;
    }

    /// conv → norm in the order of the paper: every leaf of an edge at once.
    #[test]
    fn relu_depthwise_convolution_normalise_affine(
        shape in shapes(), per_sample: bool, dilation in 1..=2usize, eps in prop_oneof![Just(0.01), Just(1.0)], seed: u64,
    ) {
        let c = shape[3];
        let (grouping, layout) = (Grouping { per_sample, channels: 1 }, AffineLayout::Channel);
        let host = [
            reals(seed, "x", &shape), reals(seed, "dw", &[3, 3, c]), reals(seed, "pw", &[1, 1, c, c]),
            reals(seed, "gamma", &[c]), reals(seed, "beta", &[c]),
        ];
        let conv = |v: &[V]| v[0].relu().unwrap().depthwise(&v[1], dilation).unwrap().convolution(&v[2]).unwrap();
        // |g| ≤ 3, |γ|, |β| ≤ 1; the convolutions of the absolute values bound what they round.
        let absolute: Vec<Leaf> = host.iter().map(|(s, x)| (s.clone(), x.iter().map(|x| x.abs()).collect())).collect();
        let size = largest(&conv(&difference::leaves(&absolute, &wirecost::tensor::Tape::off())).to_host().unwrap());
        let output = conv(&difference::leaves(&host, &wirecost::tensor::Tape::off())).to_host().unwrap();
        let eta = normalisation_error(&(shape.to_vec(), output), size, grouping, eps, 9 + c);
        let graph = |v: &[V]| {
            product(seed, conv(v).normalise(grouping, eps).unwrap().affine(layout, &v[3], &v[4]).unwrap())
        };
        holds(smooth(&graph, &host, 1.0 / 128.0, eta))?;
    }

    /// α through the softmax to the mixture, as in DARTS.
    #[test]
    fn softmax_to_weighted_sum(shape in shapes(), seed: u64) {
        let host = [reals(seed, "alpha", &[2, 2]), reals(seed, "a", &shape), reals(seed, "b", &shape)];
        let graph = |v: &[V]| product(seed, v[0].softmax().unwrap().weighted_sum(&[(2, &v[1]), (3, &v[2])]).unwrap());
        // |g| ≤ 3, |x| ≤ 1 + h: exp and quotient round 2(K + 8)(2|α| + log K + 1) times at most (as in
        // the tests of the kernels), then two products and the sum of L.
        let eta = gamma(80 + 2 + count(&shape), U64) * 3.0 * 2.1 * count(&shape) as f64;
        holds(smooth(&graph, &host, 1.0 / 64.0, eta))?;
    }

    /// Global average pool, linear layer with bias, mean cross-entropy: pool, matrix, bias and the
    /// logarithm round fewer than HW + C + K + 20 times each, on logits of size C + 1.
    #[test]
    fn the_head(shape in shapes(), k in 1..=4usize, seed: u64) {
        let [n, h, w, c] = shape;
        let host = [reals(seed, "x", &shape), reals(seed, "w", &[1, 1, c, k]), reals(seed, "b", &[k])];
        let mut target = vec![0.0; n * k];
        let mut stream = stream(seed, "labels");
        (0..n).for_each(|i| target[i * k + stream.random_range(0..k)] = 1.0);
        let target = Var::new(&Cpu::default(), &[n, k], &target).unwrap();
        let graph = |v: &[V]| {
            let y = v[0].global_average_pool().unwrap().convolution(&v[1]).unwrap();
            Scalar::Loss(y.reshape(&[n, k]).unwrap().bias(&v[2]).unwrap().cross_entropy(&target).unwrap())
        };
        let eta = gamma(h * w + c + k + 20 + n * k, U64) * (4.0 * (c + 2) as f64 + 2.0);
        holds(smooth(&graph, &host, 1.0 / 64.0, eta))?;
    }

    /// ReLU'(0) = 0, and the first maximum of a window takes all: the gradient by the definition, on
    /// integers of which many are 0 and many tie.
    #[test]
    fn conventions_at_kinks_and_ties(shape in shapes(), seed: u64) {
        let mut x = integers(seed, "x", &shape);
        x.1.iter_mut().for_each(|x| *x = (*x / 3.0).trunc());
        let g = integers(seed, "g", &shape).1;
        let relu: Vec<f64> = x.1.iter().zip(&g).map(|(x, g)| if *x > 0.0 { *g } else { 0.0 }).collect();
        let mut pool = vec![0.0; x.1.len()];
        image::first_maximum(shape, &x.1).into_iter().zip(&g).for_each(|(from, g)| pool[from] += g);
        let x = [x];
        prop_assert_eq!(gradients(&|v| product(seed, v[0].relu().unwrap()), &x), [relu]);
        prop_assert_eq!(gradients(&|v| product(seed, v[0].pool(PoolKind::Max).unwrap()), &x), [pool]);
    }
}

/// Where `exact` does not look: windows of four pixels, and one addition an entry, make the sum exact.
#[test]
fn backward_passes_that_round_add_to_what_is_there() {
    let image = [reals(1, "x", &[2, 2, 2, 3])];
    let grouping = Grouping { per_sample: true, channels: 3 };
    let integers = [integers(1, "x", &[2, 2, 2, 3])];
    let target = Var::new(&Cpu::default(), &[1, 2], &[1.0, 0.0]).unwrap();
    let logits = [reals(1, "y", &[1, 2])];
    let adds = |graph: &dyn Fn(&[V]) -> Scalar, host: &[Leaf]| {
        let alone: Vec<f64> = gradients(graph, host).concat().iter().map(|g| g + 5.0).collect();
        assert_eq!(alone, gradients_on_top_of(graph, host, 5.0).concat());
    };
    adds(&|v| product(1, v[0].pool(PoolKind::Average).unwrap()), &integers);
    adds(&|v| product(1, v[0].global_average_pool().unwrap()), &integers);
    adds(&|v| product(1, v[0].normalise(grouping, 1.0).unwrap()), &image);
    adds(&|v| product(1, v[0].softmax().unwrap()), &logits);
    adds(&|v| Scalar::Loss(v[0].cross_entropy(&target).unwrap()), &logits);
}

/// Bounds what L = Σ g (γ x̂ + β) rounds by, for |g| ≤ 3, |γ|, |β| ≤ 1, where each entry of `x` is a sum
/// of terms whose absolute values add up to at most `size`, rounded `before` times.
///
/// x̂ of a group of n rounds as `reference::norm` derives: by r = 1/√(σ² + ε) times the error of x and
/// of μ, each γ size, and relatively by r times as much again for σ²: γ · 2 r size (1 + |x̂|), |x̂| ≤ √n.
/// The factor 2 in front of it all is for higher orders and for x ± h.
fn normalisation_error((shape, x): &Leaf, size: f64, grouping: Grouping, eps: f64, before: usize) -> f64 {
    let shape: Shape = shape[..].try_into().unwrap();
    let groups = groups(shape, grouping.per_sample, grouping.channels);
    let x = ndarray::Array4::from_shape_vec(shape, x.clone()).unwrap();
    let norm = Normalised::new(&x, groups, eps);
    let n = norm.groups[0].len();
    let entry = 2.0 * largest(&norm.rstd) * size * (1.0 + (n as f64).sqrt()) + (n as f64).sqrt() + 1.0;
    2.0 * gamma(before + n + 14 + x.len(), U64) * 3.0 * entry * x.len() as f64
}
