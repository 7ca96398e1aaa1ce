//! The optimisers' arithmetic, step by step, by hand.

use wirecost::{
    tensor::{Adam, AdamRule, Cpu, Sgd, SgdRule, Var, clip},
    theorem::rounding::{U64, gamma},
};

fn var(host: &[f64]) -> Var<f64, Cpu> {
    Var::new(&Cpu::default(), &[host.len()], host).unwrap()
}

/// g' = g + λp, v = μv + g', p ← p − ηv with η = 1/4, λ = μ = 1/2: every number is dyadic.
#[test]
fn sgd_with_momentum_and_decay() {
    let mut sgd = Sgd::new(SgdRule { momentum: 0.5, weight_decay: 0.5 });
    let (mut p, mut idle) = (var(&[1.0, -2.0]), var(&[7.0]));
    let mut step = |g: &[f64]| {
        p.set_gradient(g).unwrap();
        sgd.step(&mut [&mut idle, &mut p], 0.25).unwrap();
        assert_eq!(p.take_gradient().unwrap(), None, "the step takes the gradient");
        assert_eq!(idle.to_host().unwrap(), [7.0], "no gradient, no decay");
        p.to_host().unwrap()
    };
    assert_eq!(step(&[0.5, 1.0]), [0.75, -2.0]);
    assert_eq!(step(&[0.5, 0.0]), [0.40625, -1.75]);
}

/// m = ½m + ½g, v = ¾v + ¼g²; the steps are η m̂/(√v̂ + 10⁻⁸) with m̂, v̂ = 2, 4, then −⅔, 4.
#[test]
fn adam_with_bias_correction() {
    let mut adam = Adam::new(AdamRule { learning_rate: 0.5, betas: [0.5, 0.75], weight_decay: 0.0 });
    let mut p = var(&[1.0]);
    let mut step = |g| {
        p.set_gradient(&[g]).unwrap();
        adam.step(&mut p).unwrap();
        p.to_host().unwrap()[0]
    };
    let (first, second) = (1.0 - 0.5 * 2.0 / (2.0 + 1e-8), 0.5 * (2.0 / 3.0) / (2.0 + 1e-8));
    // Fewer than 16 roundings of numbers below 1.
    let near = |a: f64, b: f64| (a - b).abs() <= gamma(16, U64);
    assert!(near(step(2.0), first));
    assert!(near(step(-2.0), first + second));
}

/// Decay is L2: with g = −λp nothing is left to follow.
#[test]
fn adam_adds_its_decay_to_the_gradient() {
    let mut adam = Adam::new(AdamRule { learning_rate: 0.5, betas: [0.5, 0.75], weight_decay: 0.25 });
    let mut p = var(&[4.0]);
    adam.step(&mut p).unwrap();
    p.set_gradient(&[-1.0]).unwrap();
    adam.step(&mut p).unwrap();
    assert_eq!(p.to_host().unwrap(), [4.0]);
}

#[test]
fn clipping_scales_to_the_joint_norm() {
    let (mut a, mut b, mut none) = (var(&[0.0]), var(&[0.0]), var(&[0.0]));
    let mut clipped = |limit| {
        a.set_gradient(&[3.0]).unwrap();
        b.set_gradient(&[-4.0]).unwrap();
        clip(&[&mut a, &mut b, &mut none], limit).unwrap();
        assert_eq!(none.take_gradient().unwrap(), None);
        [&a, &b].map(|parameter| parameter.take_gradient().unwrap().unwrap()[0])
    };
    assert_eq!(clipped(2.5), [1.5, -2.0]);
    assert_eq!(clipped(5.0), [3.0, -4.0]);
}
