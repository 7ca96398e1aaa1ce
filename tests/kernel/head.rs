//! Bias, softmax, cross-entropy and the optimisers on a device.

use super::check::{Device, agree, draw, elements, near, on_device};
use crate::reference::{Sum, exact, gradient, head};
use proptest::prelude::*;
use rand::RngExt;
use wirecost::{
    seed::stream,
    tensor::{Adam, AdamRule, Backend, Element, Moments, Sgd, SgdRule, Tape, Var, clip},
    theorem::rounding::{U64, gamma},
};

pub fn rows<E: Element, D: Device + Backend<E>>(
    [rows, k]: [usize; 2],
    scale: u8,
    seed: u64,
) -> Result<(), TestCaseError> {
    let y: Vec<f64> = draw(seed, "y", rows * k).into_iter().map(|y| (y * f64::from(scale)) as f32 as f64).collect();
    let (b, g) = (draw(seed, "b", k), draw(seed, "g", rows * k));
    let run = on_device::<E, D>(&[(&[rows, k], &y), (&[k], &b)], &g, |v| v[0].bias(&v[1]).unwrap());
    agree("bias", &run[0], &head::bias(&y, &b), 0)?;
    agree("bias input", &run[1], &exact(g.iter().copied()), 0)?;
    agree("bias gradient", &run[2], &gradient::bias(k, &g), 1)?;

    // With u: the difference to the maximum one, exp and log two each, k additions, a difference, and an
    // exp that turns the absolute error of its argument |log p| ≤ 2 max|y| + log k into a relative one.
    let size = 2.0 * y.iter().fold(0.0, |m: f64, y| m.max(y.abs())) + (k as f64).ln() + 1.0;
    let unit = 2.0 * (k as f64 + 8.0) * size * (E::UNIT_ROUNDOFF + U64);
    // Below the smallest normal number only the absolute error is bounded.
    let tiny = E::min_positive_value().double() * (k + 1) as f64;
    let p = head::softmax(&y, k);
    let run = on_device::<E, D>(&[(&[rows, k], &y)], &g, |v| v[0].softmax().unwrap());
    near("softmax", &run[0], &p, &p.iter().map(|p| unit * p + tiny).collect::<Vec<_>>())?;
    // p (g − Σ g p), with p off by `unit` in three places.
    let row_of = |i: usize| i / k * k..i / k * k + k;
    let inner = |i: usize| -> Sum { row_of(i).map(|j| g[j] * p[j]).collect() };
    let want: Vec<f64> = (0..rows * k).map(|i| p[i] * (g[i] - inner(i).value)).collect();
    let bound: Vec<f64> = (0..rows * k)
        .map(|i| 3.0 * unit * p[i] * (g[i].abs() + inner(i).magnitude) + tiny * (1.0 + 2.0 * g[i].abs()))
        .collect();
    near("softmax gradient", &run[1], &want, &bound)?;

    let mut labels = stream(seed, "labels");
    let labels: Vec<usize> = (0..rows).map(|_| labels.random_range(0..k)).collect();
    let mut target = vec![0.0; rows * k];
    labels.iter().enumerate().for_each(|(n, label)| target[n * k + label] = 1.0);
    let leaf = Var::<E, D>::new(&D::open(), &[rows, k], &elements::<E>(&y)).unwrap();
    let on = leaf.on(&Tape::recording());
    let loss = on.cross_entropy(&Var::new(&D::open(), &[rows, k], &elements::<E>(&target)).unwrap()).unwrap();
    let (want, bound) = (head::cross_entropy(&y, k, &labels), unit + (rows * k + 2) as f64 * unit * size);
    prop_assert!((loss.value() - want).abs() <= bound, "{}: {} for {want}", E::NAME, loss.value());
    loss.backward().unwrap();
    let want: Vec<f64> = p.iter().zip(&target).map(|(p, t)| (p - t) / rows as f64).collect();
    let bound: Vec<f64> = p.iter().zip(&target).map(|(p, t)| 2.0 * unit * (p + t) / rows as f64 + tiny).collect();
    near("cross-entropy gradient", &leaf.take_gradient().unwrap().unwrap(), &want, &bound)
}

