//! Each operation on a device against the scalar reference, values and gradients.
//!
//! Numbers are drawn so that `f32` holds them exactly: either precision and the reference see the same
//! inputs. Operations that only select (ReLU, maximum, concatenation) agree exactly.

use super::check::{Device, agree, count, draw, elements, near, on_device};
use crate::reference::{Shape, exact, gradient, head, image, norm};
use proptest::prelude::*;
use wirecost::{
    tensor::{
        Backend, Cut, Element, Var,
        op::{AffineLayout, Deferred, Grouping, PoolKind},
    },
    theorem::rounding::U64,
};

/// Channel counts at which registers are full, half full and left over; sometimes images larger than what a block of
/// threads takes.
pub fn shapes() -> impl Strategy<Value = Shape> {
    let channels = prop::sample::select(vec![1usize, 2, 3, 4, 5, 8, 16, 17, 24, 36, 48, 64]);
    let few = prop::sample::select(vec![1usize, 3, 5, 17]);
    prop_oneof![
        9 => (1..=8usize, 1..=9usize, 1..=9usize, channels).prop_map(|(n, h, w, c)| [n, h, w, c]),
        1 => (1..=2usize, 15..=20usize, 15..=35usize, few).prop_map(|(n, h, w, c)| [n, h, w, c]),
    ]
}

/// Shapes for operations whose reference takes many steps an entry.
pub fn small() -> impl Strategy<Value = Shape> {
    shapes().prop_map(|[n, h, w, c]| if c > 17 { [n.min(2), h.min(5), w.min(5), c] } else { [n, h, w, c] })
}

pub fn pools<E: Element, D: Device + Backend<E>>(shape: Shape, seed: u64) -> Result<(), TestCaseError> {
    let [x, g] = ["x", "g"].map(|name| draw(seed, name, count(&shape)));
    let leaf: [(&[usize], &[f64]); 1] = [(&shape, &x)];
    let [y, gx]: [Vec<E>; 2] = on_device::<E, D>(&leaf, &g, |v| v[0].relu().unwrap()).try_into().unwrap();
    agree("relu", &y, &image::relu(&x), 0)?;
    agree("relu gradient", &gx, &gradient::relu(&x, &g), 0)?;
    let [y, gx]: [Vec<E>; 2] = on_device::<E, D>(&leaf, &g, |v| v[0].pool(PoolKind::Max).unwrap()).try_into().unwrap();
    agree("maximum", &y, &image::max_pool(shape, &x), 0)?;
    agree("maximum gradient", &gx, &gradient::max_pool(shape, &x, &g), 1)?;
    // The quotient on top of the additions.
    let [y, gx]: [Vec<E>; 2] =
        on_device::<E, D>(&leaf, &g, |v| v[0].pool(PoolKind::Average).unwrap()).try_into().unwrap();
    agree("average", &y, &image::average_pool(shape, &x), 2)?;
    agree("average gradient", &gx, &gradient::average_pool(shape, &g), 2)?;
    let [y, gx]: [Vec<E>; 2] =
        on_device::<E, D>(&leaf, &g, |v| v[0].global_average_pool().unwrap()).try_into().unwrap();
    agree("global average", &y, &head::global_average_pool(shape, &x), 2)?;
    agree("global average gradient", &gx, &gradient::global_average_pool(shape, &g), 2)
}

pub fn convolutions<E: Element, D: Device + Backend<E>>(
    shape: Shape,
    (kernel, dilation, out): (usize, usize, usize),
    seed: u64,
) -> Result<(), TestCaseError> {
    let (c, pixels, taps) = (shape[3], count(&shape[..3]), kernel * kernel);
    let (x, g) = (draw(seed, "x", count(&shape)), draw(seed, "g", pixels * c.max(out)));
    let w = draw(seed, "w", taps * c * out);

    let leaves: [(&[usize], &[f64]); 2] = [(&shape, &x), (&[kernel, kernel, c, out], &w)];
    let [y, gx, gw]: [Vec<E>; 3] =
        on_device::<E, D>(&leaves, &g, |v| v[0].convolution(&v[1]).unwrap()).try_into().unwrap();
    agree("dense", &y, &image::convolution(shape, &x, &w, kernel, out), 0)?;
    let [want_gx, want_gw] = gradient::convolution(shape, &x, &w, &g, kernel, out);
    agree("dense input", &gx, &want_gx, 1)?;
    agree("dense weight", &gw, &want_gw, 1)?;

    let dw = &w[..taps * c];
    let leaves: [(&[usize], &[f64]); 2] = [(&shape, &x), (&[kernel, kernel, c], dw)];
    let run = on_device::<E, D>(&leaves, &g, |v| v[0].depthwise(&v[1], dilation).unwrap());
    let [y, gx, gw]: [Vec<E>; 3] = run.try_into().unwrap();
    agree("depthwise", &y, &image::depthwise(shape, &x, dw, kernel, dilation), 0)?;
    let [want_gx, want_gw] = gradient::depthwise(shape, &x, dw, &g, kernel, dilation);
    agree("depthwise input", &gx, &want_gx, 1)?;
    agree("depthwise weight", &gw, &want_gw, 1)
}

