//! A mean with its standard error.

/// A mean over independent values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Mean; NaN of no values.
    pub mean: f64,
    /// Standard error of the mean; 0 for one value.
    pub error: f64,
}

impl Estimate {
    /// Of all `values`.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Estimate { mean, error: if values.len() > 1 { (squares / (n - 1.0) / n).sqrt() } else { 0.0 } }
    }

    /// Of the finite ones.
    pub fn of_finite(values: impl IntoIterator<Item = f64>) -> Self {
        Self::of(&values.into_iter().filter(|value| value.is_finite()).collect::<Vec<_>>())
    }
}
