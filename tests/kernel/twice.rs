//! Two edges in a row in one step, against one after the other.
//!
//! Forwards, and on the way back as far as the norm between the two, both compute the same numbers. For that norm
//! (eq. 8), a = r (g − mean g − x̂ mean g x̂), they add Σ g and Σ g x̂ in different orders. Of n terms a group, a mean is
//! off by at most γ_{n+1} of its terms' absolute values, and six more roundings follow, so either has a up to γ_{n+8} A,
//! A = r (|g| + mean |g| + |x̂| mean |g x̂|), where r ≤ 1/√ε = 1 here. What comes before is linear in a: sums of at most m
//! terms, off by at most γ_m of what it makes of A with absolute weights. Together they differ by at most 2 γ_{n+m+8} of
//! that; two more for the roundings of A itself.

use super::check::{Device, count, draw, near, on_device};
use crate::reference::Shape;
use proptest::prelude::*;
use std::cell::RefCell;
use wirecost::{
    tensor::{
        Backend, Cpu, Element,
        op::{Grouping, Image},
    },
    theorem::rounding::gamma,
};

pub fn edges<E: Element, D: Device + Backend<E>>(
    shape: Shape,
    (kernel, dilation): (usize, usize),
    group: Grouping,
    seed: u64,
) -> Result<(), TestCaseError> {
    let [n, h, w, c] = shape;
    let depthwise: &[usize] = &[kernel, kernel, c];
    let pointwise: &[usize] = &[1, 1, c, c];
    let [x, g] = ["x", "g"].map(|name| draw(seed, name, count(&shape)));
    let [dw, dw2] = ["dw", "dw2"].map(|name| draw(seed, name, count(depthwise)));
    let [pw, pw2] = ["pw", "pw2"].map(|name| draw(seed, name, count(pointwise)));
    let leaves = [(&shape[..], &x[..]), (depthwise, &dw), (pointwise, &pw), (depthwise, &dw2), (pointwise, &pw2)];
    let one = on_device::<E, D>(&leaves, &g, |v| {
        v[0].separable_twice([[&v[1], &v[2]], [&v[3], &v[4]]], dilation, group, 1.0).unwrap()
    });
    let between = RefCell::new(None);
    let two = on_device::<E, D>(&leaves, &g, |v| {
        let (middle, watch) = v[0].separable(&v[1], dilation, &v[2], group, 1.0).unwrap().watch();
        between.replace(Some(watch));
        middle.separable(&v[3], dilation, &v[4], group, 1.0).unwrap()
    });
    if D::TWICE_IS_EXACT {
        prop_assert_eq!(one, two);
        return Ok(());
    }
    prop_assert_eq!([&one[0], &one[4], &one[5]], [&two[0], &two[4], &two[5]], "y and the second edge's weights");
    let between = between.into_inner().expect("just put there");
    let [xhat, g] = [between.value().to_host().unwrap(), between.gradient().unwrap().expect("a gradient")]
        .map(|all| all.into_iter().map(E::double).collect::<Vec<_>>());
    let image = Image { n, h, w, c };
    let a = absolute(&xhat, &g, |i| group.index(image, i / image.per_sample(), i % c), group.size(image));
    let [dw, pw] = [&dw, &pw].map(|w| w.iter().map(|w| w.abs()).collect::<Vec<_>>());
    let leaves = [leaves[0], (depthwise, &dw), (pointwise, &pw)];
    let of_a = on_device::<f64, Cpu>(&leaves, &a, |v| {
        v[0].relu().unwrap().depthwise(&v[1], dilation).unwrap().convolution(&v[2]).unwrap()
    });
    let terms = group.size(image) + c + kernel * kernel + n * h * w;
    for which in 1..=3 {
        let want: Vec<_> = two[which].iter().map(|x| x.double()).collect();
        let bounds: Vec<_> = of_a[which].iter().map(|of_a| 2.0 * gamma(terms + 10, E::UNIT_ROUNDOFF) * of_a).collect();
        near("two edges in one step", &one[which], &want, &bounds)?;
    }
    Ok(())
}

/// A / r for each entry, whose group `of` names; groups have `size` entries.
fn absolute(xhat: &[f64], g: &[f64], of: impl Fn(usize) -> usize, size: usize) -> Vec<f64> {
    let mut means = vec![[0.0; 2]; xhat.len() / size];
    for (i, (xhat, g)) in xhat.iter().zip(g).enumerate() {
        let [mean, product] = &mut means[of(i)];
        *mean += g.abs() / size as f64;
        *product += (g * xhat).abs() / size as f64;
    }
    let entry = |(i, (xhat, g)): (usize, (&f64, &f64))| g.abs() + means[of(i)][0] + xhat.abs() * means[of(i)][1];
    xhat.iter().zip(g).enumerate().map(entry).collect()
}
