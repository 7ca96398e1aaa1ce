//! Every level of vectors against the scalar reference, values and gradients, over the shapes and
//! channel counts at which registers are full, half full and left over; and the edge in one step
//! against its parts.
//!
//! Bounds are those of the other kernels: the roundings of either side, γ_n(u) Σ|terms| +
//! γ_n(2⁻⁵³) Σ|terms|.

#[allow(dead_code)] // each test reads its part
mod reference;

use proptest::prelude::*;
use rand::RngExt;
use reference::{Shape, Sum, gradient, image};
use wirecost::{
    seed::stream,
    tensor::{
        Backend, Cpu, Element, Tape, Var,
        kernel::Vectors,
        op::{Grouping, PoolKind},
    },
    theorem::rounding::U64,
};

/// Reals of `f32` in [−1, 1).
fn draw(seed: u64, name: &str, n: usize) -> Vec<f64> {
    let mut stream = stream(seed, name);
    (0..n).map(|_| stream.random_range(-1f32..1.0).into()).collect()
}

fn count(shape: &[usize]) -> usize {
    shape.iter().product()
}

fn leaf<E: Element>(tape: &Tape<E, Cpu>, shape: &[usize], host: &[f64]) -> Var<E, Cpu> {
    let host: Vec<E> = host.iter().map(|&x| E::of(x)).collect();
    Var::new(&Cpu::default(), shape, &host).unwrap().on(tape)
}

/// y and the gradients of the leaves, for the output's gradient `g`.
fn values_and_gradients<E: Element>(
    leaves: &[(&[usize], &[f64])],
    g: &[f64],
    f: impl Fn(&[Var<E, Cpu>]) -> Var<E, Cpu>,
) -> Vec<Vec<E>>
where
    Cpu: Backend<E>,
{
    let tape = Tape::recording();
    let leaves: Vec<_> = leaves.iter().map(|(shape, host)| leaf(&tape, shape, host)).collect();
    let y = f(&leaves);
    let g: Vec<E> = g[..count(y.shape())].iter().map(|&g| E::of(g)).collect();
    y.backward_from(&g).unwrap();
    let gradients = leaves.iter().map(|leaf| leaf.take_gradient().unwrap().expect("every leaf is used"));
    [y.to_host().unwrap()].into_iter().chain(gradients).collect()
}

fn near<E: Element>(what: &str, got: &[E], want: &[Sum]) -> Result<(), TestCaseError> {
    prop_assert_eq!(got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        // One more for the sum with what the gradient's slot had.
        let bound = want.bound(1, E::UNIT_ROUNDOFF) + want.bound(1, U64);
        let off = (got.double() - want.value).abs();
        prop_assert!(off <= bound, "{} {what} entry {i}: {got:?} for {}, off by {off}", E::NAME, want.value);
    }
    Ok(())
}

fn convolutions<E: Element>(
    shape: Shape,
    (kernel, dilation, out): (usize, usize, usize),
    seed: u64,
) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    let c = shape[3];
    let [x, g] = ["x", "g"].map(|name| draw(seed, name, count(&shape).max(count(&shape) / c * out)));
    let x = &x[..count(&shape)];
    let taps = kernel * kernel;
    let w = draw(seed, "w", taps * c * out);

    let (of, dw) = ([kernel, kernel, c], &w[..taps * c]);
    let got = values_and_gradients::<E>(&[(&shape, x), (&of, dw)], &g, |v| v[0].depthwise(&v[1], dilation).unwrap());
    near("depthwise", &got[0], &image::depthwise(shape, x, dw, kernel, dilation))?;
    let [gx, gw] = gradient::depthwise(shape, x, dw, &g, kernel, dilation);
    near("depthwise input", &got[1], &gx)?;
    near("depthwise weight", &got[2], &gw)?;

    let got = values_and_gradients::<E>(&[(&shape, x), (&[kernel, kernel, c, out], &w)], &g, |v| {
        v[0].convolution(&v[1]).unwrap()
    });
    near("dense", &got[0], &image::convolution(shape, x, &w, kernel, out))?;
    let [gx, gw] = gradient::convolution(shape, x, &w, &g, kernel, out);
    near("dense input", &got[1], &gx)?;
    near("dense weight", &got[2], &gw)
}

