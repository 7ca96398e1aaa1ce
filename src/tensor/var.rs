//! A value on a device, and how an operation on it is put on dfdx's tape.

use super::{
    error::{Error, Result},
    kernel::{Buf, Kernel, Memory, len, zeros},
    slot::{Asked, Slot, begun, collect, collect_all, free},
};
use dfdx::prelude::{OwnedTape, Storage, Tape as _, Unit};
use std::{cell::RefCell, rc::Rc, sync::Arc};

/// dfdx's tape, shared by all values recorded on it; or nothing, where only values are wanted.
pub struct Tape<E: Unit, D: Storage<E>>(Option<Rc<RefCell<OwnedTape<E, D>>>>);

impl<E: Unit, D: Storage<E>> Tape<E, D> {
    /// A tape that records every operation on values put [`on`](Var::on) it.
    pub fn recording() -> Self {
        Tape(Some(Rc::default()))
    }

    /// No tape: operations compute values only.
    pub fn off() -> Self {
        Tape(None)
    }

    /// Takes what was recorded, for one backward pass.
    pub(super) fn take(&self) -> OwnedTape<E, D> {
        self.0.as_ref().map(|tape| tape.take()).unwrap_or_default()
    }

    pub(super) fn add<F>(&self, backward: F)
    where
        F: 'static + FnOnce() -> std::result::Result<(), D::Err>,
    {
        if let Some(tape) = &self.0 {
            tape.borrow_mut().add_backward_op(move |_| backward());
        }
    }

    pub(super) fn records(&self) -> bool {
        self.0.is_some()
    }

    /// The one that `xs` are recorded on, if any is.
    pub(super) fn of(xs: &[&Var<E, D>]) -> Self
    where
        D: Memory<E>,
    {
        let tape = xs.iter().map(|x| &x.tape).find(|tape| tape.records()).cloned().unwrap_or(Tape::off());
        assert!(!xs.iter().any(|x| x.tape.conflicts(&tape)), "inputs recorded on two tapes");
        tape
    }

    /// Whether both record, and elsewhere: a value of one would miss its gradient on the other.
    fn conflicts(&self, other: &Self) -> bool {
        matches!((&self.0, &other.0), (Some(a), Some(b)) if !Rc::ptr_eq(a, b))
    }
}

impl<E: Unit, D: Storage<E>> Clone for Tape<E, D> {
    fn clone(&self) -> Self {
        Tape(self.0.clone())
    }
}

/// A row-major value of run-time shape on device `D`. Clones share the buffer and the gradient.
pub struct Var<E: Unit, D: Memory<E>> {
    pub(super) shape: Vec<usize>,
    pub(super) data: Arc<Buf<E, D>>,
    pub(super) slot: Slot<E, D>,
    pub(super) device: D,
    pub(super) tape: Tape<E, D>,
}

impl<E: Unit, D: Memory<E>> Drop for Var<E, D> {
    /// The last to have the buffer returns its memory.
    fn drop(&mut self) {
        if let Some(buf) = Arc::get_mut(&mut self.data) {
            self.device.recycle(buf);
        }
    }
}

impl<E: Unit, D: Memory<E>> Clone for Var<E, D> {
    fn clone(&self) -> Self {
        Var {
            shape: self.shape.clone(),
            data: self.data.clone(),
            slot: self.slot.clone(),
            device: self.device.clone(),
            tape: self.tape.clone(),
        }
    }
}

/// Keeps the gradient that reached a value, which the backward pass otherwise frees.
pub struct Watch<E: Unit, D: Memory<E>> {
    value: Var<E, D>,
    gradient: Slot<E, D>,
}

impl<E: Unit, D: Memory<E>> Var<E, D> {
    /// Uploads `host`; fails if it has not as many elements as `shape`.
    pub fn new(device: &D, shape: &[usize], host: &[E]) -> Result<Self> {
        if shape.iter().product::<usize>() != host.len() {
            let expected = format!("{} elements for shape {shape:?}", shape.iter().product::<usize>());
            return Err(Error::Shape { op: "upload", expected, found: vec![host.len()] });
        }
        Ok(Self::from_buffer(device, shape.to_vec(), Arc::new(device.upload(host)?), Tape::off()))
    }

    /// All zeros.
    pub fn zeros(device: &D, shape: &[usize]) -> Result<Self> {
        let data = zeros::<E, D>(device, shape.iter().product()).map_err(Error::device)?;
        Ok(Self::from_buffer(device, shape.to_vec(), Arc::new(data), Tape::off()))
    }

    pub(super) fn from_buffer(device: &D, shape: Vec<usize>, data: Arc<Buf<E, D>>, tape: Tape<E, D>) -> Self {
        Var { shape, data, slot: Rc::default(), device: device.clone(), tape }
    }

    /// The shape; activations are `[N, H, W, C]`.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The device.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// The tape on which this value is recorded.
    pub fn tape(&self) -> &Tape<E, D> {
        &self.tape
    }

    /// The same value and gradient, with `tape` recording what is done to it.
    pub fn on(&self, tape: &Tape<E, D>) -> Self {
        let mut on = self.clone();
        on.tape = tape.clone();
        on
    }

    /// The elements, row-major, on the host.
    pub fn to_host(&self) -> Result<Vec<E>> {
        self.device.download(&self.data)
    }

    /// The elements of several values on the same device, for which the host waits once.
    pub fn all_to_host(values: &[&Self]) -> Result<Vec<Vec<E>>> {
        let Some(first) = values.first() else { return Ok(Vec::new()) };
        first.device.download_all(&values.iter().map(|value| &*value.data).collect::<Vec<_>>())
    }

