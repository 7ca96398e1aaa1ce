//! Disjoint sets of one data set.

use super::{Images, Result, images::Error};
use crate::seed;
use rand::seq::SliceRandom;

/// Disjoint sets of `sizes` images each, taken one after the other from the permutation that the
/// stream "split" of `seed` gives. Sizes that add up to all images leave none out.
///
/// # Errors
/// If a size is 0, or there are fewer images than asked for.
pub fn split<const N: usize>(images: &Images, seed: u64, sizes: [usize; N]) -> Result<[Images; N]> {
    let wanted: usize = sizes.iter().sum();
    if wanted > images.len() {
        return Err(Error::Setting {
            name: images.name.clone(),
            field: format!("set sizes {sizes:?}"),
            expected: format!("at most {} images together", images.len()),
            found: wanted.to_string(),
        });
    }
    if sizes.contains(&0) {
        return Err(Error::Empty { name: images.name.clone() });
    }
    let mut order: Vec<usize> = (0..images.len()).collect();
    order.shuffle(&mut seed::stream(seed, "split"));
    let mut rest = order.as_slice();
    Ok(sizes.map(|size| {
        let (indices, after) = rest.split_at(size);
        rest = after;
        let (pixels, labels) = images.batch(indices);
        Images::new(images.name.clone(), images.classes, pixels, labels).expect("a part of valid images is valid")
    }))
}
