//! Gradients of each operation by its definition: every product ∂L/∂y · ∂y/∂x is added where it belongs.

use super::{Shape, Sum, at, image::first_maximum, indices, norm, window};
use wirecost::theorem::rounding::gamma;

fn sums(n: usize) -> Vec<Sum> {
    vec![Sum::default(); n]
}

fn count(shape: Shape) -> usize {
    shape.iter().product()
}

/// gx of y = max(x, 0).
pub fn relu(x: &[f64], g: &[f64]) -> Vec<Sum> {
    super::exact(x.iter().zip(g).map(|(x, g)| if *x > 0.0 { *g } else { 0.0 }))
}

/// gx of maximum pooling.
pub fn max_pool(shape: Shape, x: &[f64], g: &[f64]) -> Vec<Sum> {
    let mut gx = sums(x.len());
    first_maximum(shape, x).into_iter().zip(g).for_each(|(from, g)| gx[from].add(*g));
    gx
}

/// gx of average pooling.
pub fn average_pool(shape: Shape, g: &[f64]) -> Vec<Sum> {
    let mut gx = sums(g.len());
    for [n, h, w, c] in indices(shape) {
        let inside = window(shape, (h, w), 3, 1);
        for (_, (iy, ix)) in &inside {
            gx[at(shape, [n, *iy, *ix, c])].add(g[at(shape, [n, h, w, c])] / inside.len() as f64);
        }
    }
    gx
}

/// gx and gw of a dense convolution.
pub fn convolution(shape: Shape, x: &[f64], w: &[f64], g: &[f64], kernel: usize, out: usize) -> [Vec<Sum>; 2] {
    let [n, height, width, ci] = shape;
    let (mut gx, mut gw) = (sums(x.len()), sums(kernel * kernel * ci * out));
    for [n, h, wide, o] in indices([n, height, width, out]) {
        let g = g[at([shape[0], height, width, out], [n, h, wide, o])];
        for ((ky, kx), (iy, ix)) in window(shape, (h, wide), kernel, 1) {
            for i in 0..ci {
                let (from, weight) = (at(shape, [n, iy, ix, i]), ((ky * kernel + kx) * ci + i) * out + o);
                gx[from].add(g * w[weight]);
                gw[weight].add(g * x[from]);
            }
        }
    }
    [gx, gw]
}

/// gx and gw of a depthwise convolution.
pub fn depthwise(shape: Shape, x: &[f64], w: &[f64], g: &[f64], kernel: usize, dilation: usize) -> [Vec<Sum>; 2] {
    let (mut gx, mut gw) = (sums(x.len()), sums(kernel * kernel * shape[3]));
    for [n, h, wide, c] in indices(shape) {
        let g = g[at(shape, [n, h, wide, c])];
        for ((ky, kx), (iy, ix)) in window(shape, (h, wide), kernel, dilation) {
            let (from, weight) = (at(shape, [n, iy, ix, c]), (ky * kernel + kx) * shape[3] + c);
            gx[from].add(g * w[weight]);
            gw[weight].add(g * x[from]);
        }
    }
    [gx, gw]
}

/// gx, gγ and gβ of γ x + β.
pub fn affine(shape: Shape, x: &[f64], gamma: &[f64], g: &[f64], layout: norm::Layout) -> [Vec<Sum>; 3] {
    let (mut gx, mut ggamma, mut gbeta) = (sums(x.len()), sums(gamma.len()), sums(gamma.len()));
    for (i, index) in indices(shape).enumerate() {
        let place = layout.place(shape, index);
        gx[i].add(gamma[place] * g[i]);
        ggamma[place].add(g[i] * x[i]);
        gbeta[place].add(g[i]);
    }
    [gx, ggamma, gbeta]
}

/// gz of Σ_k z[index_k] x_k with `weights` weights, and gx of each term.
pub fn weighted_sum(z: &[f64], terms: &[(usize, &[f64])], g: &[f64]) -> (Vec<Sum>, Vec<Vec<Sum>>) {
    let mut gz = sums(z.len());
    for (k, x) in terms {
        x.iter().zip(g).for_each(|(x, g)| gz[*k].add(x * g));
    }
    (gz, terms.iter().map(|(k, _)| g.iter().map(|g| [z[*k] * g].into_iter().collect()).collect()).collect())
}

/// gx of global average pooling.
pub fn global_average_pool(shape: Shape, g: &[f64]) -> Vec<Sum> {
    let [_, h, w, c] = shape;
    indices(shape).map(|[n, _, _, channel]| [g[n * c + channel] / (h * w) as f64].into_iter().collect()).collect()
}

/// gb of y = x + b.
pub fn bias(k: usize, g: &[f64]) -> Vec<Sum> {
    let mut gb = sums(k);
    g.iter().enumerate().for_each(|(i, g)| gb[i % k].add(*g));
    gb
}

/// gx of normalisation, r (g − mean g − x̂ mean(g x̂)), and how far a computation with unit roundoff `u` may be
/// from it.
///
/// With δ the bound of x̂ and ρ that of r, relatively: ρ |gx| + r (γ_{n+3} (|g| + mean|g| + |x̂| mean|g x̂|) +
/// δ |mean(g x̂)| + |x̂| mean(|g| δ)); twice that covers the higher orders.
pub fn normalise(
    shape: Shape,
    x: &[f64],
    g: &[f64],
    (per_sample, channels): (bool, usize),
    eps: f64,
    u: f64,
) -> (Vec<f64>, Vec<f64>) {
    let (xhat, delta) = norm::normalise(shape, x, per_sample, channels, eps, u);
    let (mut gx, mut bound) = (vec![0.0; count(shape)], vec![0.0; count(shape)]);
    for members in norm::members(shape, per_sample, channels) {
        let n = members.len();
        let mean = |f: &dyn Fn(usize) -> f64| members.iter().map(|i| f(*i)).sum::<f64>() / n as f64;
        let (mu, magnitude) = (mean(&|i| x[i]), mean(&|i| x[i].abs()));
        let variance = mean(&|i| (x[i] - mu).powi(2));
        if variance + eps == 0.0 {
            continue;
        }
        let r = 1.0 / (variance + eps).sqrt();
        let shift = r * gamma(n, u) * magnitude;
        let rho = (shift * shift + gamma(n + 10, u)) / 2.0 + gamma(4, u);
        let (plain, product) = (mean(&|i| g[i]), mean(&|i| g[i] * xhat[i]));
        let (plain_size, product_size) = (mean(&|i| g[i].abs()), mean(&|i| (g[i] * xhat[i]).abs()));
        let product_off = mean(&|i| g[i].abs() * delta[i]);
        for &i in &members {
            gx[i] = r * (g[i] - plain - xhat[i] * product);
            let rounding = gamma(n + 3, u) * (g[i].abs() + plain_size + xhat[i].abs() * product_size);
            let passed_on = delta[i] * product.abs() + xhat[i].abs() * product_off;
            bound[i] = 2.0 * (rho * gx[i].abs() + r * (rounding + passed_on));
        }
    }
    (gx, bound)
}