pub fn norms<E: Element, D: Device + Backend<E>>(
    shape: Shape,
    group: (bool, usize),
    eps: f64,
    seed: u64,
) -> Result<(), TestCaseError> {
    let [x, g] = ["x", "g"].map(|name| draw(seed, name, count(&shape)));
    let grouping = Grouping { per_sample: group.0, channels: group.1 };
    let run = on_device::<E, D>(&[(&shape, &x)], &g, |v| v[0].normalise(grouping, eps).unwrap());
    let [y, gx]: [Vec<E>; 2] = run.try_into().unwrap();
    let both = |(want, bound): (Vec<f64>, Vec<f64>), (_, own): (_, Vec<f64>)| {
        (want, bound.iter().zip(own).map(|(a, b)| a + b).collect::<Vec<_>>())
    };
    let (want, bound) = both(
        norm::normalise(shape, &x, group.0, group.1, eps, E::UNIT_ROUNDOFF),
        norm::normalise(shape, &x, group.0, group.1, eps, U64),
    );
    near("norm", &y, &want, &bound)?;
    let (want, bound) = both(
        gradient::normalise(shape, &x, &g, group, eps, E::UNIT_ROUNDOFF),
        gradient::normalise(shape, &x, &g, group, eps, U64),
    );
    near("norm gradient", &gx, &want, &bound)
}

pub fn affine<E: Element, D: Device + Backend<E>>(shape: Shape, seed: u64) -> Result<(), TestCaseError> {
    let [x, g, gamma, beta] = ["x", "g", "gamma", "beta"].map(|name| draw(seed, name, count(&shape)));
    let [n, h, w, c] = shape;
    let layouts = [
        (AffineLayout::Channel, norm::Layout::Channel, vec![c]),
        (AffineLayout::Element, norm::Layout::Element, vec![h, w, c]),
        (AffineLayout::Sample, norm::Layout::Sample, vec![n]),
    ];
    for (layout, reference, of) in layouts {
        let (gamma, beta) = (&gamma[..count(&of)], &beta[..count(&of)]);
        let leaves: [(&[usize], &[f64]); 3] = [(&shape, &x), (&of, gamma), (&of, beta)];
        let run = on_device::<E, D>(&leaves, &g, |v| v[0].affine(layout, &v[1], &v[2]).unwrap());
        agree("affine", &run[0], &norm::affine(shape, &x, gamma, beta, reference), 0)?;
        for (got, want) in run[1..].iter().zip(gradient::affine(shape, &x, gamma, &g, reference)) {
            agree("affine gradient", got, &want, 1)?;
        }
    }
    Ok(())
}

/// More terms than one launch takes, of which two share a weight and one weight serves none.
pub fn sums<E: Element, D: Device + Backend<E>>(
    shape: Shape,
    count_of_terms: usize,
    seed: u64,
) -> Result<(), TestCaseError> {
    let (g, z) = (draw(seed, "g", count(&shape)), draw(seed, "z", 12));
    let x: Vec<_> = (0..count_of_terms).map(|k| draw(seed, &format!("x{k}"), count(&shape))).collect();
    let index = |k: usize| if k == 1 { 0 } else { k };
    let mut leaves: Vec<(&[usize], &[f64])> = vec![(&[3, 4], &z)];
    leaves.extend(x.iter().map(|x| (&shape[..], &x[..])));
    let run = on_device::<E, D>(&leaves, &g, |v| {
        v[0].weighted_sum(&v[1..].iter().enumerate().map(|(k, x)| (index(k), x)).collect::<Vec<_>>()).unwrap()
    });
    let terms: Vec<_> = x.iter().enumerate().map(|(k, x)| (index(k), &x[..])).collect();
    agree("weighted sum", &run[0], &image::weighted_sum(&z, &terms), 0)?;
    let (gz, gx) = gradient::weighted_sum(&z, &terms, &g);
    agree("weights", &run[1], &gz, 1)?;
    run[2..].iter().zip(gx).try_for_each(|(got, want)| agree("terms", got, &want, 1))
}

