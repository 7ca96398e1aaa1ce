//! Random crops and reflections of images that train.

use crate::seed::Stream;
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
    /// Draws what is done to the next image: the row and the column of it that come first after the cut, each
    /// uniform from −crop to crop, then heads or tails for whether the cut is reflected. What is not done is not
    /// drawn.
    pub fn draw(self, stream: &mut Stream) -> ([isize; 2], bool) {
        let Augmentation { crop, flip } = self;
        let at = match crop {
            0 => [0, 0],
            _ => [(); 2].map(|()| stream.random_range(0..=2 * crop) as isize - crop as isize),
        };
        (at, flip && stream.random::<bool>())
    }
}
