//! The moving averages of a batch's statistics.
//!
//! The mean of n terms is put together from up to 16 parts in each of several strips. A part of m terms is summed as
//! differences to its first, which is at most m times the mean A of the part's absolute values: so it is off by at most
//! (m + 1)(m + 2) roundings of A, and of n ≥ 16 (m − 1) + 1 terms the mean, with 24 more for putting parts and strips
//! together, by at most γ_{2n+40} A. A square (x − μ̂)² is off from (x − μ)² by at most 2|x − μ̂| γ A + (γ A)², so with
//! S = Σ (|x| + A)² the scatter is off by at most 4 γ S. An average takes a tenth of either. Of what it was off by before
//! it keeps nine tenths; the last tenth stays in the bound, and the roundings of the step itself are within it.

use super::check::{Device, count, draw, elements, near};
use crate::reference::Shape;
use proptest::prelude::*;
use wirecost::{
    tensor::{Backend, Element, Moving, Var},
    theorem::rounding::{U64, gamma},
};

pub fn follow<E: Element, D: Device + Backend<E>>(shape: Shape, seed: u64) -> Result<(), TestCaseError> {
    let (device, c, averages) = (D::open(), shape[3], Moving::default());
    let (mut means, mut variances) = (vec![(0.0, 0.0); c], vec![(1.0, 0.0); c]);
    for batch in ["first", "second"] {
        let x = draw(seed, batch, count(&shape));
        averages.gather("norm", &Var::<E, D>::new(&device, &shape, &elements::<E>(&x)).unwrap()).unwrap();
        let n = x.len() / c;
        let units = gamma(2 * n + 40, E::UNIT_ROUNDOFF) + gamma(2 * n + 40, U64);
        for channel in 0..c {
            let of_channel = || x.iter().skip(channel).step_by(c);
            let mean = of_channel().sum::<f64>() / n as f64;
            let magnitude = of_channel().map(|x| x.abs()).sum::<f64>() / n as f64;
            let divisor = (n as f64 - 1.0).max(1.0);
            let variance = of_channel().map(|x| (x - mean).powi(2)).sum::<f64>() / divisor;
            let square = of_channel().map(|x| (x.abs() + magnitude).powi(2)).sum::<f64>() / divisor;
            let step = |(average, bound): &mut (f64, f64), to: f64, off: f64| {
                *average += 0.1 * (to - *average);
                *bound += off;
            };
            step(&mut means[channel], mean, 0.1 * units * magnitude);
            // From 1, and the step itself is rounded.
            step(&mut variances[channel], variance, 0.4 * units * square + 8.0 * U64);
        }
        // Read after each batch or after both: that changes nothing.
        if seed.is_multiple_of(2) {
            averages.all().unwrap();
        }
    }
    let got = &averages.all().unwrap()["norm"];
    for (what, got, want) in [("mean", &got.mean, means), ("variance", &got.variance, variances)] {
        let (want, bounds): (Vec<_>, Vec<_>) = want.into_iter().unzip();
        near(what, got, &want, &bounds)?;
    }
    Ok(())
}
