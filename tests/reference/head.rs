//! The head: global average pooling, bias, softmax, cross-entropy.

use super::{Shape, Sum, at};

/// y[n,c] = mean over h and w of x[n,h,w,c].
pub fn global_average_pool(shape: Shape, x: &[f64]) -> Vec<Sum> {
    let [n, h, w, c] = shape;
    let mut means = Vec::new();
    for n in 0..n {
        for c in 0..c {
            let pixels = (0..h).flat_map(|y| (0..w).map(move |x| (y, x)));
            means.push(pixels.map(|(iy, ix)| x[at(shape, [n, iy, ix, c])] / (h * w) as f64).collect());
        }
    }
    means
}

/// y[n,k] = x[n,k] + b[k].
pub fn bias(x: &[f64], b: &[f64]) -> Vec<Sum> {
    x.iter().enumerate().map(|(i, &x)| [x, b[i % b.len()]].into_iter().collect()).collect()
}

/// p[n,k] = exp(y[n,k]) / Σ_q exp(y[n,q]), of rows of `k`.
pub fn softmax(y: &[f64], k: usize) -> Vec<f64> {
    let row = |y: &[f64]| {
        let largest = y.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = y.iter().map(|y| (y - largest).exp()).sum();
        y.iter().map(|y| (y - largest).exp() / total).collect::<Vec<_>>()
    };
    y.chunks(k).flat_map(row).collect()
}

/// The mean over rows of −log p[n, label_n].
pub fn cross_entropy(y: &[f64], k: usize, labels: &[usize]) -> f64 {
    let row = |(y, &label): (&[f64], &usize)| {
        let largest = y.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + y.iter().map(|y| (y - largest).exp()).sum::<f64>().ln() - y[label]
    };
    y.chunks(k).zip(labels).map(row).sum::<f64>() / labels.len() as f64
}
