//! The moving averages of a batch's statistics.
//!
//! Of n terms the mean μ̂ is off by at most γ_{n+4} A with A = Σ|x|/n, whichever way it is put together from parts. A
//! square (x − μ̂)² is off from (x − μ)² by at most 2|x − μ̂| γ A + (γ A)², and the sum of all by n + 8 roundings, so with
//! S = Σ (|x| + A)² the scatter is off by at most 4 γ_{n+16} S. An average is one tenth of either.

use super::check::{Device, count, draw, elements, near};
use crate::reference::Shape;
use proptest::prelude::*;
use wirecost::{
    tensor::{Backend, Element, Moving, Var},
    theorem::rounding::{U64, gamma},
};

pub fn follow<E: Element, D: Device + Backend<E>>(shape: Shape, seed: u64) -> Result<(), TestCaseError> {
    let (x, c) = (draw(seed, "x", count(&shape)), shape[3]);
    let averages = Moving::default();
    averages.gather("norm", &Var::<E, D>::new(&D::open(), &shape, &elements::<E>(&x)).unwrap()).unwrap();
    let got = &averages.all()["norm"];
    let n = x.len() / c;
    let units = gamma(n + 16, E::UNIT_ROUNDOFF) + gamma(n + 16, U64);
    let [mut means, mut variances] = [Vec::new(), Vec::new()];
    for channel in 0..c {
        let of_channel = || x.iter().skip(channel).step_by(c);
        let mean = of_channel().sum::<f64>() / n as f64;
        let magnitude = of_channel().map(|x| x.abs()).sum::<f64>() / n as f64;
        let divisor = (n as f64 - 1.0).max(1.0);
        let variance = of_channel().map(|x| (x - mean).powi(2)).sum::<f64>() / divisor;
        let square = of_channel().map(|x| (x.abs() + magnitude).powi(2)).sum::<f64>() / divisor;
        means.push((0.1 * mean, units * magnitude));
        // From 1, and the step itself is rounded.
        variances.push((1.0 + 0.1 * (variance - 1.0), 4.0 * units * square + 8.0 * U64));
    }
    for (what, got, want) in [("mean", &got.mean, means), ("variance", &got.variance, variances)] {
        let (want, bounds): (Vec<_>, Vec<_>) = want.into_iter().unzip();
        near(what, got, &want, &bounds)?;
    }
    Ok(())
}
