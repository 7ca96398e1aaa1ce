//! Each operation in scalar f64 and the most obvious indexing of (N, H, W, C).
//!
//! An entry of the result is a [`Sum`]: its value, and the magnitude and number of terms from which
//! the caller derives how far another implementation may be. Written from the definitions alone;
//! nothing is shared with the code under test.

pub mod gradient;
pub mod head;
pub mod image;
pub mod norm;

pub use wirecost::theorem::rounding::Sum;

/// The extents N, H, W, C.
pub type Shape = [usize; 4];

/// Every index of `shape`, row-major.
pub fn indices([n, h, w, c]: Shape) -> impl Iterator<Item = Shape> {
    (0..n).flat_map(move |i| {
        (0..h).flat_map(move |y| (0..w).flat_map(move |x| (0..c).map(move |channel| [i, y, x, channel])))
    })
}

/// Where the entry `[n, h, w, c]` stands in row-major order.
pub fn at([_, h, w, c]: Shape, [i, y, x, channel]: Shape) -> usize {
    ((i * h + y) * w + x) * c + channel
}

/// The pixels under a k×k window at `(y, x)` with their tap, row-major; those outside the image are
/// left out.
pub fn window(
    [_, h, w, _]: Shape,
    (y, x): (usize, usize),
    kernel: usize,
    dilation: usize,
) -> Vec<((usize, usize), (usize, usize))> {
    let (h, w, k, d) = (h as isize, w as isize, kernel as isize, dilation as isize);
    let mut inside = Vec::new();
    for ky in 0..k {
        for kx in 0..k {
            let iy = y as isize + d * (ky - (k - 1) / 2);
            let ix = x as isize + d * (kx - (k - 1) / 2);
            if 0 <= iy && iy < h && 0 <= ix && ix < w {
                inside.push(((ky as usize, kx as usize), (iy as usize, ix as usize)));
            }
        }
    }
    inside
}

/// Results that are exact: one term each, copied.
pub fn exact(values: impl IntoIterator<Item = f64>) -> Vec<Sum> {
    values.into_iter().map(|value| Sum { value, magnitude: value.abs(), terms: 0 }).collect()
}
