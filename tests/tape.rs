//! What the tape promises: where gradients collect, what is kept, what is freed.

use wirecost::tensor::{
    Cpu, Error, Tape, Var,
    op::{Grouping, PoolKind},
};

type V = Var<f64, Cpu>;

fn var(shape: &[usize], host: &[f64]) -> V {
    Var::new(&Cpu::default(), shape, host).unwrap()
}

fn gradient(x: &V) -> Option<Vec<f64>> {
    x.take_gradient().unwrap()
}

/// z₀x + z₁x, one value in two places of one operation: ∂/∂x = z₀ + z₁.
#[test]
fn one_value_passed_twice_collects_both_gradients() {
    let tape = Tape::recording();
    let (z, x) = (var(&[2], &[2.0, 5.0]).on(&tape), var(&[1, 1, 1, 2], &[3.0, -1.0]).on(&tape));
    z.weighted_sum(&[(0, &x), (1, &x)]).unwrap().backward_from(&[1.0, 10.0]).unwrap();
    assert_eq!(gradient(&x), Some(vec![7.0, 70.0]));
    assert_eq!(gradient(&z), Some(vec![-7.0, -7.0]));
}

#[test]
fn a_parameter_of_several_operations_collects_all_gradients() {
    let tape = Tape::recording();
    let (x, w) = (var(&[1, 1, 1, 1], &[3.0]).on(&tape), var(&[1, 1, 1, 1], &[2.0]).on(&tape));
    let y = x.convolution(&w).unwrap().convolution(&w).unwrap().convolution(&w).unwrap();
    y.backward_from(&[1.0]).unwrap();
    assert_eq!(gradient(&w), Some(vec![3.0 * 3.0 * 4.0])); // (w³x)' = 3w²x
    assert_eq!(gradient(&x), Some(vec![8.0]));
}

/// Of two operations taken together, only the one whose result is used hands on a gradient, and only to what is on the
/// tape.
#[test]
fn of_operations_taken_together_those_without_a_gradient_are_left_out() {
    let group = Grouping { per_sample: false, channels: 1 };
    let (tape, off) = (Tape::recording(), Tape::off());
    let x = || var(&[2, 2, 1, 2], &[0.3, -1.2, 2.0, 0.7, -0.4, 1.1, 0.9, -0.8]);
    let weights = || [[0.5, -1.0], [2.0, 0.25]].map(|w| var(&[1, 1, 2, 1], &w));
    let back = |x: &V, [v, w]: [&V; 2]| {
        let both = x.normalised_convolutions(&[v, w], true, group, 1e-5).unwrap();
        both[1].backward_from(&[1.0, -2.0, 0.5, 3.0]).unwrap();
        [x, v, w].map(gradient)
    };
    let [v, w] = weights();
    let [gx, gv, gw] = back(&x().on(&tape), [&v.on(&tape), &w.on(&tape)]);
    assert!(gx.is_some() && gv.is_none() && gw.is_some());
    let alone = (x().on(&tape), w.on(&tape));
    let y = alone.0.normalised_convolution(&alone.1, true, group, 1e-5).unwrap();
    y.backward_from(&[1.0, -2.0, 0.5, 3.0]).unwrap();
    assert_eq!([&gx, &gw], [&gradient(&alone.0), &gradient(&alone.1)]);
    assert_eq!(back(&x().on(&tape), [&v, &w]), [gx, None, None], "weights off the tape");
    assert_eq!(back(&x(), [&v.on(&tape), &w.on(&tape)]), [None, None, gw], "the value off the tape");
    assert_eq!(back(&x(), [&v.on(&off), &w.on(&off)]), [None, None, None], "nothing on it");
    assert!(x().normalised_convolutions(&[], true, group, 1e-5).unwrap().is_empty());
}

#[test]
fn a_leaf_accumulates_until_its_gradient_is_taken() {
    let w = var(&[1, 1, 1, 1], &[2.0]);
    let pass = || {
        let x = var(&[1, 1, 1, 1], &[3.0]);
        x.convolution(&w.on(&Tape::recording())).unwrap().backward_from(&[1.0]).unwrap();
        assert_eq!(gradient(&x), None, "nobody asked for the gradient of the data");
    };
    pass();
    pass();
    assert_eq!(gradient(&w), Some(vec![6.0]));
    assert_eq!(gradient(&w), None);
    pass();
    assert_eq!(gradient(&w), Some(vec![3.0]));
}

#[test]
fn a_watch_keeps_the_gradient_of_its_own_branch_only() {
    let tape = Tape::recording();
    let x = var(&[1, 1, 1, 1], &[3.0]).on(&tape);
    let (w, v) = (var(&[1, 1, 1, 1], &[2.0]), var(&[1, 1, 1, 1], &[5.0]));
    let (left, through_left) = x.watch();
    let (right, through_right) = x.watch();
    let (_, unused) = x.watch();
    let parts = [left.convolution(&w).unwrap(), right.convolution(&v).unwrap(), x.clone()];
    let y = Var::concatenate(&[&parts[0], &parts[1], &parts[2]]).unwrap();
    y.backward_from(&[1.0, 1.0, 7.0]).unwrap();
    assert_eq!(through_left.gradient().unwrap(), Some(vec![2.0]));
    assert_eq!(through_right.gradient().unwrap(), Some(vec![5.0]));
    assert_eq!(unused.gradient().unwrap(), None);
    assert_eq!(through_left.value().to_host().unwrap(), [3.0]);
    assert_eq!(gradient(&left), None, "freed after it was passed on");
    assert_eq!(gradient(&x), Some(vec![14.0]));
}

