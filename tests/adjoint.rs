//! Backward passes in both precisions: eq. 4 for every linear operation and weight, eq. 8 and 10 for
//! normalisation.
//!
//! For y linear in a leaf v, ⟨g, y⟩ = ⟨∂L/∂v, v⟩; with g drawn anew each time that fixes the whole
//! gradient. Both sides are sums of the same products of g, leaves and shares, so each rounds by at
//! most γ_m(u) times the sum of their absolute values, which is the same operation on absolute
//! values; m counts the operations on any one product. Leaves are numbers of `f32`.

#[allow(dead_code)] // each test reads its part
mod reference;

use ndarray::Array4;
use proptest::prelude::*;
use rand::RngExt;
use reference::{Shape, norm::normalise};
use wirecost::{
    seed::stream,
    tensor::{
        Backend, Cpu, Element, Tape, Var,
        op::{AffineLayout, Grouping, PoolKind},
    },
    theorem::{
        linear::Balance,
        norm::{Normalised, groups},
        rounding::{U64, gamma},
    },
};

/// A value from its leaves.
type Graph<'a, E> = dyn Fn(&[Var<E, Cpu>]) -> Var<E, Cpu> + 'a;

fn draw(seed: u64, name: &str, n: usize) -> Vec<f64> {
    let mut stream = stream(seed, name);
    (0..n).map(|_| stream.random_range(-1f32..1.0).into()).collect()
}

fn leaf<E: Element>(tape: &Tape<E, Cpu>, shape: &[usize], x: &[f64]) -> Var<E, Cpu> {
    let x: Vec<E> = x.iter().map(|x| E::of(*x)).collect();
    Var::new(&Cpu::default(), shape, &x).unwrap().on(tape)
}

fn doubles<E: Element>(x: Vec<E>) -> Vec<f64> {
    x.into_iter().map(Element::double).collect()
}

/// Eq. 4 for leaf `k` of `graph`, in which y is linear: every product in y goes through at most `m`
/// operations.
fn hands_on<E: Element>(
    seed: u64,
    shapes: &[Vec<usize>],
    k: usize,
    m: usize,
    graph: &Graph<'_, E>,
) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    let (tape, absolute) = (Tape::recording(), Tape::off());
    let host: Vec<_> = shapes.iter().map(|s| draw(seed, &format!("{s:?}"), s.iter().product())).collect();
    let leaves: Vec<_> = shapes.iter().zip(&host).map(|(s, x)| leaf(&tape, s, x)).collect();
    let size: Vec<_> = host.iter().map(|x| x.iter().map(|x| x.abs()).collect::<Vec<_>>()).collect();
    let size: Vec<_> = shapes.iter().zip(&size).map(|(s, x)| leaf(&absolute, s, x)).collect();
    let y = graph(&leaves);
    let g = draw(seed, "g", y.shape().iter().product());
    y.backward_from(&g.iter().map(|g| E::of(*g)).collect::<Vec<_>>()).unwrap();
    let gradient = doubles(leaves[k].take_gradient().unwrap().expect("a gradient"));
    let balance = Balance::new((&gradient, &host[k]), (&g, &doubles(y.to_host().unwrap())));
    let magnitude: f64 = doubles(graph(&size).to_host().unwrap()).iter().zip(&g).map(|(y, g)| y * g.abs()).sum();
    // The gradient sums over outputs at most; the two products and their sums here are in f64. Twice,
    // since the magnitude is computed too.
    let own = gamma(host[k].len() + g.len() + 2, U64);
    let bound = 2.0 * (gamma(m, E::UNIT_ROUNDOFF) + gamma(m + g.len(), E::UNIT_ROUNDOFF) + own) * magnitude;
    prop_assert!(balance.gap().abs() <= bound, "{} leaf {k}: {balance:?}, bound {bound}", E::NAME);
    Ok(())
}

fn linear_operations<E: Element>(shape: Shape, kernel: usize, dilation: usize, seed: u64) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    let [n, h, w, c] = shape;
    let x = shape.to_vec();
    let pool = |kind| move |v: &[Var<E, Cpu>]| v[0].pool(kind).unwrap();
    let one = std::slice::from_ref(&x);
    hands_on::<E>(seed, one, 0, 0, &|v| v[0].relu().unwrap())?;
    hands_on::<E>(seed, one, 0, 0, &pool(PoolKind::Max))?;
    hands_on::<E>(seed, one, 0, 11, &pool(PoolKind::Average))?;
    hands_on::<E>(seed, one, 0, h * w + 2, &|v| v[0].global_average_pool().unwrap())?;
    for k in 0..2 {
        let dense = [x.clone(), vec![kernel, kernel, c, 3]];
        hands_on::<E>(seed, &dense, k, kernel * kernel * c, &|v| v[0].convolution(&v[1]).unwrap())?;
        let depthwise = [x.clone(), vec![kernel, kernel, c]];
        hands_on::<E>(seed, &depthwise, k, kernel * kernel, &|v| v[0].depthwise(&v[1], dilation).unwrap())?;
        let sum = [vec![2], x.clone()];
        hands_on::<E>(seed, &sum, k, 2, &|v| v[0].weighted_sum(&[(1, &v[1]), (0, &v[1])]).unwrap())?;
        for (layout, of) in
            [(AffineLayout::Channel, vec![c]), (AffineLayout::Element, vec![h, w, c]), (AffineLayout::Sample, vec![n])]
        {
            let zero = leaf(&Tape::off(), &of, &vec![0.0; of.iter().product()]);
            hands_on::<E>(seed, &[x.clone(), of], k, 2, &|v| v[0].affine(layout, &v[1], &zero).unwrap())?;
        }
    }
    hands_on::<E>(seed, one, 0, 1, &|v| Var::concatenate(&[&v[0], &v[0]]).unwrap())
}

