//! A whole edge in one step: what sep_conv and dil_conv are made of.

use super::{Deferred, Depthwise, Grouping, Image, Normalise, NormalisedPool};
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

impl<E, D> Var<E, D>
where
    E: Element,
    D: Memory<E> + Kernel<NormalisedPool, E> + Kernel<Separable, E> + Kernel<Twice, E>,
{
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
        Deferred::separable(self, [depthwise, pointwise], dilation, grouping, eps)?.value()
    }

    /// The same twice, with the weights of the first and of the second; all kernels have one size.
    pub fn separable_twice(
        &self,
        weights: [[&Self; 2]; 2],
        dilation: usize,
        grouping: Grouping,
        eps: f64,
    ) -> Result<Self> {
        Deferred::separable_twice(self, weights, dilation, grouping, eps)?.value()
    }
}

impl Separable {
    /// Of a value of the shape `x` with weights of these shapes, depthwise and pointwise.
    pub(super) fn of(
        x: &[usize],
        [depthwise, pointwise]: [&[usize]; 2],
        dilation: usize,
        grouping: Grouping,
        eps: f64,
    ) -> Result<Separable> {
        let image = Image::of("separable convolution", x)?;
        let c = image.c;
        let kernel = match *depthwise {
            [k, k2, channels] if k == k2 && k % 2 == 1 && channels == c && dilation > 0 => k,
            _ => {
                return bad(format!("weights [k, k, {c}] with k odd, and a dilation of at least 1"), depthwise);
            }
        };
        if pointwise != [1, 1, c, c] {
            return bad(format!("weights [1, 1, {c}, {c}]"), pointwise);
        }
        let normalise = Normalise::of(image, grouping, eps)?;
        Ok(Separable { depthwise: Depthwise { image, kernel, dilation }, normalise })
    }
}

impl Twice {
    /// Of a value of the shape `x` with both pairs of weights.
    pub(super) fn of(
        x: &[usize],
        [first, second]: [[&[usize]; 2]; 2],
        dilation: usize,
        grouping: Grouping,
        eps: f64,
    ) -> Result<Twice> {
        let op = Separable::of(x, first, dilation, grouping, eps)?;
        let other = Separable::of(x, second, dilation, grouping, eps)?;
        if other.depthwise.kernel != op.depthwise.kernel {
            return bad(format!("two kernels of size {}", op.depthwise.kernel), second[0]);
        }
        Ok(Twice(op))
    }
}

fn bad<T>(expected: String, found: &[usize]) -> Result<T> {
    Err(Error::Shape { op: "separable convolution", expected, found: found.to_vec() })
}
