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

/// [`Separable`] twice: what sep_conv is made of. The inputs are x and both pairs of weights; what lies between
/// is normalised wherever it is read.
#[derive(Debug, Clone, Copy)]
pub struct Twice(pub Separable);

impl<E: Element, D: Memory<E> + Kernel<Separable, E> + Kernel<Twice, E>> Var<E, D> {
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
        let op = self.edge([depthwise, pointwise], dilation, grouping, eps)?;
        Var::apply(op, &[self, depthwise, pointwise], self.shape().to_vec())
    }

    /// The same twice, with the weights of the first and of the second; all kernels have one size.
    pub fn separable_twice(
        &self,
        [first, second]: [[&Self; 2]; 2],
        dilation: usize,
        grouping: Grouping,
        eps: f64,
    ) -> Result<Self> {
        let op = self.edge(first, dilation, grouping, eps)?;
        let other = self.edge(second, dilation, grouping, eps)?;
        if other.depthwise.kernel != op.depthwise.kernel {
            let expected = format!("two kernels of size {}", op.depthwise.kernel);
            return Err(Error::Shape { op: "separable convolution", expected, found: second[0].shape().to_vec() });
        }
        Var::apply(Twice(op), &[self, first[0], first[1], second[0], second[1]], self.shape().to_vec())
    }

    fn edge(
        &self,
        [depthwise, pointwise]: [&Self; 2],
        dilation: usize,
        grouping: Grouping,
        eps: f64,
    ) -> Result<Separable> {
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
        let normalise = Normalise::of(image, grouping, eps)?;
        Ok(Separable { depthwise: Depthwise { image, kernel, dilation }, normalise })
    }
}