/// ∂L/∂x of the kernel against the closed form of eq. 8, r (g − mean g − x̂ q) with q = mean g x̂.
///
/// With the bound e on x̂ that `reference::norm` derives, q is off by at most e mean|g| + γ_{n+1}
/// mean|g x̂|, the means by γ_n of their terms, r relatively by no more than x̂ is: 2 γ_{n+10} +
/// 2 (r γ_n mean|x|)², and r γ_n mean|x| ≤ e for an entry in any group. Twice that for higher orders.
fn eq_8<E: Element>(
    shape: Shape,
    (per_sample, channels): (bool, usize),
    eps: f64,
    seed: u64,
) -> Result<(), TestCaseError>
where
    Cpu: Backend<E>,
{
    let count = shape.iter().product();
    let (x, g) = (draw(seed, "x", count), draw(seed, "g", count));
    let tape = Tape::recording();
    let v = leaf::<E>(&tape, &shape, &x);
    let y = v.normalise(Grouping { per_sample, channels }, eps).unwrap();
    y.backward_from(&g.iter().map(|g| E::of(*g)).collect::<Vec<_>>()).unwrap();
    let got = doubles(v.take_gradient().unwrap().expect("a gradient"));
    let array = |x: &[f64]| Array4::from_shape_vec(shape, x.to_vec()).unwrap();
    let norm = Normalised::new(&array(&x), groups(shape, per_sample, channels), eps);
    let want: Vec<f64> = norm.backward(&array(&g)).into_iter().collect();
    // Eq. 10 and 15, and what ε leaves of them.
    let costs = norm.sums(&[&array(&got), &array(&x)]).into_iter().zip(norm.residual(&array(&g)));
    for ((cost, residual), bound) in costs.zip(norm.cost_bound(&array(&x), &array(&g), E::UNIT_ROUNDOFF)) {
        prop_assert!((cost - residual).abs() <= bound, "{}: {cost} for {residual}, bound {bound}", E::NAME);
    }
    let (xhat, off) = normalise(shape, &x, per_sample, channels, eps, E::UNIT_ROUNDOFF);
    for (group, r) in norm.groups.iter().zip(&norm.rstd) {
        let n = group.len();
        let mean = |f: &dyn Fn(usize) -> f64| group.iter().map(|i| f(*i)).sum::<f64>() / n as f64;
        let e = group.iter().map(|i| off[*i]).fold(0.0, f64::max);
        let (size, inner) = (mean(&|i| g[i].abs()), mean(&|i| (g[i] * xhat[i]).abs()));
        let (sum, q) = (gamma(n + 4, E::UNIT_ROUNDOFF), e * size + gamma(n + 1, E::UNIT_ROUNDOFF) * inner);
        let relative = 2.0 * gamma(n + 10, E::UNIT_ROUNDOFF) + 2.0 * e * e;
        for &i in group {
            let terms = g[i].abs() + size + xhat[i].abs() * inner;
            let bound = 2.0 * r * ((sum + relative) * terms + e * inner + xhat[i].abs() * q);
            let gap = (got[i] - want[i]).abs();
            prop_assert!(gap <= bound, "{}: {} for {}, bound {bound}", E::NAME, got[i], want[i]);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn eq_4_for_every_linear_operation(
        (n, h, w, c) in (1..=3usize, 1..=5usize, 1..=5usize, 1..=9usize),
        kernel in prop_oneof![Just(1), Just(3), Just(5)], dilation in 1..=3usize, seed: u64,
    ) {
        linear_operations::<f32>([n, h, w, c], kernel, dilation, seed)?;
        linear_operations::<f64>([n, h, w, c], kernel, dilation, seed)?;
    }

    #[test]
    fn eq_8_and_10_for_every_grouping(
        (n, h, w, c) in (1..=3usize, 1..=5usize, 1..=5usize, 1..=9usize), per_sample: bool, divisor in 1..=9usize,
        eps in prop_oneof![Just(0.0), Just(1e-5), Just(1.0)], seed: u64,
    ) {
        let channels = if c.is_multiple_of(divisor) { divisor } else { c };
        eq_8::<f32>([n, h, w, c], (per_sample, channels), eps, seed)?;
        eq_8::<f64>([n, h, w, c], (per_sample, channels), eps, seed)?;
    }
}
