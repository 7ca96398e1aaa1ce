//! A set of labelled images.

use ndarray::{Array4, Axis};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// What can be wrong with data; the text is one line.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Error {
    /// Nothing to train on.
    #[error("data {name}: images: expected at least 1, found 0; choose a larger set")]
    Empty {
        /// Name of the data.
        name: String,
    },
    /// Another number of labels than of images.
    #[error("data {name}: labels: expected {images}, one for each image, found {labels}; give as many as images")]
    Count {
        /// Name of the data.
        name: String,
        /// Images.
        images: usize,
        /// Labels.
        labels: usize,
    },
    /// A label that is no class.
    #[error(
        "data {name}: labels[{index}]: expected less than {classes}, found {label}; correct the label or the number of classes"
    )]
    Label {
        /// Name of the data.
        name: String,
        /// Position.
        index: usize,
        /// The label.
        label: usize,
        /// Number of classes.
        classes: usize,
    },
    /// NaN or infinity among the pixels.
    #[error("data {name}: pixels of image {index}: expected finite numbers, found {value}; remove the image")]
    Pixel {
        /// Name of the data.
        name: String,
        /// Position of the image.
        index: usize,
        /// The value.
        value: f32,
    },
    /// A setting that the data cannot serve.
    #[error("data {name}: {field}: expected {expected}, found {found}; change the setting")]
    Setting {
        /// Name of the data.
        name: String,
        /// The setting.
        field: String,
        /// What it may be.
        expected: String,
        /// What it is.
        found: String,
    },
}

/// The result of preparing data.
pub type Result<T> = std::result::Result<T, Error>;

/// Labelled images of one size.
#[derive(Debug, Clone, PartialEq)]
pub struct Images {
    /// Name, for a title.
    pub name: String,
    /// SHA-256, hexadecimal, of shape and labels (u64) and pixels (f32), all little endian.
    pub sha256: String,
    /// Number of classes.
    pub classes: usize,
    /// Height, width, channels.
    pub image: [usize; 3],
    /// `[N, H, W, C]`.
    pub pixels: Array4<f32>,
    /// `[N]`, each less than `classes`.
    pub labels: Vec<usize>,
}

impl Images {
    /// Checks and names a set of images.
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
        let sha256 = checksum(&pixels, &labels);
        Ok(Images { name, sha256, classes, image: [h, w, c], pixels, labels })
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

    /// The same images with mean 0 and standard deviation 1 per channel, over all pixels of all
    /// images; a constant channel becomes 0.
    pub fn standardised(mut self) -> Images {
        for mut channel in self.pixels.axis_iter_mut(Axis(3)) {
            let n = channel.len() as f64;
            let mean = channel.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
            let variance = channel.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / n;
            let scale = if variance > 0.0 { variance.sqrt().recip() } else { 0.0 };
            channel.mapv_inplace(|x| ((f64::from(x) - mean) * scale) as f32);
        }
        self.sha256 = checksum(&self.pixels, &self.labels);
        self
    }
}

fn checksum(pixels: &Array4<f32>, labels: &[usize]) -> String {
    let mut hash = Sha256::new();
    pixels.shape().iter().chain(labels).for_each(|&n| hash.update((n as u64).to_le_bytes()));
    pixels.iter().for_each(|pixel| hash.update(pixel.to_le_bytes()));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
