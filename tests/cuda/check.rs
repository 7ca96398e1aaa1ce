//! Runs an operation on the device and compares with the reference.

use super::reference::Sum;
use proptest::prelude::*;
use rand::RngExt;
use std::cell::OnceCell;
use wirecost::{
    seed::stream,
    tensor::{Backend, Cuda, Tape, Var, kernel::cuda::open},
    theorem::rounding::U64,
};

pub use wirecost::tensor::{Element, kernel::cuda::Real};

/// A value on the device.
pub type Case<E> = Var<E, Cuda>;

thread_local! {
    static DEVICE: OnceCell<Cuda> = const { OnceCell::new() };
}

/// The first device, opened once in each thread.
pub fn device() -> Cuda {
    DEVICE.with(|device| device.get_or_init(|| open(0).unwrap()).clone())
}

/// Integers in −2..=2, so that maxima tie and ReLU meets 0; or reals of `f32` in [−1, 1).
pub fn draw(seed: u64, name: &str, n: usize) -> Vec<f64> {
    let mut stream = stream(seed, name);
    let integers = seed.is_multiple_of(2);
    let mut one = || if integers { stream.random_range(-2..=2).into() } else { stream.random_range(-1f32..1.0).into() };
    (0..n).map(|_| one()).collect()
}

/// The elements of type `E`.
pub fn elements<E: Element>(host: &[f64]) -> Vec<E> {
    host.iter().map(|&x| E::of(x)).collect()
}

/// y and the gradients of the leaves, for the beginning of `g` as y's gradient.
pub fn on_device<E: Real>(leaves: &[(&[usize], &[f64])], g: &[f64], f: impl Fn(&[Case<E>]) -> Case<E>) -> Vec<Vec<E>>
where
    Cuda: Backend<E>,
{
    let (device, tape) = (device(), Tape::recording());
    let leaf = |(shape, host): &(&[usize], &[f64])| Var::new(&device, shape, &elements::<E>(host)).unwrap().on(&tape);
    let leaves: Vec<_> = leaves.iter().map(leaf).collect();
    let y = f(&leaves);
    y.backward_from(&elements::<E>(&g[..y.shape().iter().product()])).unwrap();
    let gradients = leaves.iter().map(|leaf| leaf.take_gradient().unwrap().expect("every leaf is used"));
    [y.to_host().unwrap()].into_iter().chain(gradients).collect()
}

/// Whether `got` is within the roundings of either side of `want`, whose terms went through `before`
/// roundings each.
pub fn agree<E: Element>(what: &str, got: &[E], want: &[Sum], before: usize) -> Result<(), TestCaseError> {
    let bounds: Vec<f64> = want.iter().map(|s| s.bound(before, E::UNIT_ROUNDOFF) + s.bound(before, U64)).collect();
    near(what, got, &want.iter().map(|s| s.value).collect::<Vec<_>>(), &bounds)
}

/// Whether each entry of `got` is within its bound of `want`.
pub fn near<E: Element>(what: &str, got: &[E], want: &[f64], bounds: &[f64]) -> Result<(), TestCaseError> {
    prop_assert_eq!(got.len(), want.len());
    for (i, ((got, want), bound)) in got.iter().zip(want).zip(bounds).enumerate() {
        let off = (got.double() - want).abs();
        prop_assert!(off <= *bound, "{} {what} {i}: {got:?} for {want}, off by {off} > {bound}", E::NAME);
    }
    Ok(())
}
