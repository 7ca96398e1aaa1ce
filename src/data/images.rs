//! A set of labelled images.

use super::{Error, Result};
use ndarray::{Array4, Axis, s};
use sha2::{Digest, Sha256};

/// Labelled images of one size.
#[derive(Debug, Clone, PartialEq)]
pub struct Images {
    /// Name, for a title.
    pub name: String,
    /// Number of classes.
    pub classes: usize,
    /// Height, width, channels.
    pub image: [usize; 3],
    /// `[N, H, W, C]`.
    pub pixels: Array4<f32>,
    /// `[N]`, each less than `classes`.
    pub labels: Vec<usize>,
    /// A black pixel, by channel: what stands beyond an image's border.
    pub black: Vec<f32>,
}

/// Mean and reciprocal standard deviation of each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    mean: Vec<f64>,
    scale: Vec<f64>,
}

impl Images {
    /// Checks and names a set of images, in which 0 is black.
    ///
    /// # Errors
    /// No images, another number of labels, a label out of range, NaN or infinity among the pixels.
    pub fn new(name: impl Into<String>, classes: usize, pixels: Array4<f32>, labels: Vec<usize>) -> Result<Images> {
        let name = name.into();
        let (n, h, w, c) = pixels.dim();
        if pixels.is_empty() {
            return Err(Error::Empty { name });
        }
        if labels.len() != n {
            return Err(Error::Count { name, images: n, labels: labels.len() });
        }
        if let Some((index, &label)) = labels.iter().enumerate().find(|(_, label)| **label >= classes) {
            return Err(Error::Label { name, index, label, classes });
        }
        if let Some(((index, ..), &value)) = pixels.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(Error::Pixel { name, index, value });
        }
        let black = vec![0.0; c];
        Ok(Images { name, classes, image: [h, w, c], pixels, labels, black })
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Never true: there is at least one image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The images at `indices`, in that order: pixels `[indices, H, W, C]` and labels.
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn batch(&self, indices: &[usize]) -> (Array4<f32>, Vec<usize>) {
        (self.pixels.select(Axis(0), indices), indices.iter().map(|&index| self.labels[index]).collect())
    }

    /// The images at `indices`, at least one, as a set of their own.
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn select(&self, indices: &[usize]) -> Images {
        let (pixels, labels) = self.batch(indices);
        let (name, black) = (self.name.clone(), self.black.clone());
        Images { name, black, pixels, labels, ..*self }
    }

    /// Mean and standard deviation per channel, over all pixels of all images.
    pub fn moments(&self) -> Moments {
        let of = |channel: ndarray::ArrayView3<f32>| {
            let n = channel.len() as f64;
            let mean = channel.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
            let variance = channel.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / n;
            (mean, if variance > 0.0 { variance.sqrt().recip() } else { 0.0 })
        };
        let (mean, scale) = self.pixels.axis_iter(Axis(3)).map(of).unzip();
        Moments { mean, scale }
    }

    /// The same images, each channel less its mean and divided by its standard deviation; a constant
    /// channel becomes 0.
    pub fn normalised(mut self, Moments { mean, scale }: &Moments) -> Images {
        for (c, (mean, scale)) in mean.iter().zip(scale).enumerate() {
            let apply = |x: f32| ((f64::from(x) - mean) * scale) as f32;
            self.pixels.index_axis_mut(Axis(3), c).mapv_inplace(apply);
            self.black[c] = apply(self.black[c]);
        }
        self
    }

    /// The same images with mean 0 and standard deviation 1 per channel.
    pub fn standardised(self) -> Images {
        let moments = self.moments();
        self.normalised(&moments)
    }

    /// The same images with `margin` black pixels on each side.
    pub fn padded(mut self, margin: usize) -> Images {
        let (n, h, w, c) = self.pixels.dim();
        self.image = [h + 2 * margin, w + 2 * margin, c];
        let mut pixels = Array4::from_shape_fn((n, h + 2 * margin, w + 2 * margin, c), |(.., c)| self.black[c]);
        pixels.slice_mut(s![.., margin..margin + h, margin..margin + w, ..]).assign(&self.pixels);
        self.pixels = pixels;
        self
    }

    /// SHA-256, hexadecimal, of shape and labels (u64) and pixels (f32), all little endian.
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        self.pixels.shape().iter().chain(&self.labels).for_each(|&n| hash.update((n as u64).to_le_bytes()));
        for image in self.pixels.outer_iter() {
            hash.update(image.iter().flat_map(|pixel| pixel.to_le_bytes()).collect::<Vec<u8>>());
        }
        hex(&hash.finalize())
    }
}

/// A checksum as text.
pub(super) fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
