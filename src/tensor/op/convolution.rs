//! Convolutions without bias, stride 1, zero padding that keeps the image's size.

use super::{Grouping, Image, Normalise};
use crate::tensor::{Element, Error, Kernel, Memory, Several, Var, error::Result};

/// Dense k×k: y[o, co] = Σ_{tap, ci} x[o + tap, ci] · w[tap, ci, co] (eq. 5, as cross-correlation).
#[derive(Debug, Clone, Copy)]
pub struct Convolution {
    /// Input extents.
    pub image: Image,
    /// Kernel size k, odd.
    pub kernel: usize,
    /// Output channels.
    pub out: usize,
}

/// x̂ of a dense convolution, perhaps of max(x, 0), in one step on the tape: what preprocessing and the stem are made
/// of, without the affine map. Neither max(x, 0) nor what the convolution gave is kept.
#[derive(Debug, Clone, Copy)]
pub struct NormalisedConvolution {
    /// The convolution.
    pub convolution: Convolution,
    /// Whether max(x, 0) is what is convolved.
    pub relu: bool,
    /// The norm.
    pub normalise: Normalise,
}

/// One k×k filter a channel: y[o, c] = Σ_tap x[o + d·tap, c] · w[tap, c].
#[derive(Debug, Clone, Copy)]
pub struct Depthwise {
    /// Input and output extents.
    pub image: Image,
    /// Kernel size k, odd.
    pub kernel: usize,
    /// Dilation d.
    pub dilation: usize,
}

impl<E: Element, D: Memory<E> + Kernel<Convolution, E>> Var<E, D> {
    /// `[N, H, W, Ci]` with weights `[k, k, Ci, Co]` to `[N, H, W, Co]`.
    pub fn convolution(&self, weight: &Self) -> Result<Self> {
        let op = Convolution::of(self.shape(), weight.shape())?;
        Var::apply(op, &[self, weight], op.image.with_channels(op.out).shape())
    }
}

impl<E: Element, D: Memory<E> + Several<NormalisedConvolution, E>> Var<E, D> {
    /// `[N, H, W, Ci]` with each of the weights `[k, k, Ci, Co]` to a `[N, H, W, Co]`: as [`relu`](Var::relu) if it is
    /// asked for, [`convolution`](Var::convolution) and [`normalise`](Var::normalise) one after another, whose errors
    /// are its own.
    pub fn normalised_convolutions(
        &self,
        weights: &[&Self],
        relu: bool,
        grouping: Grouping,
        eps: f64,
    ) -> Result<Vec<Self>> {
        let of = |w: &&'_ Self| {
            let convolution = Convolution::of(self.shape(), w.shape())?;
            let image = convolution.image.with_channels(convolution.out);
            let normalise = Normalise::of(image, grouping, eps)?;
            Ok((NormalisedConvolution { convolution, relu, normalise }, image.shape()))
        };
        let ops = weights.iter().map(of).collect::<Result<Vec<_>>>()?;
        self.apply_each(ops, weights)
    }

    /// The same with one.
    pub fn normalised_convolution(&self, weight: &Self, relu: bool, grouping: Grouping, eps: f64) -> Result<Self> {
        Ok(self.normalised_convolutions(&[weight], relu, grouping, eps)?.remove(0))
    }
}

impl Convolution {
    /// Of a value of the shape `x` with weights of the shape `weight`.
    fn of(x: &[usize], weight: &[usize]) -> Result<Self> {
        let image = Image::of("convolution", x)?;
        match *weight {
            [k, k2, ci, out] if k == k2 && k % 2 == 1 && ci == image.c && out > 0 => {
                Ok(Convolution { image, kernel: k, out })
            }
            _ => Err(Error::Shape {
                op: "convolution weight",
                expected: format!("[k, k, {}, out] with k odd and out at least 1", image.c),
                found: weight.to_vec(),
            }),
        }
    }
}

impl<E: Element, D: Memory<E> + Kernel<Depthwise, E>> Var<E, D> {
    /// `[N, H, W, C]` with weights `[k, k, C]` to the same shape.
    pub fn depthwise(&self, weight: &Self, dilation: usize) -> Result<Self> {
        let image = Image::of("depthwise convolution", self.shape())?;
        match *weight.shape() {
            [k, k2, c] if k == k2 && k % 2 == 1 && c == image.c && dilation > 0 => {
                Var::apply(Depthwise { image, kernel: k, dilation }, &[self, weight], image.shape())
            }
            _ => Err(Error::Shape {
                op: "depthwise weight",
                expected: format!("[k, k, {}] with k odd, and a dilation of at least 1", image.c),
                found: weight.shape().to_vec(),
            }),
        }
    }
}
