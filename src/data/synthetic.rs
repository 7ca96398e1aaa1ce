//! Images that are made up, for tests.

use super::{Error, Images, Result};
use crate::seed;
use ndarray::Array4;
use rand_distr::{Distribution, StandardNormal};

/// `n` images of shape `image` = `[H, W, C]`: one Gaussian pattern for each class, plus Gaussian
/// noise of the same variance; standardised. Image `i` has class `i % classes`.
///
/// # Errors
/// If `n`, `classes` or a side is 0.
pub fn synthetic(seed: u64, n: usize, image: [usize; 3], classes: usize) -> Result<Images> {
    if classes == 0 {
        let (field, expected) = ("classes".into(), "at least 1".into());
        return Err(Error::Setting { name: "synthetic".into(), field, expected, found: "0".into() });
    }
    let [h, w, c] = image;
    let gaussian = |count, stream| {
        let mut stream = seed::stream(seed, stream);
        let draw = |_| StandardNormal.sample(&mut stream);
        Array4::from_shape_vec((count, h, w, c), (0..count * h * w * c).map(draw).collect()).expect("count matches")
    };
    let patterns: Array4<f32> = gaussian(classes, "synthetic patterns");
    let labels: Vec<usize> = (0..n).map(|i| i % classes).collect();
    let pixels = gaussian(n, "synthetic noise") + patterns.select(ndarray::Axis(0), &labels);
    Ok(Images::new("synthetic", classes, pixels, labels)?.standardised())
}
