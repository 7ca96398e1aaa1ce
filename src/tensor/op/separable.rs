//! A whole edge in one step: what sep_conv and dil_conv are made of.

use super::{Depthwise, Grouping, Image, Normalise};
use crate::tensor::{Element, Error, Kernel, Memory, Var, error::Result};

/// norm(pointwise(depthwise(relu(x)))), without the affine map.
///
/// One step on the tape instead of four: only x and the result are kept, and the backward pass
/// recomputes what lies between. The inputs are x, the depthwise and the pointwise weights.
#[derive(Debug, Clone, Copy)]
pub struct Separable {
    /// The depthwise part, with the extents of input and output.
    pub depthwise: Depthwise,
    /// The norm.
    pub normalise: Normalise,
}

impl<E: Element, D: Memory<E> + Kernel<Separable, E>> Var<E, D> {
    /// `[N, H, W, C]` with weights `[k, k, C]` and `[1, 1, C, C]` to the same shape: as
    /// [`relu`](Var::relu), [`depthwise`](Var::depthwise), [`convolution`](Var::convolution) and
    /// [`normalise`](Var::normalise) one after another.
    pub fn separable(
        &self,
        depthwise: &Self,
        dilation: usize,
        pointwise: &Self,
        grouping: Grouping,
        eps: f64,
    ) -> Result<Self> {
        let image = Image::of("separable convolution", self.shape())?;
        let c = image.c;
        let bad = |expected: String, found: &[usize]| {
            Err(Error::Shape { op: "separable convolution", expected, found: found.to_vec() })
        };
        let kernel = match *depthwise.shape() {
            [k, k2, channels] if k == k2 && k % 2 == 1 && channels == c && dilation > 0 => k,
            _ => {
                return bad(format!("weights [k, k, {c}] with k odd, and a dilation of at least 1"), depthwise.shape());
            }
        };
        if pointwise.shape() != [1, 1, c, c] {
            return bad(format!("weights [1, 1, {c}, {c}]"), pointwise.shape());
        }
        if grouping.channels == 0 || c % grouping.channels != 0 {
            return bad(format!("channels in groups of {}", grouping.channels), self.shape());
        }
        let op = Separable {
            depthwise: Depthwise { image, kernel, dilation },
            normalise: Normalise { image, grouping, eps },
        };
        Var::apply(op, &[self, depthwise, pointwise], image.shape())
    }
}
