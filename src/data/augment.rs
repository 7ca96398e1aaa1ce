//! Random crops and reflections of the images of a batch.

use super::Images;
use crate::seed::Stream;
use ndarray::{Array3, Axis, s};
use rand::RngExt;

/// What is done to each image, anew in every batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Augmentation {
    /// Black pixels put on each side before the image is cut out again at a random place.
    pub crop: usize,
    /// Whether one half of the images is reflected left to right.
    pub flip: bool,
}

impl Augmentation {
    /// Whether images stay as they are.
    pub fn is_none(self) -> bool {
        self.crop == 0 && !self.flip
    }

    /// Changes the images in place, in their order: for each a row and a column of the cut, uniform,
    /// then heads or tails.
    pub fn apply(self, images: &mut Images, stream: &mut Stream) {
        let Augmentation { crop, flip } = self;
        let [h, w, c] = images.image;
        let black = &images.black;
        let mut wide = Array3::from_shape_fn((h + 2 * crop, w + 2 * crop, c), |(.., c)| black[c]);
        for mut image in images.pixels.axis_iter_mut(Axis(0)) {
            if crop > 0 {
                wide.slice_mut(s![crop..crop + h, crop..crop + w, ..]).assign(&image);
                let [top, left] = [(); 2].map(|()| stream.random_range(0..=2 * crop));
                image.assign(&wide.slice(s![top..top + h, left..left + w, ..]));
            }
            if flip && stream.random::<bool>() {
                let reflected = image.slice(s![.., ..;-1, ..]).to_owned();
                image.assign(&reflected);
            }
        }
    }
}
