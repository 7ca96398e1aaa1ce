//! Labelled images that stay on a device.

use crate::{
    data::Images,
    tensor::{Backend, Cut, Element, Var, error::Result},
};

/// A set of images where the network is, in its elements.
pub struct Resident<E: Element, D: Backend<E>> {
    pixels: Var<E, D>,
    black: Var<E, D>,
    labels: Vec<usize>,
}

impl<E: Element, D: Backend<E>> Resident<E, D> {
    /// Uploads the images, which the host need not keep.
    ///
    /// # Errors
    /// If the device's memory is full.
    pub fn new(device: &D, images: Images) -> Result<Self> {
        let Images { pixels, black, labels, .. } = images;
        let (shape, channels) = (pixels.shape().to_vec(), black.len());
        let element = |x: f32| E::of(x.into());
        let pixels: Vec<E> = pixels.into_iter().map(element).collect();
        let black: Vec<E> = black.into_iter().map(element).collect();
        let (pixels, black) = (Var::new(device, &shape, &pixels)?, Var::new(device, &[channels], &black)?);
        Ok(Resident { pixels, black, labels })
    }

    /// How many images.
    pub fn count(&self) -> usize {
        self.labels.len()
    }

    /// A batch, put together on the device: pixels `[cuts, H, W, C]` and labels.
    ///
    /// # Errors
    /// If the device's memory is full.
    ///
    /// # Panics
    /// If there are fewer images than a cut asks for.
    pub fn batch(&self, cuts: &[Cut]) -> Result<(Var<E, D>, Vec<usize>)> {
        let labels = cuts.iter().map(|cut| self.labels[cut.image]).collect();
        Ok((self.pixels.assemble(&self.black, cuts)?, labels))
    }
}