pub fn concatenation<E: Element, D: Device + Backend<E>>(
    [n, h, w, c]: Shape,
    more: usize,
    seed: u64,
) -> Result<(), TestCaseError> {
    let (pixels, all) = (n * h * w, c + more);
    let (x, other, g) = (draw(seed, "x", pixels * c), draw(seed, "o", pixels * more), draw(seed, "g", pixels * all));
    let leaves: [(&[usize], &[f64]); 2] = [(&[n, h, w, c], &x), (&[n, h, w, more], &other)];
    let run = on_device::<E, D>(&leaves, &g, |v| Var::concatenate(&[&v[0], &v[1]]).unwrap());
    agree("concatenation", &run[0], &image::concatenate(pixels, &[(c, &x), (more, &other)]), 0)?;
    let part = |from: usize, size: usize| exact((0..pixels).flat_map(|p| g[p * all + from..][..size].to_vec()));
    agree("first part", &run[1], &part(0, c), 0)?;
    agree("second part", &run[2], &part(c, more), 0)
}

/// Exactly the images and the black that were uploaded, wherever the cuts are.
pub fn batch<E: Element, D: Device + Backend<E>>(
    shape: Shape,
    cuts: &[image::Cut],
    seed: u64,
) -> Result<(), TestCaseError> {
    let (device, [n, h, w, c]) = (D::open(), shape);
    let (x, black) = (draw(seed, "x", count(&shape)), draw(seed, "black", c));
    let cuts: Vec<_> = cuts.iter().map(|(image, at, reflected)| (image % n, *at, *reflected)).collect();
    let upload = |shape: &[usize], host: &[f64]| Var::<E, D>::new(&device, shape, &elements::<E>(host)).unwrap();
    let all = cuts.iter().map(|&(image, at, reflected)| Cut { image, at, reflected }).collect::<Vec<_>>();
    let batch = upload(&shape, &x).assemble(&upload(&[c], &black), &all).unwrap();
    prop_assert_eq!(batch.shape(), [cuts.len(), h, w, c]);
    prop_assert_eq!(batch.to_host().unwrap(), elements::<E>(&image::assemble(shape, &x, &black, &cuts)));
    Ok(())
}

/// The edge in one step is its parts, to the last bit.
pub fn edge<E: Element, D: Device + Backend<E>>(
    shape: Shape,
    (kernel, dilation): (usize, usize),
    group: Grouping,
    seed: u64,
) -> Result<(), TestCaseError> {
    let c = shape[3];
    let (x, g) = (draw(seed, "x", count(&shape)), draw(seed, "g", count(&shape)));
    let (dw, pw) = (draw(seed, "dw", kernel * kernel * c), draw(seed, "pw", c * c));
    let leaves: [(&[usize], &[f64]); 3] = [(&shape, &x), (&[kernel, kernel, c], &dw), (&[1, 1, c, c], &pw)];
    let one = on_device::<E, D>(&leaves, &g, |v| v[0].separable(&v[1], dilation, &v[2], group, 1e-5).unwrap());
    let four = on_device::<E, D>(&leaves, &g, |v| {
        let y = v[0].relu().unwrap().depthwise(&v[1], dilation).unwrap().convolution(&v[2]).unwrap();
        y.normalise(group, 1e-5).unwrap()
    });
    prop_assert_eq!(one, four);
    for kind in [PoolKind::Max, PoolKind::Average] {
        let one = on_device::<E, D>(&leaves[..1], &g, |v| v[0].normalised_pool(kind, group, 1e-5).unwrap());
        let parts = on_device::<E, D>(&leaves[..1], &g, |v| v[0].pool(kind).unwrap().normalise(group, 1e-5).unwrap());
        prop_assert_eq!(one, parts);
    }
    // The stem and a cell's preprocessing, no kernel of which is longer, in one step are their parts.
    let kernel = kernel.min(3);
    let co = [1, 4, 10, 17, 40][seed as usize % 5];
    let dense = draw(seed, "dense", kernel * kernel * c * co);
    let leaves: [(&[usize], &[f64]); 2] = [leaves[0], (&[kernel, kernel, c, co], &dense)];
    let group = Grouping { channels: if group.channels == 1 { 1 } else { co }, ..group };
    let g = draw(seed, "g", count(&shape[..3]) * 2 * co);
    for relu in [false, true] {
        let one = on_device::<E, D>(&leaves, &g, |v| v[0].normalised_convolution(&v[1], relu, group, 1e-5).unwrap());
        let parts = on_device::<E, D>(&leaves, &g, |v| {
            let x = if relu { v[0].relu().unwrap() } else { v[0].clone() };
            x.convolution(&v[1]).unwrap().normalise(group, 1e-5).unwrap()
        });
        prop_assert_eq!(one, parts);
    }
    // Two of one value together are one after the other.
    let other = draw(seed, "other", dense.len());
    let leaves = [leaves[0], leaves[1], (leaves[1].0, &other[..])];
    let together = on_device::<E, D>(&leaves, &g, |v| {
        let both = v[0].normalised_convolutions(&[&v[1], &v[2]], true, group, 1e-5).unwrap();
        Var::concatenate(&both.iter().collect::<Vec<_>>()).unwrap()
    });
    let apart = on_device::<E, D>(&leaves, &g, |v| {
        let [one, other] = [1, 2].map(|w| v[0].normalised_convolution(&v[w], true, group, 1e-5).unwrap());
        Var::concatenate(&[&one, &other]).unwrap()
    });
    prop_assert_eq!(together, apart);
    Ok(())
}

