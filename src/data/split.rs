//! Disjoint sets of one data set.

use super::{Error, Images, Result};
use crate::seed;
use rand::seq::SliceRandom;

/// Disjoint sets of `sizes` images each, taken one after the other from the permutation that the
/// stream "split" of `seed` gives. Sizes that add up to all images leave none out.
///
/// # Errors
/// If a size is 0, or there are fewer images than asked for.
pub fn split<const N: usize>(images: &Images, seed: u64, sizes: [usize; N]) -> Result<[Images; N]> {
    enough(images, &sizes)?;
    let order = permutation(images, seed);
    let mut rest = order.as_slice();
    Ok(sizes.map(|size| {
        let (indices, after) = rest.split_at(size);
        rest = after;
        images.select(indices)
    }))
}

/// The last `size` images of that permutation, which sets of `others` images together leave alone.
///
/// # Errors
/// If the size is 0, or there are fewer images than that.
pub fn held_out(images: &Images, seed: u64, others: usize, size: usize) -> Result<Images> {
    enough(images, &[others, size])?;
    Ok(images.select(&permutation(images, seed)[images.len() - size..]))
}

/// The first `size` images as they stand.
///
/// # Errors
/// If the size is 0, or there are fewer images than that.
pub fn first(images: &Images, size: usize) -> Result<Images> {
    enough(images, &[size])?;
    Ok(images.select(&(0..size).collect::<Vec<_>>()))
}

fn permutation(images: &Images, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..images.len()).collect();
    order.shuffle(&mut seed::stream(seed, "split"));
    order
}

fn enough(images: &Images, sizes: &[usize]) -> Result<()> {
    let wanted: usize = sizes.iter().sum();
    if wanted > images.len() {
        return Err(Error::Setting {
            name: images.name.clone(),
            field: format!("set sizes {sizes:?}"),
            expected: format!("at most {} images together", images.len()),
            found: wanted.to_string(),
        });
    }
    match sizes.contains(&0) {
        true => Err(Error::Empty { name: images.name.clone() }),
        false => Ok(()),
    }
}
