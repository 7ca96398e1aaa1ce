//! Several values into one: a cell's output.

use super::Image;
use crate::tensor::{Element, Error, Kernel, Memory, Var, error::Result};

/// y = (x_1, x_2, …) along the channels.
#[derive(Debug, Clone)]
pub struct Concatenate {
    /// Extents of the output.
    pub image: Image,
    /// Channels of each input.
    pub channels: Vec<usize>,
}

impl<E: Element, D: Memory<E> + Kernel<Concatenate, E>> Var<E, D> {
    /// The channels of all `parts` side by side; the other extents agree.
    pub fn concatenate(parts: &[&Self]) -> Result<Self> {
        let images = parts.iter().map(|x| Image::of("concatenation", x.shape())).collect::<Result<Vec<_>>>()?;
        let channels: Vec<_> = images.iter().map(|image| image.c).collect();
        let Some(first) = images.first() else {
            return Err(Error::Shape { op: "concatenation", expected: "at least one part".into(), found: vec![0] });
        };
        if let Some(image) = images.iter().find(|image| image.with_channels(0) != first.with_channels(0)) {
            let expected = format!("{:?} but for the channels", first.shape());
            return Err(Error::Shape { op: "concatenation", expected, found: image.shape() });
        }
        let image = first.with_channels(channels.iter().sum());
        Var::apply(Concatenate { image, channels }, parts, image.shape())
    }
}
