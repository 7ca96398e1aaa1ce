//! The two element types.

use super::kernel::Widths;
use dfdx::dtypes::{Dtype, NotMixedPrecision};
use num_traits::Float;

/// `f32` or `f64`.
pub trait Element: Dtype + NotMixedPrecision + Float + Widths + std::iter::Sum {
    /// Unit roundoff u: the relative error of one rounding is at most this.
    const UNIT_ROUNDOFF: f64;
    /// The type's name.
    const NAME: &'static str;

    /// The element nearest to `x`.
    fn of(x: f64) -> Self;

    /// The same number in double precision.
    fn double(self) -> f64;
}

impl Element for f32 {
    const UNIT_ROUNDOFF: f64 = f32::EPSILON as f64 / 2.0;
    const NAME: &'static str = "f32";

    fn of(x: f64) -> Self {
        x as f32
    }

    fn double(self) -> f64 {
        self.into()
    }
}

impl Element for f64 {
    const UNIT_ROUNDOFF: f64 = f64::EPSILON / 2.0;
    const NAME: &'static str = "f64";

    fn of(x: f64) -> Self {
        x
    }

    fn double(self) -> f64 {
        self
    }
}