    /// Replaces the elements.
    pub fn assign(&mut self, host: &[E]) -> Result<()> {
        *self = Self::new(&self.device, &self.shape, host)?;
        Ok(())
    }

    /// After a backward pass: the gradient that arrived here, if any. Empties the slot; a leaf whose
    /// gradient is not taken goes on accumulating in the next pass.
    pub fn take_gradient(&self) -> Result<Option<Vec<E>>> {
        self.slot.take().map(|g| self.device.download(&g)).transpose()
    }

    /// Puts a gradient in place, as if a backward pass had delivered it; fails unless it has as many
    /// elements as the value.
    pub fn set_gradient(&self, host: &[E]) -> Result<()> {
        self.put_gradient(Var::new(&self.device, &[host.len()], host)?)
    }

    /// The same with a value that is on the device already.
    pub fn put_gradient(&self, g: Self) -> Result<()> {
        if len::<E, D>(&self.device, &g.data) != len::<E, D>(&self.device, &self.data) {
            let expected = format!("as many elements as shape {:?}", self.shape);
            return Err(Error::Shape { op: "gradient", expected, found: g.shape.clone() });
        }
        let data = g.data.clone();
        drop(g);
        self.slot.replace(Some(data));
        Ok(())
    }

    /// The pattern of the whole crate: runs `op` on `xs` and, if one of them is on a tape, records its
    /// backward pass there. One value may be passed twice; values on two tapes panic.
    pub fn apply<Op: 'static>(op: Op, xs: &[&Self], shape: Vec<usize>) -> Result<Self>
    where
        D: Kernel<Op, E>,
    {
        let device = xs[0].device.clone();
        let inputs: Vec<_> = xs.iter().map(|x| &x.data).collect();
        let (data, saved) = device.forward(&op, &inputs)?;
        let tape = Tape::of(xs);
        let out = Var::from_buffer(&device, shape, data, tape);
        if out.tape.records() {
            let slots: Vec<_> = xs.iter().map(|x| x.asked()).collect();
            let slot = out.slot.clone();
            out.tape.add(move || {
                // dfdx runs these newest first, so the gradient is complete, and nobody else reads it:
                // taking it frees it at once. No gradient arrived: nothing to do.
                let Some(gy) = slot.take() else { return Ok(()) };
                let mut gxs = Vec::with_capacity(slots.len());
                for (i, slot) in slots.iter().enumerate() {
                    gxs.push(match slot {
                        Some((slot, _)) if device.passes_on(&op, &saved, i) => {
                            collect(&device, slot, gy.clone())?;
                            None
                        }
                        Some((slot, n)) => Some(begun::<Op, _, _>(&device, slot, *n)?),
                        None => None,
                    });
                }
                device.backward(&op, saved, &gy, &mut gxs)?;
                free(&device, gy);
                collect_all(&device, &slots, gxs)
            });
        }
        Ok(out)
    }

    /// Where this value's gradient collects, and how many elements it has, if it is on the tape; the data, say, asks
    /// for none.
    pub(super) fn asked(&self) -> Asked<E, D> {
        self.tape.records().then(|| (self.slot.clone(), len::<E, D>(&self.device, &self.data)))
    }

    /// Whether both are one value of one shape, whose gradient collects in one place.
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.slot, &other.slot) && self.tape.records() == other.tape.records() && self.shape == other.shape
    }

    /// The same buffer with a gradient of its own, which is added to this value's once it is complete,
    /// and the [`Watch`] that keeps it.
    pub fn watch(&self) -> (Self, Watch<E, D>) {
        let mut out = self.clone();
        out.slot = Rc::default();
        let keep = Slot::<E, D>::default();
        let watch = Watch { value: self.on(&Tape::off()), gradient: keep.clone() };
        let (device, to, from) = (self.device.clone(), self.slot.clone(), out.slot.clone());
        out.tape.add(move || {
            let Some(g) = from.take() else { return Ok(()) };
            keep.replace(Some(g.clone()));
            collect(&device, &to, g)
        });
        (out, watch)
    }

    /// Drops the gradient that is there, if any.
    pub fn clear_gradient(&self) {
        self.slot.take().into_iter().for_each(|g| free(&self.device, g));
    }

    /// Runs the tape backwards from this value, whose gradient is `g` (as many elements as the value).
    pub fn backward_from(&self, g: &[E]) -> Result<()> {
        self.set_gradient(g)?;
        self.backward()
    }

    /// Runs the tape backwards from this value, whose gradient has been [set](Var::set_gradient).
    pub fn backward(&self) -> Result<()> {
        self.device.run_tape(self.tape.take()).map_err(Error::device)
    }
}

impl<E: Unit, D: Memory<E>> Watch<E, D> {
    /// The value that is watched.
    pub fn value(&self) -> &Var<E, D> {
        &self.value
    }

    /// After a backward pass: the gradient that arrived, if any.
    pub fn gradient(&self) -> Result<Option<Vec<E>>> {
        self.gradient_value().map(|g| g.to_host()).transpose()
    }

    /// The same on the device.
    pub fn gradient_value(&self) -> Option<Var<E, D>> {
        let (Var { shape, device, .. }, gradient) = (&self.value, self.gradient.borrow());
        gradient.as_ref().map(|g| Var::from_buffer(device, shape.clone(), g.clone(), Tape::off()))
    }
}
