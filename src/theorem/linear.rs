//! Maps that hand the cost on: ⟨∂L/∂y, y⟩ = ⟨∂L/∂x, x⟩ (eq. 2, 4).
//!
//! For a linear y = Wx it is ⟨g, Wx⟩ = ⟨Wᵀg, x⟩. It is all that is needed that f(tx) = t f(x) for
//! t > 0 (Euler: f'(x) x = f(x)), so ReLU and maximum pooling count too. The index ranges that eq. 3
//! and 5 print are those of a full correlation; padding and dilation, which leave out terms on both
//! sides alike, change nothing.

use super::rounding::Sum;
use ndarray::{Array4, Ix4, LinalgScalar};

/// A map's cost on either side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balance {
    /// ⟨∂L/∂x, x⟩.
    pub input: Sum,
    /// ⟨∂L/∂y, y⟩.
    pub output: Sum,
}

impl Balance {
    /// From both sides' gradients and values, row-major in any shape.
    pub fn new((gx, x): (&[f64], &[f64]), (gy, y): (&[f64], &[f64])) -> Self {
        Balance { input: Sum::dot(gx, x), output: Sum::dot(gy, y) }
    }

    /// Of a map given by its value and its backward pass (x, ∂L/∂y) ↦ ∂L/∂x.
    pub fn of(
        x: &[f64],
        gy: &[f64],
        value: impl Fn(&[f64]) -> Vec<f64>,
        backward: impl Fn(&[f64], &[f64]) -> Vec<f64>,
    ) -> Self {
        Balance::new((&backward(x, gy), x), (gy, &value(x)))
    }

    /// What the map loses of the cost: 0 for a homogeneous map.
    pub fn gap(self) -> f64 {
        self.output.value - self.input.value
    }

    /// How large the computed gap of a homogeneous map may be, if gradients and values went through
    /// `before` roundings and none of them is a difference of larger numbers. The factor 1 + u is the
    /// gap's own subtraction (`Tolerance.balance_check_bound`).
    pub fn bound(self, before: usize, u: f64) -> f64 {
        (1.0 + u) * (self.input.bound(before + 1, u) + self.output.bound(before + 1, u))
    }
}

/// max |f(t x) − t f(x)| over all entries, for t > 0: 0 if f is positively homogeneous and `t` a power
/// of two, so that scaling does not round.
pub fn homogeneity_gap(x: &[f64], t: f64, f: impl Fn(&[f64]) -> Vec<f64>) -> f64 {
    let scaled: Vec<f64> = x.iter().map(|x| t * x).collect();
    f(&scaled).iter().zip(f(x)).map(|(a, b)| (a - t * b).abs()).fold(0.0, f64::max)
}

/// A convolution without bias, stride 1: weights `[K, K, C_in, C_out]`, zero padding and dilation.
#[derive(Debug, Clone)]
pub struct Convolution<T = f64> {
    /// W, indexed [tap row, tap column, c_in, c_out].
    pub weight: Array4<T>,
    /// Rows and columns of zeros on each side.
    pub padding: usize,
    /// Distance of neighbouring taps; the paper has 1.
    pub dilation: usize,
}

impl<T: LinalgScalar> Convolution<T> {
    /// Eq. 5: X[b, o, c_out] = Σ_{tap, c_in} W[tap, c_in, c_out] X₂⁰[b, o + d tap − padding, c_in], for
    /// X₂⁰ `[B, H, W, C_in]`.
    pub fn value(&self, x: &Array4<T>) -> Array4<T> {
        let (b, h, w, _) = x.dim();
        let mut y = Array4::zeros((b, self.extent(h), self.extent(w), self.weight.dim().3));
        self.each_term(x.raw_dim(), |tap, input, output| y[output] = y[output] + self.weight[tap] * x[input]);
        y
    }

    /// Eq. 3: ∂L/∂X₂⁰ of shape `input` from ∂L/∂X = `g`.
    pub fn input_gradient(&self, input: Ix4, g: &Array4<T>) -> Array4<T> {
        let mut gx = Array4::zeros(input);
        self.each_term(input, |tap, input, output| gx[input] = gx[input] + self.weight[tap] * g[output]);
        gx
    }

