//! Checks of every kernel that hold on any device: against the scalar reference over drawn shapes, in both
//! precisions, at every level of vectors that the machine has.

mod averages;
pub mod check;
mod head;
mod operations;
mod twice;

use check::{Device, count, draw, elements};
use operations::{shapes, small};
use proptest::{prelude::*, sample::select, test_runner::TestRunner};
use wirecost::tensor::{
    Tape, Var, clip,
    op::{AffineLayout, Deferred, Grouping, PoolKind},
};

/// `check` on so many drawn inputs, each at a drawn level.
fn all<D: Device, T: std::fmt::Debug>(
    cases: u32,
    inputs: impl Strategy<Value = T>,
    check: impl Fn(T) -> Result<(), TestCaseError>,
) {
    let config = ProptestConfig { cases, source_file: Some(file!()), ..ProptestConfig::default() };
    let checked =
        TestRunner::new(config).run(&(D::levels(), inputs), |(level, input)| D::within(level, || check(input)));
    checked.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Runs a check in both precisions.
macro_rules! both {
    ($part:ident::$check:ident($($argument:expr),*)) => {{
        $part::$check::<f32, D>($($argument),*)?;
        $part::$check::<f64, D>($($argument),*)
    }};
}

pub fn relu_and_pools_agree<D: Device>(cases: u32) {
    all::<D, _>(cases, (shapes(), any::<u64>()), |(shape, seed)| both!(operations::pools(shape, seed)));
}

pub fn convolutions_agree<D: Device>(cases: u32) {
    let out = select(vec![1usize, 3, 8, 10, 16, 17, 20, 32]);
    let of = (select(vec![1usize, 3, 5, 7]), 1..=4usize, out);
    all::<D, _>(cases, (small(), of, any::<u64>()), |(shape, (kernel, dilation, out), seed)| {
        // The reference takes kernel² · C · out steps a pixel.
        let (kernel, out) = match shape {
            [.., c] if c > 17 => (kernel.min(3), out.min(10)),
            [_, h, ..] if h > 9 => (kernel.min(5), out.min(10)),
            _ => (kernel, out),
        };
        both!(operations::convolutions(shape, (kernel, dilation, out), seed))
    });
}

pub fn norms_agree<D: Device>(cases: u32) {
    let of = (any::<bool>(), 1..=64usize, select(vec![0.0, 1e-5, 1.0]));
    all::<D, _>(cases, (shapes(), of, any::<u64>()), |(shape, (per_sample, divisor, eps), seed)| {
        let channels = if shape[3].is_multiple_of(divisor) { divisor } else { shape[3] };
        both!(operations::norms(shape, (per_sample, channels), eps, seed))
    });
}

pub fn averages_follow<D: Device>(cases: u32) {
    all::<D, _>(cases, (shapes(), any::<u64>()), |(shape, seed)| both!(averages::follow(shape, seed)));
}

pub fn affine_agrees<D: Device>(cases: u32) {
    all::<D, _>(cases, (shapes(), any::<u64>()), |(shape, seed)| both!(operations::affine(shape, seed)));
}

pub fn weighted_sums_agree<D: Device>(cases: u32) {
    all::<D, _>(cases, (shapes(), 1..=11usize, any::<u64>()), |(shape, terms, seed)| {
        both!(operations::sums(shape, terms, seed))
    });
}

pub fn concatenations_agree<D: Device>(cases: u32) {
    all::<D, _>(cases, (shapes(), 1..=5usize, any::<u64>()), |(shape, more, seed)| {
        both!(operations::concatenation(shape, more, seed))
    });
}

/// Cuts of whole images, near them and far outside, reflected or not.
pub fn batches_agree<D: Device>(cases: u32) {
    let at = || prop_oneof![Just(0isize), -4..=4isize, -20..=20isize, Just(isize::MIN), Just(isize::MAX)];
    let cuts = prop::collection::vec((any::<usize>(), [at(), at()], any::<bool>()), 1..=9);
    all::<D, _>(cases, (shapes(), cuts, any::<u64>()), |(shape, cuts, seed)| {
        both!(operations::batch(shape, &cuts, seed))
    });
}

pub fn an_edge_in_one_step_is_its_parts<D: Device>(cases: u32) {
    let of = (select(vec![1usize, 3, 5, 7]), 1..=2usize, any::<[bool; 2]>());
    all::<D, _>(cases, (small(), of, any::<u64>()), |(shape, (kernel, dilation, [per_sample, whole]), seed)| {
        let group = Grouping { per_sample, channels: if whole { shape[3] } else { 1 } };
        both!(operations::edge(shape, (kernel, dilation), group, seed))?;
        both!(twice::edges(shape, (kernel, dilation), group, seed))
    });
}

pub fn a_node_in_one_step_is_its_parts<D: Device>(cases: u32) {
    let of = (select(vec![1usize, 3, 5, 7]), 1..=2usize, any::<[bool; 2]>());
    all::<D, _>(cases, (small(), of, any::<u64>()), |(shape, (kernel, dilation, [per_sample, whole]), seed)| {
        let group = Grouping { per_sample, channels: if whole { shape[3] } else { 1 } };
        both!(operations::node(shape, (kernel, dilation), group, seed))
    });
}

pub fn heads_agree<D: Device>(cases: u32) {
    all::<D, _>(cases, (1..=300usize, 1..=11usize, 1..=40u8, any::<u64>()), |(n, k, scale, seed)| {
        both!(head::rows([n, k], scale, seed))
    });
}

pub fn optimisers_agree<D: Device>(cases: u32) {
    // More parameters than one launch takes.
    all::<D, _>(cases, (1..=5000usize, 1..=40usize, any::<u64>()), |(n, parameters, seed)| {
        both!(head::optimisers(n, parameters, seed))
    });
}

/// The smallest inputs, which are drawn rarely.
pub fn a_single_number_will_do<D: Device>() {
    let one = || -> Result<(), TestCaseError> {
        let shape = [1; 4];
        let group = Grouping { per_sample: false, channels: 1 };
        both!(operations::pools(shape, 0))?;
        both!(operations::batch(shape, &[(0, [0, 0], true)], 0))?;
        both!(operations::convolutions(shape, (3, 1, 1), 0))?;
        both!(operations::norms(shape, (false, 1), 0.0, 0))?;
        both!(averages::follow(shape, 0))?;
        both!(operations::edge(shape, (3, 1), group, 0))?;
        both!(head::rows([1, 1], 1, 0))?;
        both!(head::optimisers(1, 1, 0))
    };
    one().unwrap();
}

/// The bits of a forward pass and of all gradients, clipped, of every operation, in single precision.
pub fn everything<D: Device>(shape: [usize; 4]) -> Vec<u32> {
    let (device, tape, c) = (D::open(), Tape::recording(), shape[3]);
    let leaf = |name, shape: &[usize]| {
        Var::new(&device, shape, &elements::<f32>(&draw(1, name, count(shape)))).unwrap().on(&tape)
    };
    let x = leaf("x", &shape);
    let (dw, pw, dense) = (leaf("dw", &[5, 5, c]), leaf("pw", &[1, 1, c, c]), leaf("dense", &[3, 3, c, c]));
    let (gamma, z, bias) = (leaf("gamma", &[c]), leaf("z", &[5]), leaf("bias", &[c]));
    let grouping = Grouping { per_sample: false, channels: 1 };
    let edge = x.separable(&dw, 2, &pw, grouping, 1e-5).unwrap();
    let edge = edge.affine(AffineLayout::Channel, &gamma, &gamma).unwrap();
    let twice = x.separable_twice([[&dw, &pw]; 2], 1, grouping, 1e-5).unwrap();
    let conv = x.relu().unwrap().depthwise(&dw, 2).unwrap().convolution(&dense).unwrap();
    let conv = conv.normalise(Grouping { per_sample: true, channels: c }, 1e-5).unwrap();
    let (max, average) = (x.pool(PoolKind::Max).unwrap(), x.pool(PoolKind::Average).unwrap());
    let [one, other] = &x.normalised_convolutions(&[&dense, &dense], true, grouping, 1e-5).unwrap()[..] else {
        unreachable!("two weights")
    };
    let terms = [(0, &edge), (1, &max), (2, &average), (3, &conv), (4, &twice), (0, one), (1, other)];
    let sum = z.weighted_sum(&terms).unwrap();
    let node = [
        (1, Deferred::pool(&x, PoolKind::Max, grouping, 1e-5).unwrap()),
        (2, Deferred::pool(&x, PoolKind::Average, grouping, 1e-5).unwrap()),
        (3, Deferred::separable(&x, [&dw, &pw], 2, grouping, 1e-5).unwrap()),
        (4, Deferred::identity(&x)),
    ];
    let node = z.node(&node).unwrap();
    let y = Var::concatenate(&[&sum, &x, &node]).unwrap().global_average_pool().unwrap();
    let y = y.reshape(&[3 * shape[0], c]).unwrap().bias(&bias).unwrap().softmax().unwrap();
    let mut results = y.to_host().unwrap();
    y.backward_from(&y.to_host().unwrap()).unwrap();
    let mut leaves = [x, dw, pw, dense, gamma, z, bias];
    clip(&leaves.each_mut(), 1e-3).unwrap();
    for leaf in &leaves {
        results.extend(leaf.take_gradient().unwrap().expect("every leaf is used"));
    }
    results.into_iter().map(f32::to_bits).collect()
}
