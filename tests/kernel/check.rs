//! Runs an operation on a device and compares with the reference.

use crate::reference::Sum;
use proptest::prelude::*;
use rand::RngExt;
use wirecost::{
    seed::stream,
    tensor::{Backend, Cpu, Element, Tape, Var, kernel::Vectors},
    theorem::rounding::U64,
};

/// A device whose kernels are checked.
pub trait Device: Backend<f32> + Backend<f64> {
    /// Versions of its kernels, chosen at run time.
    type Level: std::fmt::Debug;

    /// Whether two edges in one step have the gradients of two in a row to the last bit.
    const TWICE_IS_EXACT: bool;

    /// The first device.
    fn open() -> Self;

    /// The levels that this machine has.
    fn levels() -> impl Strategy<Value = Self::Level>;

    /// What `f` gives at that level.
    fn within<T>(level: Self::Level, f: impl FnOnce() -> T) -> T;
}

impl Device for Cpu {
    type Level = Vectors;

    // The sums for the norm between the two are taken in another order.
    const TWICE_IS_EXACT: bool = false;

    fn open() -> Self {
        Cpu::default()
    }

    fn levels() -> impl Strategy<Value = Vectors> {
        prop::sample::select(Vectors::ALL.into_iter().filter(|level| level.supported()).collect::<Vec<_>>())
    }

    fn within<T>(level: Vectors, f: impl FnOnce() -> T) -> T {
        level.within(f)
    }
}

#[cfg(feature = "cuda")]
impl Device for wirecost::tensor::Cuda {
    type Level = ();

    const TWICE_IS_EXACT: bool = true;

    /// Opened once in each thread.
    fn open() -> Self {
        thread_local! {
            static DEVICE: wirecost::tensor::Cuda = wirecost::tensor::kernel::cuda::open(0).unwrap();
        }
        DEVICE.with(Clone::clone)
    }

    fn levels() -> impl Strategy<Value = ()> {
        Just(())
    }

    fn within<T>((): (), f: impl FnOnce() -> T) -> T {
        f()
    }
}

/// Integers in −2..=2, so that maxima tie and ReLU meets 0; or reals of `f32` in [−1, 1).
pub fn draw(seed: u64, name: &str, n: usize) -> Vec<f64> {
    let mut stream = stream(seed, name);
    let integers = seed.is_multiple_of(2);
    let mut one = || if integers { stream.random_range(-2..=2).into() } else { stream.random_range(-1f32..1.0).into() };
    (0..n).map(|_| one()).collect()
}

/// How many entries a shape has.
pub fn count(shape: &[usize]) -> usize {
    shape.iter().product()
}

/// The elements of type `E`.
pub fn elements<E: Element>(host: &[f64]) -> Vec<E> {
    host.iter().map(|&x| E::of(x)).collect()
}

/// y and the gradients of the leaves, for the beginning of `g` as y's gradient.
pub fn on_device<E: Element, D: Device + Backend<E>>(
    leaves: &[(&[usize], &[f64])],
    g: &[f64],
    f: impl Fn(&[Var<E, D>]) -> Var<E, D>,
) -> Vec<Vec<E>> {
    let (device, tape) = (D::open(), Tape::recording());
    let leaf = |(shape, host): &(&[usize], &[f64])| Var::new(&device, shape, &elements::<E>(host)).unwrap().on(&tape);
    let leaves: Vec<_> = leaves.iter().map(leaf).collect();
    let y = f(&leaves);
    y.backward_from(&elements::<E>(&g[..count(y.shape())])).unwrap();
    let gradients = leaves.iter().map(|leaf| leaf.take_gradient().unwrap().expect("every leaf is used"));
    [y.to_host().unwrap()].into_iter().chain(gradients).collect()
}

/// Whether `got` is within the roundings of either side of `want`, γ_n(u) Σ|terms| + γ_n(2⁻⁵³) Σ|terms|,
/// whose terms went through `before` roundings each.
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