#[test]
fn nothing_is_recorded_without_a_tape() {
    let x = var(&[1, 1, 1, 2], &[3.0, -1.0]);
    let (copy, watch) = x.watch();
    let y = copy.relu().unwrap();
    y.backward_from(&[1.0, 1.0]).unwrap();
    assert_eq!((gradient(&x), watch.gradient().unwrap()), (None, None));
    assert_eq!(x.reshape(&[1, 2]).unwrap().softmax().unwrap().shape(), [1, 2]);
    assert_eq!(gradient(&x), None);
}

/// A value used by several operations: what was recorded before, between and after them stays in order.
#[test]
fn operations_keep_their_place_on_the_tape() {
    let tape = Tape::recording();
    let alpha = var(&[1, 2], &[0.0, 0.0]).on(&tape);
    let x = var(&[1, 1, 1, 2], &[4.0, 8.0]).on(&tape);
    let relu = x.relu().unwrap();
    let z = alpha.softmax().unwrap();
    let pool = relu.pool(PoolKind::Max).unwrap();
    let twice = alpha.softmax().unwrap();
    let y = z.weighted_sum(&[(0, &relu), (1, &pool)]).unwrap();
    let y = twice.weighted_sum(&[(1, &y)]).unwrap();
    y.backward_from(&[1.0, 0.0]).unwrap();
    // y₀ = p₁(p₀ + p₁)x₀ with p = (½, ½): ∂y₀/∂α = x₀ p₀p₁(−1, 1), since p₀ + p₁ = 1.
    assert_eq!(gradient(&x), Some(vec![0.5, 0.0]));
    assert_eq!(gradient(&alpha), Some(vec![-1.0, 1.0]));
}

#[test]
fn a_loss_can_be_dropped_and_its_tape_used_again() {
    let tape = Tape::recording();
    let w = var(&[1, 2], &[0.0, 0.0]).on(&tape);
    let target = var(&[1, 2], &[1.0, 0.0]);
    drop(w.cross_entropy(&target).unwrap());
    let loss = w.cross_entropy(&target).unwrap();
    loss.backward().unwrap();
    assert_eq!(gradient(&w), Some(vec![-0.5, 0.5]));
}

#[test]
fn a_wrong_target_leaves_the_tape_alone() {
    let tape = Tape::recording();
    let x = var(&[1, 2], &[0.0, 1.0]).on(&tape);
    let y = x.relu().unwrap();
    let wrong = y.cross_entropy(&var(&[2, 1], &[1.0, 0.0])).err();
    assert!(matches!(wrong, Some(Error::Shape { op: "target", .. })));
    y.backward_from(&[3.0, 4.0]).unwrap();
    assert_eq!(gradient(&x), Some(vec![0.0, 4.0]));
}

#[test]
#[should_panic(expected = "two tapes")]
fn two_tapes_do_not_mix() {
    let x = || var(&[1, 1, 1, 1], &[1.0]).on(&Tape::recording());
    let _ = Var::concatenate(&[&x(), &x()]);
}

#[test]
fn a_gradient_has_as_many_elements_as_its_value() {
    let x = var(&[1, 2], &[0.0, 1.0]);
    assert!(matches!(x.set_gradient(&[1.0]), Err(Error::Shape { op: "gradient", .. })));
    assert!(matches!(x.backward_from(&[1.0; 3]), Err(Error::Shape { op: "gradient", .. })));
}

/// NaN must reach the loss, where it is an error: neither ReLU nor a maximum may hide it.
#[test]
fn nan_reaches_the_loss() {
    let x = var(&[1, 1, 2, 1], &[f64::NAN, 1.0]);
    let y = x.relu().unwrap().pool(PoolKind::Max).unwrap();
    assert!(y.to_host().unwrap().iter().all(|y| y.is_nan()));
    let loss = y.reshape(&[1, 2]).unwrap().cross_entropy(&var(&[1, 2], &[1.0, 0.0]));
    assert!(matches!(loss.err(), Some(Error::NotFinite(_))));
}

/// Where nothing is greater than −∞ the gradient goes to the window's own pixel, never outside the image.
#[test]
fn a_maximum_of_minus_infinity_is_taken_inside_its_window() {
    let tape = Tape::recording();
    let x = var(&[1, 1, 4, 1], &[0.0, f64::NEG_INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY]).on(&tape);
    x.pool(PoolKind::Max).unwrap().backward_from(&[0.0, 0.0, 0.0, 1.0]).unwrap();
    assert_eq!(gradient(&x), Some(vec![0.0, 0.0, 0.0, 1.0]));
}

#[test]
fn empty_outputs_are_refused() {
    let x = var(&[1, 1, 1, 2], &[1.0, 2.0]);
    assert!(x.convolution(&var(&[1, 1, 2, 0], &[])).is_err());
    assert!(x.depthwise(&var(&[1, 1, 2], &[1.0, 1.0]), 0).is_err());
    assert!(var(&[3, 0], &[]).bias(&var(&[0], &[])).is_err());
    assert!(Var::<f64, Cpu>::concatenate(&[]).is_err());
    assert!(var(&[1], &[1.0]).weighted_sum(&[]).is_err());
}
