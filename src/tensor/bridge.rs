//! The doors into dfdx's own operations and back, and what we use behind them: softmax and
//! cross-entropy.

use super::{
    Backend, Element,
    error::{Error, Result},
    kernel::{Buf, len, zeros},
    var::{Var, collect},
};
// dfdx's `Tape` is a trait; ours is the handle in `var`.
use dfdx::{losses::cross_entropy_with_logits_loss, prelude::*};
use std::{mem::replace, sync::Arc};

/// The mean cross-entropy of a batch, on the tape.
pub struct Loss<E: Element, D: Backend<E>> {
    value: f64,
    tensor: Tensor<Rank0, E, D, OwnedTape<E, D>>,
}

impl<E: Element, D: Backend<E>> Loss<E, D> {
    /// L in nats.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Runs the tape backwards: afterwards every parameter and [`Watch`](super::Watch) has its gradient.
    pub fn backward(self) -> Result<()> {
        self.tensor.try_backward().map_err(Error::device)?;
        Ok(())
    }
}

impl<E: Element, D: Backend<E>> Var<E, D> {
    /// L = mean over the batch of −log softmax(Y)_label, for logits `[N, K]` and one-hot rows `target`
    /// of the same shape. NaN or infinity is an error.
    pub fn cross_entropy(&self, target: &Self) -> Result<Loss<E, D>> {
        let (n, k) = self.rows("cross-entropy")?;
        if target.shape != self.shape {
            return Err(Error::Shape {
                op: "target",
                expected: format!("{:?}", self.shape),
                found: target.shape.clone(),
            });
        }
        let logits = into_dfdx(self, (n, k), self.tape.take())?;
        let target = into_dfdx(target, (n, k), NoneTape)?;
        let tensor = cross_entropy_with_logits_loss(logits, target);
        let value = tensor.as_vec()[0].double();
        if !value.is_finite() {
            return Err(Error::NotFinite(value));
        }
        Ok(Loss { value, tensor })
    }

    /// The extents of a matrix; dfdx divides by both.
    fn rows(&self, op: &'static str) -> Result<(usize, usize)> {
        match *self.shape() {
            [n, k] if n * k > 0 => Ok((n, k)),
            _ => {
                let expected = "[rows, K] with no extent 0".into();
                Err(Error::Shape { op, expected, found: self.shape.clone() })
            }
        }
    }

    /// Softmax over the last axis of a matrix `[rows, K]`: the mixture Ẑ of DARTS.
    pub fn softmax(&self) -> Result<Self> {
        let (rows, k) = self.rows("softmax")?;
        let y = into_dfdx(self, (rows, k), self.tape.take())?.softmax::<Axis<1>>();
        from_dfdx(y, self)
    }
}

/// Buffer to tensor. The only public way is out of a gradient store: `Gradients::get`.
fn into_dfdx<S: Shape, E: Element, D: Backend<E>, T: Tape<E, D>>(
    x: &Var<E, D>,
    shape: S,
    mut tape: T,
) -> Result<Tensor<S, E, D, T>> {
    let device = x.device.clone();
    if shape.num_elements() != len::<E, D>(&device, &x.data) {
        let expected = format!("{} elements", shape.num_elements());
        return Err(Error::Shape { op: "bridge", expected, found: x.shape.clone() });
    }
    let key: Tensor<S, E, D> = device.try_zeros_like(&shape).map_err(Error::device)?;
    let mut store = Gradients::leaky();
    *store.get_or_alloc_mut(&key).map_err(Error::device)? = (*x.data).clone();
    let out = store.get(&key); // a clone with an identity of its own
    let (ghost, slot) = (out.ghost(), x.slot.clone());
    tape.add_backward_op(move |gradients| {
        let g = replace(gradients.get_or_alloc_mut(&ghost)?, zeros::<E, D>(&device, 1)?);
        collect(&device, &slot, g)
    });
    Ok(out.put_tape(tape))
}

/// Tensor to a value on `like`'s tape. The storage is private, but the SGD update reads it on the
/// device: with lr = 0, momentum 0 and L2 decay 1 it stores velocity := gradient + 1·p, gradient = 0.
fn from_dfdx<S: Shape, E: Element, D: Backend<E>>(
    t: Tensor<S, E, D, OwnedTape<E, D>>,
    like: &Var<E, D>,
) -> Result<Var<E, D>> {
    let (t, mut tape) = t.try_contiguous().map_err(Error::device)?.split_tape();
    let (device, n) = (like.device.clone(), t.shape().num_elements());
    let read = SgdConfig { lr: 0.0, momentum: Some(Momentum::Classic(0.0)), weight_decay: Some(WeightDecay::L2(1.0)) };
    let copy = || -> std::result::Result<Buf<E, D>, D::Err> {
        let (zero, mut velocity) = (zeros::<E, D>(&device, n)?, zeros::<E, D>(&device, n)?);
        // The clone is written to, so the tensor itself is copied first and left alone.
        read.try_update(&mut t.clone(), &mut velocity, &zero)?;
        Ok(velocity)
    };
    let data = Arc::new(copy().map_err(Error::device)?);
    let out = Var::from_buffer(&device, t.shape().concrete().into(), data, like.tape.clone());
    let (ghost, slot) = (t.ghost(), out.slot.clone());
    tape.add_backward_op(move |gradients| match slot.take() {
        Some(g) => device.accumulate(gradients.get_or_alloc_mut(&ghost)?, &g),
        None => Ok(()),
    });
    like.tape.put_back(tape);
    Ok(out)
}
