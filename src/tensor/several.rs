//! Several operations of one value on the tape.

use super::{
    Var,
    error::Result,
    kernel::{Memory, Returning, Several},
    slot::{begun, collect_all, free},
    var::Tape,
};
use dfdx::prelude::Unit;
use std::iter::once;

impl<E: Unit, D: Memory<E>> Var<E, D> {
    /// What each operation gives of this value and of its own second input `ws`, in the shape beside it: as
    /// [`apply`](Var::apply) has it one after another, but the value may be read, and its gradient written, once for all.
    /// Values on two tapes panic.
    pub fn apply_each<Op: 'static>(&self, ops: Vec<(Op, Vec<usize>)>, ws: &[&Self]) -> Result<Vec<Self>>
    where
        D: Several<Op, E>,
    {
        if ops.is_empty() {
            return Ok(Vec::new());
        }
        let device = self.device.clone();
        let xs: Vec<_> = once(self).chain(ws.iter().copied()).collect();
        let tape = Tape::of(&xs);
        let (ops, shapes): (Vec<_>, Vec<_>) = ops.into_iter().unzip();
        let results = device.forward_all(&ops, &self.data, &ws.iter().map(|w| &w.data).collect::<Vec<_>>())?;
        let (data, saved): (Vec<_>, Vec<_>) = results.into_iter().unzip();
        let out = |(shape, data)| Var::from_buffer(&device, shape, data, tape.clone());
        let outs: Vec<_> = shapes.into_iter().zip(data).map(out).collect();
        if tape.records() {
            let slots: Vec<_> = xs.into_iter().map(Var::asked).collect();
            let arriving: Vec<_> = outs.iter().map(|out| out.slot.clone()).collect();
            tape.add(move || {
                let gys: Vec<_> = arriving.iter().map(|slot| slot.take()).collect();
                // Where no gradient arrived there is nothing to do.
                if gys.iter().all(Option::is_none) {
                    return Ok(());
                }
                let arrived = once(true).chain(gys.iter().map(Option::is_some));
                let mut gxs = Vec::with_capacity(slots.len());
                for (slot, arrived) in slots.iter().zip(arrived) {
                    let slot = slot.as_ref().filter(|_| arrived);
                    gxs.push(slot.map(|(slot, n)| begun::<Op, _, _>(&device, slot, *n)).transpose()?);
                }
                let (gx, gws) = gxs.split_at_mut(1);
                let returning = ops.iter().zip(saved).zip(&gys).zip(gws).filter_map(|(((op, saved), gy), gw)| {
                    let gy = gy.as_deref()?;
                    Some(Returning { op, saved, gy, gw })
                });
                device.backward_all(returning.collect(), &mut gx[0])?;
                gys.into_iter().flatten().for_each(|gy| free(&device, gy));
                collect_all(&device, &slots, gxs)
            });
        }
        Ok(outs)
    }
}