/// The edge in one step and in four: the same to the last bit.
fn edge<E: Element>(
    shape: Shape,
    (kernel, dilation): (usize, usize),
    grouping: Grouping,
    seed: u64,
) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    let c = shape[3];
    let draw = |name, n| draw(seed, name, n);
    let [x, g] = ["x", "g"].map(|name| draw(name, count(&shape)));
    let (dw, pw) = (draw("dw", kernel * kernel * c), draw("pw", c * c));
    let leaves: [(&[usize], &[f64]); 3] = [(&shape, &x), (&[kernel, kernel, c], &dw), (&[1, 1, c, c], &pw)];
    let one =
        values_and_gradients::<E>(&leaves, &g, |v| v[0].separable(&v[1], dilation, &v[2], grouping, 1e-5).unwrap());
    let four = values_and_gradients::<E>(&leaves, &g, |v| {
        let y = v[0].relu().unwrap().depthwise(&v[1], dilation).unwrap().convolution(&v[2]).unwrap();
        y.normalise(grouping, 1e-5).unwrap()
    });
    prop_assert_eq!(one, four);
    Ok(())
}

/// Two convolutions in one step and in two: the value to the last bit; the gradients near, since the sums for
/// the norm between are taken in another order.
fn edges<E: Element>(
    shape: Shape,
    (kernel, dilation): (usize, usize),
    grouping: Grouping,
    seed: u64,
) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    let c = shape[3];
    let draw = |name, n| draw(seed, name, n);
    let [x, g] = ["x", "g"].map(|name| draw(name, count(&shape)));
    let [dw, dw2] = ["dw", "dw2"].map(|name| draw(name, kernel * kernel * c));
    let [pw, pw2] = ["pw", "pw2"].map(|name| draw(name, c * c));
    let (taps, square): ([usize; 3], [usize; 4]) = ([kernel, kernel, c], [1, 1, c, c]);
    let leaves: [(&[usize], &[f64]); 5] = [(&shape, &x), (&taps, &dw), (&square, &pw), (&taps, &dw2), (&square, &pw2)];
    let one = values_and_gradients::<E>(&leaves, &g, |v| {
        v[0].separable_twice([[&v[1], &v[2]], [&v[3], &v[4]]], dilation, grouping, 1.0).unwrap()
    });
    let two = values_and_gradients::<E>(&leaves, &g, |v| {
        let y = v[0].separable(&v[1], dilation, &v[2], grouping, 1.0).unwrap();
        y.separable(&v[3], dilation, &v[4], grouping, 1.0).unwrap()
    });
    prop_assert_eq!(&one[0], &two[0]);
    for (one, two) in one.iter().zip(&two) {
        let largest = two.iter().fold(1.0, |largest: f64, x| largest.max(x.double().abs()));
        for (one, two) in one.iter().zip(two) {
            let off = (one.double() - two.double()).abs();
            // Sums of at most 2000 terms, through a second convolution.
            prop_assert!(off <= 1e4 * E::UNIT_ROUNDOFF * largest, "{one:?} for {two:?} of at most {largest}");
        }
    }
    Ok(())
}

/// A cell's preprocessing without its norm, in one step and in two: the same to the last bit.
fn preprocessing<E: Element>(shape: Shape, out: usize, seed: u64) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    let ([n, h, w, c], draw) = (shape, |name, n| draw(seed, name, n));
    let (x, g, weight) = (draw("x", count(&shape)), draw("g", n * h * w * out), draw("w", c * out));
    let leaves: [(&[usize], &[f64]); 2] = [(&shape, &x), (&[1, 1, c, out], &weight)];
    let one = values_and_gradients::<E>(&leaves, &g, |v| v[0].relu_pointwise(&v[1]).unwrap());
    let two = values_and_gradients::<E>(&leaves, &g, |v| v[0].relu().unwrap().convolution(&v[1]).unwrap());
    prop_assert_eq!(one, two);
    Ok(())
}

/// Both poolings and their gradients by their definitions.
fn pools<E: Element>(shape: Shape, seed: u64) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    let [x, g] = ["x", "g"].map(|name| draw(seed, name, count(&shape)));
    // Halves, so that maxima tie.
    let x: Vec<f64> = x.into_iter().map(|x| (2.0 * x).round() / 2.0).collect();
    let got = |kind| values_and_gradients::<E>(&[(&shape, &x)], &g, |v| v[0].pool(kind).unwrap());
    let max = got(PoolKind::Max);
    near("maximum", &max[0], &image::max_pool(shape, &x))?;
    near("maximum input", &max[1], &gradient::max_pool(shape, &x, &g))?;
    let gx = gradient::average_pool(shape, &g);
    // The share and the product with it round once more each.
    let average = got(PoolKind::Average);
    near("average", &average[0], &image::average_pool(shape, &x).into_iter().map(twice).collect::<Vec<_>>())?;
    near("average input", &average[1], &gx.into_iter().map(twice).collect::<Vec<_>>())
}