    /// Visits every product of eq. 4 as indices of (W, X₂⁰, X), output by output.
    fn each_term(&self, input: Ix4, mut visit: impl FnMut([usize; 4], [usize; 4], [usize; 4])) {
        let ([b, h, w, _], (k, _, ci, co)) = ([input[0], input[1], input[2], input[3]], self.weight.dim());
        let inside =
            |o: usize, tap: usize, n: usize| (o + tap * self.dilation).checked_sub(self.padding).filter(|at| *at < n);
        for index in ndarray::indices((b, self.extent(h), self.extent(w), co)) {
            let (b, oh, ow, o) = index;
            for (kh, kw, i) in ndarray::indices((k, k, ci)) {
                if let (Some(ih), Some(iw)) = (inside(oh, kh, h), inside(ow, kw, w)) {
                    visit([kh, kw, i, o], [b, ih, iw, i], [b, oh, ow, o]);
                }
            }
        }
    }

    /// Output rows for `n` input rows.
    fn extent(&self, n: usize) -> usize {
        (n + 2 * self.padding + 1).saturating_sub((self.weight.dim().0 - 1) * self.dilation + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr1;

    fn dense(x: &Array4<f64>) -> Vec<f64> {
        x.iter().copied().collect()
    }

    /// W = (1 2; 0 3), x = (5, 7), g = (1, −1): y = (19, 21), Wᵀg = (1, −1).
    #[test]
    fn a_matrix_by_hand() {
        let w = ndarray::array![[1.0, 2.0], [0.0, 3.0]];
        let value = |x: &[f64]| w.dot(&arr1(x)).to_vec();
        let balance = Balance::of(&[5.0, 7.0], &[1.0, -1.0], value, |_, g| w.t().dot(&arr1(g)).to_vec());
        assert_eq!((balance.input.value, balance.output.value, balance.gap()), (-2.0, -2.0, 0.0));
        assert_eq!((balance.input.magnitude, balance.output.magnitude), (12.0, 40.0));
    }

    #[test]
    fn relu_is_homogeneous_and_a_bias_is_not() {
        let (x, g) = ([3.0, -2.0, 0.0], [5.0, 7.0, 11.0]);
        let relu = |x: &[f64]| x.iter().map(|x| x.max(0.0)).collect::<Vec<_>>();
        let backward = |x: &[f64], g: &[f64]| x.iter().zip(g).map(|(x, g)| if *x > 0.0 { *g } else { 0.0 }).collect();
        assert_eq!(Balance::of(&x, &g, relu, backward).gap(), 0.0);
        assert_eq!(homogeneity_gap(&x, 2.0, relu), 0.0);
        let shifted = |x: &[f64]| x.iter().map(|x| x + 1.0).collect::<Vec<_>>();
        assert_eq!(Balance::of(&x, &g, shifted, |_, g| g.to_vec()).gap(), 23.0);
        assert_eq!(homogeneity_gap(&x, 2.0, shifted), 1.0);
    }

    /// x = (1, 2, 3) in a row, W = (·, ·, ·; 10, 20, 30; ·, ·, ·), padding 1: y = (80, 140, 80).
    #[test]
    fn a_convolution_by_hand() {
        let mut weight = Array4::zeros((3, 3, 1, 1));
        (0..3).for_each(|k| weight[[1, k, 0, 0]] = 10.0 * (k + 1) as f64);
        let conv = Convolution { weight, padding: 1, dilation: 1 };
        let x = Array4::from_shape_vec((1, 1, 3, 1), vec![1.0, 2.0, 3.0]).unwrap();
        assert_eq!(dense(&conv.value(&x)), [80.0, 140.0, 80.0]);
        let g = Array4::from_shape_vec((1, 1, 3, 1), vec![1.0, 0.0, 0.0]).unwrap();
        assert_eq!(dense(&conv.input_gradient(x.raw_dim(), &g)), [20.0, 30.0, 0.0]);
    }

    /// Eq. 4 in integers: equal to the last digit, with and without padding, dilated or not.
    #[test]
    fn eq_4_is_exact_on_integers() {
        let fill = |shape, step: usize| {
            let mut i = 0;
            Array4::from_shape_simple_fn(shape, || {
                i += step;
                (i % 11) as i64 - 5
            })
        };
        for (padding, dilation) in [(0, 1), (1, 1), (2, 1), (2, 2), (0, 2)] {
            let conv = Convolution { weight: fill((3, 3, 2, 3), 7), padding, dilation };
            let x = fill((2, 6, 5, 2), 3);
            let y = conv.value(&x);
            assert_eq!(y.dim(), (2, 6 + 2 * padding - 2 * dilation, 5 + 2 * padding - 2 * dilation, 3));
            let g = fill(y.dim(), 4);
            let gx = conv.input_gradient(x.raw_dim(), &g);
            assert_eq!((&g * &y).sum(), (&gx * &x).sum());
            assert_ne!((&g * &y).sum(), 0);
        }
    }
}
