//! Batches from a set of images.

use super::{
    super::{Assemble, Buf, Cut},
    buffers, each_chunk,
};
use crate::tensor::{Element, Error, error::Result, op::Image};
use dfdx::tensor::Cpu;

impl<E: Element> Assemble<E> for Cpu {
    fn assemble(&self, set: Image, pixels: &Buf<E, Cpu>, black: &Buf<E, Cpu>, cuts: &[Cut]) -> Result<Buf<E, Cpu>> {
        let (Image { h, w, c, .. }, per_sample) = (set, set.per_sample());
        let mut batch = buffers::take(self, cuts.len() * per_sample).map_err(Error::device)?;
        let size = batch.len();
        each_chunk(&mut batch, per_sample, size, |n, out| {
            let Cut { image, at: [top, left], reflected } = cuts[n];
            let image = &pixels[image * per_sample..][..per_sample];
            if cuts[n] == Cut::whole(cuts[n].image) {
                return out.copy_from_slice(image);
            }
            for (i, pixel) in out.chunks_exact_mut(c).enumerate() {
                let (y, x) = (i / w, if reflected { w - 1 - i % w } else { i % w });
                let y = y.checked_add_signed(top).filter(|y| *y < h);
                let x = x.checked_add_signed(left).filter(|x| *x < w);
                pixel.copy_from_slice(y.zip(x).map_or(black, |(y, x)| &image[(y * w + x) * c..][..c]));
            }
        });
        Ok(batch)
    }
}
