//! Every kernel against the scalar reference, over drawn shapes, in both precisions.
//!
//! Numbers are drawn so that `f32` holds them exactly: both precisions and the reference see the same
//! inputs, and the difference is bounded by the roundings of either side alone, γ_n(u) Σ|terms| +
//! γ_n(2⁻⁵³) Σ|terms|. Operations that only select (ReLU, maximum, concatenation) agree exactly.

#[allow(dead_code)] // each test reads its part
mod reference;

use proptest::prelude::*;
use rand::RngExt;
use reference::{Shape, Sum, head, image, norm};
use wirecost::{
    seed::stream,
    tensor::{
        Backend, Cpu, Element, Tape, Var,
        op::{AffineLayout, Grouping, PoolKind},
    },
    theorem::rounding::U64,
};

/// Integers in −2..=2, so that maxima tie and ReLU meets 0; or reals of `f32` in [−1, 1).
fn draw(seed: u64, name: &str, n: usize) -> Vec<f64> {
    let mut stream = stream(seed, name);
    let integers = seed.is_multiple_of(2);
    let mut one = || if integers { stream.random_range(-2..=2).into() } else { stream.random_range(-1f32..1.0).into() };
    (0..n).map(|_| one()).collect()
}

fn var<E: Element>(shape: &[usize], host: &[f64]) -> Var<E, Cpu> {
    let host: Vec<E> = host.iter().map(|&x| E::of(x)).collect();
    Var::new(&Cpu::default(), shape, &host).unwrap()
}

fn host<E: Element>(y: &Var<E, Cpu>) -> Vec<f64> {
    y.to_host().unwrap().into_iter().map(Element::double).collect()
}

/// Whether `got` is within the bound of `want`, whose terms went through `before` roundings each.
fn agree<E: Element>(got: &Var<E, Cpu>, want: &[Sum], before: usize) -> Result<(), TestCaseError> {
    let bounds: Vec<f64> = want.iter().map(|s| s.bound(before, E::UNIT_ROUNDOFF) + s.bound(before, U64)).collect();
    near(got, &want.iter().map(|s| s.value).collect::<Vec<_>>(), &bounds)
}

fn near<E: Element>(got: &Var<E, Cpu>, want: &[f64], bounds: &[f64]) -> Result<(), TestCaseError> {
    let got = host(got);
    prop_assert_eq!(got.len(), want.len());
    for (i, ((got, want), bound)) in got.iter().zip(want).zip(bounds).enumerate() {
        let off = (got - want).abs();
        prop_assert!(off <= *bound, "{} entry {}: {} for {}, off by {} > {}", E::NAME, i, got, want, off, bound);
    }
    Ok(())
}

/// Runs a check in both precisions.
macro_rules! both {
    ($check:ident($($argument:expr),*)) => {{
        $check::<f32>($($argument),*)?;
        $check::<f64>($($argument),*)
    }};
}

fn shapes() -> impl Strategy<Value = Shape> {
    let channels = prop_oneof![4 => 1..=9usize, 1 => Just(16), 1 => Just(17)];
    (1..=3usize, 1..=7usize, 1..=5usize, channels).prop_map(|(n, h, w, c)| [n, h, w, c])
}

fn odd() -> impl Strategy<Value = usize> {
    prop_oneof![Just(1), Just(3), Just(5)]
}

fn count(shape: Shape) -> usize {
    shape.iter().product()
}

fn selections<E: Element>(shape: Shape, x: &[f64], more: &[f64]) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    let v = var::<E>(&shape, x);
    agree(&v.relu().unwrap(), &image::relu(x), 0)?;
    agree(&v.pool(PoolKind::Max).unwrap(), &image::max_pool(shape, x), 0)?;
    let [n, h, w, c] = shape;
    let other = [n, h, w, more.len() / (n * h * w)];
    let parts = [&v, &var(&other, more), &v];
    let want = image::concatenate(n * h * w, &[(c, x), (other[3], more), (c, x)]);
    agree(&Var::concatenate(&parts).unwrap(), &want, 0)
}

fn means<E: Element>(shape: Shape, x: &[f64]) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    // The reciprocal or quotient, and the product, on top of the additions.
    agree(&var::<E>(&shape, x).pool(PoolKind::Average).unwrap(), &image::average_pool(shape, x), 2)?;
    agree(&var::<E>(&shape, x).global_average_pool().unwrap(), &head::global_average_pool(shape, x), 2)
}

