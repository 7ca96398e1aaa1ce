//! Operations on images: ReLU, convolutions, pooling, weighted sum, concatenation.

use super::{Shape, Sum, at, exact, indices, window};

/// y = x where x > 0, else 0.
pub fn relu(x: &[f64]) -> Vec<Sum> {
    exact(x.iter().map(|&x| if x > 0.0 { x } else { 0.0 }))
}

/// y[n,h,w,o] = Σ_{ky,kx,i} x[n, h+ky−r, w+kx−r, i] · weight[ky,kx,i,o], r = (k − 1)/2.
pub fn convolution(shape: Shape, x: &[f64], weight: &[f64], kernel: usize, out: usize) -> Vec<Sum> {
    let [n, h, w, ci] = shape;
    let entry = |[n, h, w, o]: Shape| {
        let mut sum = Sum::default();
        for ((ky, kx), (iy, ix)) in window(shape, (h, w), kernel, 1) {
            for i in 0..ci {
                sum.add(x[at(shape, [n, iy, ix, i])] * weight[((ky * kernel + kx) * ci + i) * out + o]);
            }
        }
        sum
    };
    indices([n, h, w, out]).map(entry).collect()
}

/// y[n,h,w,c] = Σ_{ky,kx} x[n, h+d(ky−r), w+d(kx−r), c] · weight[ky,kx,c].
pub fn depthwise(shape: Shape, x: &[f64], weight: &[f64], kernel: usize, dilation: usize) -> Vec<Sum> {
    let entry = |[n, h, w, c]: Shape| {
        let term = |((ky, kx), (iy, ix))| x[at(shape, [n, iy, ix, c])] * weight[(ky * kernel + kx) * shape[3] + c];
        window(shape, (h, w), kernel, dilation).into_iter().map(term).collect()
    };
    indices(shape).map(entry).collect()
}

/// For each entry, the index of the first maximum of the 3×3 window in row-major order.
pub fn first_maximum(shape: Shape, x: &[f64]) -> Vec<usize> {
    let entry = |[n, h, w, c]: Shape| {
        let candidates = window(shape, (h, w), 3, 1).into_iter().map(|(_, (iy, ix))| at(shape, [n, iy, ix, c]));
        candidates.reduce(|best, i| if x[i] > x[best] { i } else { best }).expect("a pixel is in its own window")
    };
    indices(shape).map(entry).collect()
}

/// The maximum of each 3×3 window.
pub fn max_pool(shape: Shape, x: &[f64]) -> Vec<Sum> {
    exact(first_maximum(shape, x).into_iter().map(|i| x[i]))
}

/// The mean over the pixels of each 3×3 window that lie inside the image.
pub fn average_pool(shape: Shape, x: &[f64]) -> Vec<Sum> {
    let entry = |[n, h, w, c]: Shape| {
        let inside = window(shape, (h, w), 3, 1);
        inside.iter().map(|(_, (iy, ix))| x[at(shape, [n, *iy, *ix, c])] / inside.len() as f64).collect()
    };
    indices(shape).map(entry).collect()
}

/// y = Σ_k z[index_k] x_k.
pub fn weighted_sum(z: &[f64], terms: &[(usize, &[f64])]) -> Vec<Sum> {
    (0..terms[0].1.len()).map(|i| terms.iter().map(|(k, x)| z[*k] * x[i]).collect()).collect()
}

/// The channels of all parts side by side.
pub fn concatenate(pixels: usize, parts: &[(usize, &[f64])]) -> Vec<Sum> {
    exact((0..pixels).flat_map(|p| parts.iter().flat_map(move |(c, x)| x[p * c..(p + 1) * c].iter().copied())))
}

/// An image of a set, the row and column of it that come first, and whether it is reflected then.
pub type Cut = (usize, [isize; 2], bool);

/// y[k,h,w,c] = x[n, top+h, left+w', c] of cut k, w' = w or W − 1 − w; black[c] where that is no pixel.
pub fn assemble(shape: Shape, x: &[f64], black: &[f64], cuts: &[Cut]) -> Vec<f64> {
    let [_, height, width, c] = shape;
    let entry = |[k, h, w, channel]: Shape| {
        let (n, [top, left], reflected) = cuts[k];
        let w = if reflected { width - 1 - w } else { w };
        let (h, w) = ((h as isize).saturating_add(top), (w as isize).saturating_add(left));
        match 0 <= h && h < height as isize && 0 <= w && w < width as isize {
            true => x[at(shape, [n, h as usize, w as usize, channel])],
            false => black[channel],
        }
    };
    indices([cuts.len(), height, width, c]).map(entry).collect()
}