/// The same sum with the roundings of two terms more.
fn twice(mut sum: Sum) -> Sum {
    sum.terms += 2;
    sum
}

fn shapes() -> impl Strategy<Value = Shape> {
    let channels = prop::sample::select(vec![1usize, 2, 3, 4, 5, 8, 16, 17, 24, 36, 48, 64]);
    (1..=2usize, 1..=6usize, 1..=9usize, channels).prop_map(|(n, h, w, c)| [n, h, w, c])
}

fn kernels() -> impl Strategy<Value = usize> {
    prop::sample::select(vec![1usize, 3, 5, 7])
}

/// The levels that this processor has.
fn levels() -> impl Strategy<Value = Vectors> {
    prop::sample::select(Vectors::ALL.into_iter().filter(|level| level.supported()).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn convolutions_agree(
        level in levels(), shape in shapes(), kernel in kernels(), dilation in 1..=2usize,
        out in prop::sample::select(vec![1usize, 3, 8, 10, 16, 20, 32]), seed: u64,
    ) {
        let (kernel, out) = if shape[3] > 17 { (kernel.min(3), out.min(10)) } else { (kernel, out) };
        level.within(|| {
            convolutions::<f32>(shape, (kernel, dilation, out), seed)?;
            convolutions::<f64>(shape, (kernel, dilation, out), seed)
        })?;
    }

    #[test]
    fn preprocessing_in_one_step_is_its_parts(
        level in levels(), shape in shapes(), samples in 1..=9usize, out in 1..=20usize, seed: u64,
    ) {
        let [_, h, w, c] = shape;
        level.within(|| {
            preprocessing::<f32>([samples, h, w, c], out, seed)?;
            preprocessing::<f64>([samples, h, w, c], out, seed)
        })?;
    }

    #[test]
    fn pools_agree(level in levels(), shape in shapes(), seed: u64) {
        level.within(|| {
            pools::<f32>(shape, seed)?;
            pools::<f64>(shape, seed)
        })?;
    }

    #[test]
    fn an_edge_in_one_step_is_its_parts(
        level in levels(), shape in shapes(), samples in 1..=9usize, kernel in kernels(), dilation in 1..=2usize,
        per_sample: bool, whole: bool, seed: u64,
    ) {
        let [_, h, w, c] = shape;
        let grouping = Grouping { per_sample, channels: if whole { c } else { 1 } };
        level.within(|| {
            edge::<f32>([samples, h, w, c], (kernel, dilation), grouping, seed)?;
            edge::<f64>([samples, h, w, c], (kernel, dilation), grouping, seed)?;
            edges::<f32>([samples, h, w, c], (kernel, dilation), grouping, seed)?;
            edges::<f64>([samples, h, w, c], (kernel, dilation), grouping, seed)
        })?;
    }
}

/// An edge and its neighbours large enough for threads to share them.
fn network(level: Vectors) -> Vec<Vec<f32>> {
    let shape = [9, 24, 24, 16];
    let [x, g] = ["x", "g"].map(|name| draw(1, name, count(&shape)));
    let (dw, pw, z) = (draw(1, "dw", 25 * 16), draw(1, "pw", 256), draw(1, "z", 2));
    let leaves: [(&[usize], &[f64]); 4] = [(&shape, &x), (&[5, 5, 16], &dw), (&[1, 1, 16, 16], &pw), (&[2], &z)];
    level.within(|| {
        values_and_gradients(&leaves, &g, |v| {
            let grouping = Grouping { per_sample: false, channels: 1 };
            let edge = v[0].separable(&v[1], 1, &v[2], grouping, 1e-5).unwrap();
            let edge = edge.separable_twice([[&v[1], &v[2]]; 2], 1, grouping, 1e-5).unwrap();
            let pool = v[0].pool(PoolKind::Average).unwrap().convolution(&v[2]).unwrap();
            v[3].weighted_sum(&[(0, &edge), (1, &pool)]).unwrap()
        })
    })
}

#[test]
fn no_level_depends_on_the_number_of_threads() {
    for level in Vectors::ALL.into_iter().filter(|level| level.supported()) {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| network(level))
        };
        let one = with(1);
        assert_eq!(one, with(2), "{level:?}");
        assert_eq!(one, with(3), "{level:?}");
    }
}