fn convolutions<E: Element>(
    shape: Shape,
    (kernel, dilation, out): (usize, usize, usize),
    x: &[f64],
    w: &[f64],
) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    let (c, v) = (shape[3], var::<E>(&shape, x));
    let dense = v.convolution(&var(&[kernel, kernel, c, out], &w[..kernel * kernel * c * out])).unwrap();
    agree(&dense, &image::convolution(shape, x, w, kernel, out), 0)?;
    let depthwise = v.depthwise(&var(&[kernel, kernel, c], &w[..kernel * kernel * c]), dilation).unwrap();
    agree(&depthwise, &image::depthwise(shape, x, w, kernel, dilation), 0)
}

fn norms<E: Element>(
    shape: Shape,
    (per_sample, channels): (bool, usize),
    eps: f64,
    x: &[f64],
) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    let got = var::<E>(&shape, x).normalise(Grouping { per_sample, channels }, eps).unwrap();
    let (want, bound) = norm::normalise(shape, x, per_sample, channels, eps, E::UNIT_ROUNDOFF);
    let (_, own) = norm::normalise(shape, x, per_sample, channels, eps, U64);
    near(&got, &want, &bound.iter().zip(own).map(|(a, b)| a + b).collect::<Vec<_>>())
}

fn affine<E: Element>(shape: Shape, x: &[f64], gamma: &[f64], beta: &[f64]) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    let [n, h, w, c] = shape;
    let layouts = [
        (AffineLayout::Channel, norm::Layout::Channel, vec![c]),
        (AffineLayout::Element, norm::Layout::Element, vec![h, w, c]),
        (AffineLayout::Sample, norm::Layout::Sample, vec![n]),
    ];
    for (layout, reference, of) in layouts {
        let (gamma, beta) = (&gamma[..of.iter().product()], &beta[..of.iter().product()]);
        let got = var::<E>(&shape, x).affine(layout, &var(&of, gamma), &var(&of, beta)).unwrap();
        agree(&got, &norm::affine(shape, x, gamma, beta, reference), 0)?;
    }
    Ok(())
}

fn mixtures<E: Element>(shape: Shape, z: &[f64], x: [&[f64]; 3]) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    // One weight serves two terms, one serves none.
    let index = [3, 0, 3];
    let values = x.map(|x| var::<E>(&shape, x));
    let terms: Vec<_> = index.into_iter().zip(&values).collect();
    let got = var::<E>(&[2, 2], z).weighted_sum(&terms).unwrap();
    agree(&got, &image::weighted_sum(z, &[(3, x[0]), (0, x[1]), (3, x[2])]), 0)
}

fn heads<E: Element>([rows, k]: [usize; 2], y: &[f64], b: &[f64], labels: &[usize]) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    let v = var::<E>(&[rows, k], y);
    agree(&v.bias(&var(&[k], b)).unwrap(), &head::bias(y, b), 0)?;
    // With u: the difference to the maximum one, exp and log two each, k additions, a difference, and
    // an exp that turns the absolute error of its argument |log p| ≤ 2 max|y| + log k into a relative one.
    let size = 2.0 * y.iter().fold(0.0, |m: f64, y| m.max(y.abs())) + (k as f64).ln() + 1.0;
    let unit = 2.0 * (k as f64 + 8.0) * size * (E::UNIT_ROUNDOFF + U64);
    // Below the smallest normal number only the absolute error is bounded.
    let (want, tiny) = (head::softmax(y, k), E::min_positive_value().double());
    near(&v.softmax().unwrap(), &want, &want.iter().map(|p| unit * p + tiny).collect::<Vec<_>>())?;
    let mut target = vec![0.0; rows * k];
    labels.iter().enumerate().for_each(|(n, label)| target[n * k + label] = 1.0);
    let loss = v.cross_entropy(&var(&[rows, k], &target)).unwrap().value();
    // The mean adds a sum over all entries, one quotient and one product.
    let (want, bound) = (head::cross_entropy(y, k, labels), unit + (rows * k + 2) as f64 * unit * size);
    prop_assert!((loss - want).abs() <= bound, "{}: {loss} for {want}, bound {bound}", E::NAME);
    Ok(())
}