/// A node in one step is its operations and their sum, to the last bit: of two values, with weights some of which are 1.
pub fn node<E: Element, D: Device + Backend<E>>(
    shape: Shape,
    (kernel, dilation): (usize, usize),
    group: Grouping,
    seed: u64,
) -> Result<(), TestCaseError> {
    let c = shape[3];
    let leaf = |name: &str, n: usize| draw(seed, name, n);
    let (x, other, g) = (leaf("x", count(&shape)), leaf("other", count(&shape)), leaf("g", count(&shape)));
    let mut z = leaf("z", 8);
    z[..4].fill(1.0);
    // Each operation has weights of its own: what shares one has its gradients added in another order.
    let (depthwise, pointwise): (&[usize], &[usize]) = (&[kernel, kernel, c], &[1, 1, c, c]);
    let weights: Vec<_> = (0..5)
        .flat_map(|i| {
            [(depthwise, leaf(&format!("dw{i}"), kernel * kernel * c)), (pointwise, leaf(&format!("pw{i}"), c * c))]
        })
        .collect();
    let weights = weights.iter().map(|(shape, w)| (*shape, &w[..]));
    let leaves: Vec<_> = [(&[8][..], &z[..]), (&shape, &x), (&shape, &other)].into_iter().chain(weights).collect();
    let terms = |v: &[Var<E, D>]| -> Vec<(usize, Deferred<E, D>)> {
        let [_, x, other, w @ ..] = v else { unreachable!("z, two values and the weights") };
        let twice = |w: &[Var<E, D>], eps| {
            Deferred::separable_twice(x, [[&w[0], &w[1]], [&w[2], &w[3]]], dilation, group, eps).unwrap()
        };
        vec![
            (0, twice(w, 1e-5)),
            (4, Deferred::pool(x, PoolKind::Max, group, 1e-5).unwrap()),
            (1, Deferred::identity(other)),
            (5, Deferred::identity(x)),
            (2, Deferred::pool(x, PoolKind::Average, group, 1.0).unwrap()),
            (6, Deferred::separable(x, [&w[4], &w[5]], dilation, group, 0.5).unwrap()),
            (6, twice(&w[6..], 1.0)),
        ]
    };
    let one = on_device::<E, D>(&leaves, &g, |v| v[0].node(&terms(v)).unwrap());
    let parts = on_device::<E, D>(&leaves, &g, |v| {
        let terms: Vec<_> = terms(v).iter().map(|(k, term)| (*k, term.value().unwrap())).collect();
        v[0].weighted_sum(&terms.iter().map(|(k, x)| (*k, x)).collect::<Vec<_>>()).unwrap()
    });
    prop_assert_eq!(one, parts);
    Ok(())
}
