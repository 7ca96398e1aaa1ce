//! Batches from a set of images that stays on its device.

use super::{
    Element, Error, Memory, Tape, Var,
    error::Result,
    kernel::{Assemble, Cut},
    op::Image,
};
use std::sync::Arc;

impl<E: Element, D: Memory<E> + Assemble<E>> Var<E, D> {
    /// The `cuts`, `[cuts, H, W, C]`, of these images `[N, H, W, C]`, whose black pixel is `black` `[C]`; off any
    /// tape.
    ///
    /// # Errors
    /// If a shape is another.
    ///
    /// # Panics
    /// If there are fewer images than a cut asks for.
    pub fn assemble(&self, black: &Self, cuts: &[Cut]) -> Result<Self> {
        let set = Image::of("batch", self.shape())?;
        if black.shape() != [set.c] {
            return Err(Error::Shape { op: "black", expected: format!("[{}]", set.c), found: black.shape().to_vec() });
        }
        assert!(cuts.iter().all(|cut| cut.image < set.n), "a cut of an image that the set has not");
        let batch = self.device.assemble(set, &self.data, &black.data, cuts)?;
        let shape = Image { n: cuts.len(), ..set }.shape();
        Ok(Self::from_buffer(&self.device, shape, Arc::new(batch), Tape::off()))
    }
}
