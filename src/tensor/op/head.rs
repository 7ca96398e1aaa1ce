//! The head's own operations: global average pooling, a bias, softmax and cross-entropy.

use super::Image;
use crate::tensor::{Element, Error, Kernel, Memory, Tape, Var, error::Result};

/// y[n, c] = mean over H and W of x[n, h, w, c].
#[derive(Debug, Clone, Copy)]
pub struct GlobalAveragePool {
    /// Input extents.
    pub image: Image,
}

/// y[n, k] = x[n, k] + b\[k\].
#[derive(Debug, Clone, Copy)]
pub struct Bias {
    /// Length of b.
    pub classes: usize,
}

/// y[n, ·] = exp(x[n, ·]) / Σ exp(x[n, ·]).
#[derive(Debug, Clone, Copy)]
pub struct Softmax {
    /// Length of a row.
    pub classes: usize,
}

/// y = mean over the rows of −Σ_k t[n, k] log softmax(x)[n, k]; the target t has no gradient.
#[derive(Debug, Clone, Copy)]
pub struct CrossEntropy {
    /// Length of a row.
    pub classes: usize,
}

impl<E: Element, D: Memory<E> + Kernel<GlobalAveragePool, E>> Var<E, D> {
    /// `[N, H, W, C]` to `[N, 1, 1, C]`.
    pub fn global_average_pool(&self) -> Result<Self> {
        let image = Image::of("global average pooling", self.shape())?;
        Var::apply(GlobalAveragePool { image }, &[self], vec![image.n, 1, 1, image.c])
    }
}

impl<E: Element, D: Memory<E> + Kernel<Bias, E>> Var<E, D> {
    /// Adds `[K]` to the last axis.
    pub fn bias(&self, bias: &Self) -> Result<Self> {
        let classes = self.shape().last().copied().unwrap_or(0);
        if classes == 0 || bias.shape() != [classes] {
            return Err(Error::Shape {
                op: "bias",
                expected: format!("[{}]", classes.max(1)),
                found: bias.shape().to_vec(),
            });
        }
        Var::apply(Bias { classes }, &[self, bias], self.shape().to_vec())
    }
}

impl<E: Element, D: Memory<E> + Kernel<Softmax, E>> Var<E, D> {
    /// Softmax over the last axis of a matrix `[rows, K]`: the mixture Ẑ of DARTS.
    pub fn softmax(&self) -> Result<Self> {
        let classes = self.row("softmax")?;
        Var::apply(Softmax { classes }, &[self], self.shape().to_vec())
    }
}

impl<E: Element, D: Memory<E> + Kernel<CrossEntropy, E>> Var<E, D> {
    /// L = mean over the batch of −log softmax(Y)_label in nats, for logits `[N, K]` and one-hot rows
    /// `target` of the same shape, as a value `[1]` that the host does not wait for.
    pub fn mean_cross_entropy(&self, target: &Self) -> Result<Self> {
        let classes = self.row("cross-entropy")?;
        if target.shape() != self.shape() {
            let expected = format!("{:?}", self.shape());
            return Err(Error::Shape { op: "target", expected, found: target.shape().to_vec() });
        }
        Var::apply(CrossEntropy { classes }, &[self, &target.on(&Tape::off())], vec![1])
    }

    /// The same, and its value. NaN or infinity is an error.
    pub fn cross_entropy(&self, target: &Self) -> Result<Loss<E, D>> {
        let y = self.mean_cross_entropy(target)?;
        Ok(Loss { value: finite_loss(y.to_host()?[0])?, y })
    }
}

/// A loss as a number; NaN or infinity is an error.
pub fn finite_loss<E: Element>(loss: E) -> Result<f64> {
    let value = loss.double();
    if value.is_finite() { Ok(value) } else { Err(Error::NotFinite(value)) }
}

/// The mean cross-entropy of a batch, on the tape.
pub struct Loss<E: Element, D: Memory<E>> {
    value: f64,
    y: Var<E, D>,
}

impl<E: Element, D: Memory<E>> Loss<E, D> {
    /// L in nats.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Runs the tape backwards: afterwards every parameter and [`Watch`](crate::tensor::Watch) has its
    /// gradient.
    pub fn backward(self) -> Result<()> {
        self.y.backward_from(&[E::one()])
    }
}

impl<E: Element, D: Memory<E>> Var<E, D> {
    /// The length of a row of a matrix that has at least one entry.
    fn row(&self, op: &'static str) -> Result<usize> {
        match *self.shape() {
            [n, k] if n * k > 0 => Ok(k),
            _ => {
                let expected = "[rows, K] with no extent 0".into();
                Err(Error::Shape { op, expected, found: self.shape().to_vec() })
            }
        }
    }

    /// The same elements under another shape; the gradient goes through unchanged.
    pub fn reshape(&self, shape: &[usize]) -> Result<Self> {
        if shape.iter().product::<usize>() != self.shape().iter().product::<usize>() {
            let expected = format!("as many elements as {shape:?}");
            return Err(Error::Shape { op: "reshape", expected, found: self.shape().to_vec() });
        }
        let mut out = self.clone();
        out.shape = shape.to_vec();
        Ok(out)
    }
}
