//! The operations: a plain struct each, and a method on [`Var`](super::Var) that checks shapes.
//!
//! | struct | mathematics | source |
//! | --- | --- | --- |
//! | [`Relu`] | max(x, 0), derivative 0 at 0 | Fig. 8 |
//! | [`Convolution`] | dense k×k, stride 1, zero padding (k − 1)/2, no bias; k = 1 is the pointwise one | eq. 5 |
//! | [`Depthwise`] | one k×k filter a channel, dilation d | Fig. 8 |
//! | [`Pool`] | 3×3 maximum or average, stride 1, padding 1 | protocol |
//! | [`Normalise`] | x̂ = (x − μ)/√(σ² + ε) over groups | eq. 7, 14 |
//! | [`Affine`] | y = γ x̂ + β | eq. 7, 14 |
//! | [`Separable`] | ReLU → depthwise → pointwise → x̂ in one step | Fig. 8 |
//! | [`Twice`] | the same twice | Fig. 8 |
//! | [`NormalisedConvolution`] | ReLU if asked for → dense → x̂ in one step | Fig. 8 |
//! | [`NormalisedPool`] | pooling → x̂ in one step | protocol |
//! | [`WeightedSum`] | Σ_k Z_k o_k(x_k): a mixture, and a node's total | sect. 2.1 |
//! | [`Concatenate`] | channels side by side: a cell's output | Fig. 7 |
//! | [`GlobalAveragePool`], [`Bias`] | the head | Fig. 10 |
//! | [`Softmax`], [`CrossEntropy`] | mixtures and the loss | sect. 2.1 |

mod concatenate;
mod convolution;
mod head;
mod normalise;
mod pool;
mod relu;
mod separable;
mod sum;

pub use concatenate::Concatenate;
pub use convolution::{Convolution, Depthwise, NormalisedConvolution};
pub use head::{Bias, CrossEntropy, GlobalAveragePool, Loss, Softmax, finite_loss};
pub use normalise::{Affine, AffineLayout, Grouping, Normalise};
pub use pool::{NormalisedPool, Pool, PoolKind};
pub use relu::Relu;
pub use separable::{Separable, Twice};
pub use sum::{Deferred, Summand, Term, WeightedSum};

use super::{Error, error::Result};

/// The four extents of an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image {
    /// Samples N.
    pub n: usize,
    /// Height H.
    pub h: usize,
    /// Width W.
    pub w: usize,
    /// Channels C.
    pub c: usize,
}

impl Image {
    /// Reads `[N, H, W, C]`; `op` names who asks.
    pub fn of(op: &'static str, shape: &[usize]) -> Result<Self> {
        match *shape {
            [n, h, w, c] if n * h * w * c > 0 => Ok(Image { n, h, w, c }),
            _ => {
                let expected = "[N, H, W, C] with no extent 0".into();
                Err(Error::Shape { op, expected, found: shape.to_vec() })
            }
        }
    }

    /// The shape.
    pub fn shape(self) -> Vec<usize> {
        vec![self.n, self.h, self.w, self.c]
    }

    /// Elements in one image.
    pub fn per_sample(self) -> usize {
        self.h * self.w * self.c
    }

    /// The same with `c` channels.
    pub fn with_channels(self, c: usize) -> Self {
        Image { c, ..self }
    }
}