/// Powers of two and short fractions, so that no setting is rounded.
const SGD: SgdRule = SgdRule { momentum: 0.75, weight_decay: 0.125 };
const ADAM: AdamRule = AdamRule { learning_rate: 0.25, betas: [0.5, 0.75], weight_decay: 0.125 };

fn parameter<E: Element, D: Device + Backend<E>>(p: &[f64], g: &[f64]) -> Var<E, D> {
    let var = Var::new(&D::open(), &[p.len()], &elements::<E>(p)).unwrap();
    var.set_gradient(&elements::<E>(g)).unwrap();
    var
}

pub fn optimisers<E: Element, D: Device + Backend<E>>(
    n: usize,
    parameters: usize,
    seed: u64,
) -> Result<(), TestCaseError> {
    let [p, g, v] = ["p", "g", "v"].map(|name| draw(seed, name, n));
    let mut sgd = Sgd::<E, D>::new(SGD);
    sgd.set_velocity(&D::open(), &[Some(elements(&v))]).unwrap();
    let mut var = parameter::<E, D>(&p, &g);
    sgd.step(&mut [&mut var], 0.5).unwrap();
    let want = |i: usize| [p[i], -0.5 * g[i], -0.5 * 0.125 * p[i], -0.5 * 0.75 * v[i]].into_iter().collect::<Sum>();
    agree("SGD", &var.to_host().unwrap(), &(0..n).map(want).collect::<Vec<_>>(), 4)?;

    // Of positive numbers every quantity is off by no more than its roundings: below 24 up to the step.
    let [p, g, m, v] = [p, g, draw(seed, "m", n), v].map(|x| x.iter().map(|x| x.abs() + 0.5).collect::<Vec<_>>());
    let mut adam = Adam::<E, D>::new(ADAM);
    let moments = Moments { steps: 2, first: elements(&m), second: elements(&v) };
    adam.set_moments(&D::open(), Some(moments)).unwrap();
    let mut var = parameter::<E, D>(&p, &g);
    adam.step(&mut var).unwrap();
    let step = |i: usize| {
        let g = g[i] + 0.125 * p[i];
        let first = (0.5 * m[i] + 0.5 * g) / (1.0 - 0.5f64.powi(3));
        let second = (0.75 * v[i] + 0.25 * g * g) / (1.0 - 0.75f64.powi(3));
        0.25 * first / (second.sqrt() + 1e-8)
    };
    let want: Vec<f64> = (0..n).map(|i| p[i] - step(i)).collect();
    let units = gamma(24, E::UNIT_ROUNDOFF) + gamma(24, U64);
    near("Adam", &var.to_host().unwrap(), &want, &(0..n).map(|i| units * (p[i] + step(i))).collect::<Vec<_>>())?;

    // Parameters, the first the longest, whose joint norm is clipped to half or is small enough; it is summed in f64.
    let of = |i: usize| &g[i * 37 % n..];
    let mut all: Vec<_> = (0..parameters).map(|i| parameter::<E, D>(&p[i * 37 % n..], of(i))).collect();
    let all: Vec<_> = all.iter_mut().collect();
    let norm = (0..parameters).flat_map(of).map(|g| g * g).sum::<f64>().sqrt();
    let gradient = |i: usize| all[i].take_gradient().unwrap().unwrap();
    clip(&all, 2.0 * norm).unwrap();
    for (i, var) in all.iter().enumerate() {
        let unclipped = gradient(i);
        prop_assert_eq!(&unclipped, &elements::<E>(of(i)));
        var.set_gradient(&unclipped).unwrap();
    }
    clip(&all, norm / 2.0).unwrap();
    // The inputs are rounded to E once: a relative u each.
    let units = gamma(6, E::UNIT_ROUNDOFF) + 2.0 * gamma(parameters * n + 4, U64);
    (0..parameters).try_for_each(|i| {
        let half: Vec<f64> = of(i).iter().map(|g| g / 2.0).collect();
        near("clipped", &gradient(i), &half, &half.iter().map(|g| g * units).collect::<Vec<_>>())
    })
}
