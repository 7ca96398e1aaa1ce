//! 1797 handwritten digits, 8×8 grey levels 0..16, in the binary.
//!
//! Source: "Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak, UCI Machine
//! Learning Repository, <https://doi.org/10.24432/C50P49>, licence CC BY 4.0; the test set, as
//! packaged by scikit-learn. Changed here in its encoding only.
//!
//! `digits.bin.gz` holds the grey levels, one byte each, image by image and row by row, and after
//! them one byte for each label.

use super::Images;
use flate2::read::GzDecoder;
use ndarray::Array4;
use std::io::Read;

const PACKED: &[u8] = include_bytes!("digits.bin.gz");
const COUNT: usize = 1797;
const SIDE: usize = 8;

/// The digits in their stored order, standardised: `[1797, 8, 8, 1]`, 10 classes.
pub fn digits() -> Images {
    let mut bytes = Vec::new();
    GzDecoder::new(PACKED).read_to_end(&mut bytes).expect("the embedded file is whole");
    let labels = bytes.split_off(COUNT * SIDE * SIDE);
    let grey = bytes.into_iter().map(f32::from).collect();
    let pixels = Array4::from_shape_vec((COUNT, SIDE, SIDE, 1), grey).expect("the embedded file is whole");
    let labels = labels.into_iter().map(usize::from).collect();
    Images::new("digits", 10, pixels, labels).expect("the embedded file is valid").standardised()
}