proptest! {
    #[test]
    fn selections_are_exact(shape in shapes(), more in 1..=4usize, seed: u64) {
        let pixels = shape[0] * shape[1] * shape[2];
        both!(selections(shape, &draw(seed, "x", count(shape)), &draw(seed, "more", pixels * more)))?;
    }

    #[test]
    fn means_agree(shape in shapes(), seed: u64) {
        both!(means(shape, &draw(seed, "x", count(shape))))?;
    }

    #[test]
    fn convolutions_agree(shape in shapes(), kernel in odd(), dilation in 1..=4usize, out in 1..=17usize, seed: u64) {
        let w = draw(seed, "w", kernel * kernel * shape[3] * out);
        both!(convolutions(shape, (kernel, dilation, out), &draw(seed, "x", count(shape)), &w))?;
    }

    #[test]
    fn norms_agree(
        shape in shapes(), per_sample: bool, divisor in 1..=17usize,
        eps in prop_oneof![Just(0.0), Just(1e-5), Just(1.0)], seed: u64,
    ) {
        let channels = if shape[3].is_multiple_of(divisor) { divisor } else { shape[3] };
        both!(norms(shape, (per_sample, channels), eps, &draw(seed, "x", count(shape))))?;
    }

    #[test]
    fn affine_agrees(shape in shapes(), seed: u64) {
        let [x, gamma, beta] = ["x", "gamma", "beta"].map(|name| draw(seed, name, count(shape)));
        both!(affine(shape, &x, &gamma, &beta))?;
    }

    #[test]
    fn weighted_sums_agree(shape in shapes(), seed: u64) {
        let x = ["a", "b", "c"].map(|name| draw(seed, name, count(shape)));
        both!(mixtures(shape, &draw(seed, "z", 4), [&x[0], &x[1], &x[2]]))?;
    }

    #[test]
    fn heads_agree(rows in 1..=5usize, k in 1..=11usize, scale in 1..=40u8, seed: u64) {
        let y: Vec<f64> = draw(seed, "y", rows * k).into_iter().map(|y| (y * f64::from(scale)) as f32 as f64).collect();
        let mut stream = stream(seed, "labels");
        let labels: Vec<usize> = (0..rows).map(|_| stream.random_range(0..k)).collect();
        both!(heads([rows, k], &y, &draw(seed, "b", k), &labels))?;
    }
}

/// Forward and gradients of every operation, above the size from which threads share even a sum.
fn everything(tape: Tape<f32, Cpu>) -> Vec<u32> {
    let shape = [10, 48, 46, 24];
    let x = var::<f32>(&shape, &draw(1, "x", count(shape))).on(&tape);
    let parameter = |name, shape: &[usize]| var::<f32>(shape, &draw(3, name, shape.iter().product())).on(&tape);
    let (dw, pw, gamma) = (parameter("dw", &[5, 5, 24]), parameter("pw", &[3, 3, 24, 24]), parameter("gamma", &[24]));
    let (z, bias) = (parameter("z", &[3]), parameter("bias", &[24]));
    let grouping = Grouping { per_sample: false, channels: 4 };
    let conv = x.relu().unwrap().depthwise(&dw, 2).unwrap().convolution(&pw).unwrap();
    let conv = conv.normalise(grouping, 1e-5).unwrap().affine(AffineLayout::Channel, &gamma, &gamma).unwrap();
    let (max, average) = (x.pool(PoolKind::Max).unwrap(), x.pool(PoolKind::Average).unwrap());
    let sum = z.weighted_sum(&[(0, &conv), (1, &max), (2, &average)]).unwrap();
    let y = Var::concatenate(&[&sum, &x]).unwrap().global_average_pool().unwrap();
    let y = y.reshape(&[20, 24]).unwrap().bias(&bias).unwrap().softmax().unwrap();
    let mut results = y.to_host().unwrap();
    y.backward_from(&y.to_host().unwrap()).unwrap();
    for leaf in [&x, &dw, &pw, &gamma, &z, &bias] {
        results.extend(leaf.take_gradient().unwrap().expect("every leaf is used"));
    }
    results.into_iter().map(f32::to_bits).collect()
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| everything(Tape::recording()))
    };
    let one = with(1);
    assert_eq!(one, with(2));
    assert_eq!(one, with(3));
}
