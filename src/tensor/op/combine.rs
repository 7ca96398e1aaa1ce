//! Several values into one: a node's weighted total, and a cell's output.

use super::Image;
use crate::tensor::{Element, Error, Kernel, Memory, Var, error::Result};

/// y = Σ_k Z\[index_k\] x_k. The gradient of Z\[index_k\] is ⟨∂L/∂y, x_k⟩, and Z times it is the cost of
/// x_k: the cost is the architecture gradient.
#[derive(Debug, Clone)]
pub struct WeightedSum {
    /// Extents of every x_k and of y.
    pub image: Image,
    /// Which weight belongs to x_k.
    pub index: Vec<usize>,
}

/// y = (x_1, x_2, …) along the channels.
#[derive(Debug, Clone)]
pub struct Concatenate {
    /// Extents of the output.
    pub image: Image,
    /// Channels of each input.
    pub channels: Vec<usize>,
}

impl<E: Element, D: Memory<E> + Kernel<WeightedSum, E>> Var<E, D> {
    /// Σ_k self\[index_k\] · x_k for at least one `(index_k, x_k)`; the x_k `[N, H, W, C]` share a shape,
    /// `self` is a vector or matrix of weights indexed flat.
    pub fn weighted_sum(&self, terms: &[(usize, &Self)]) -> Result<Self> {
        let weights = self.shape().iter().product::<usize>();
        let bad = |expected: String, found: &[usize]| {
            Err(Error::Shape { op: "weighted sum", expected, found: found.to_vec() })
        };
        let Some((_, first)) = terms.first() else { return bad("at least one term".into(), &[0]) };
        if let Some((_, x)) = terms.iter().find(|(_, x)| x.shape() != first.shape()) {
            return bad(format!("{:?}", first.shape()), x.shape());
        }
        if terms.iter().any(|(k, _)| *k >= weights) {
            return bad("an index for every term".into(), self.shape());
        }
        let image = Image::of("weighted sum", first.shape())?;
        let op = WeightedSum { image, index: terms.iter().map(|(k, _)| *k).collect() };
        let inputs: Vec<_> = [self].into_iter().chain(terms.iter().map(|(_, x)| *x)).collect();
        Var::apply(op, &inputs, image.shape())
    }
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
