//! Batches from a set of images: `assemble.cu`.

use super::{
    super::{Assemble, Buf, Cut},
    Real, fresh, kernel,
};
use crate::tensor::{Error, error::Result, op::Image};
use dfdx::tensor::Cuda;

impl<E: Real> Assemble<E> for Cuda {
    fn assemble(&self, set: Image, pixels: &Buf<E, Cuda>, black: &Buf<E, Cuda>, cuts: &[Cut]) -> Result<Buf<E, Cuda>> {
        let Image { h, w, c, .. } = set;
        let (n, device) = (cuts.len() * set.per_sample(), pixels.device());
        // As Cut in `assemble.cu`. Further out than the image is large, everything is black anyway.
        let within = |at: isize, size: usize| at.clamp(-(size as isize), size as isize) as i32;
        let numbers = |cut: &Cut| {
            let [top, left] = cut.at;
            [cut.image as i32, within(top, h), within(left, w), i32::from(cut.reflected)]
        };
        let cuts = device.htod_copy(cuts.iter().flat_map(numbers).collect()).map_err(Error::device)?;
        let mut batch = fresh::<E>(self, n).map_err(Error::device)?;
        let launch = kernel::<E>(&device, "assemble").write(&mut batch).read(pixels).read(black).read(&cuts);
        launch.ints([n, h, w, c]).over(n).map_err(Error::device)?;
        Ok(batch)
    }
}
