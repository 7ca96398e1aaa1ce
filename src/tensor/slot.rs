//! Where gradients collect.

use super::kernel::{Buf, Kernel, Memory, zeros};
use dfdx::prelude::{Storage, Unit};
use std::{cell::RefCell, rc::Rc, sync::Arc};

/// Where a gradient collects; `None` while nothing has arrived, so that it costs nothing. What several
/// values have alike they share, until something is added.
pub(super) type Slot<E, D> = Rc<RefCell<Option<Arc<Buf<E, D>>>>>;

/// The slot of an input and its number of elements; nothing where its gradient is not asked for.
pub(super) type Asked<E, D> = Option<(Slot<E, D>, usize)>;

/// Adds to each slot that is asked for what was computed for it.
pub(super) fn collect_all<E: Unit, D: Memory<E>>(
    device: &D,
    slots: &[Asked<E, D>],
    gxs: Vec<Option<Buf<E, D>>>,
) -> std::result::Result<(), D::Err> {
    for (slot, gx) in slots.iter().zip(gxs) {
        if let (Some((slot, _)), Some(gx)) = (slot, gx) {
            collect(device, slot, Arc::new(gx))?;
        }
    }
    Ok(())
}

/// Adds `g` to what the slot has.
pub(super) fn collect<E: Unit, D: Memory<E>>(
    device: &D,
    slot: &Slot<E, D>,
    g: Arc<Buf<E, D>>,
) -> std::result::Result<(), D::Err> {
    let sum = match slot.take() {
        None => g,
        Some(sum) => {
            let mut sum = own::<E, D>(sum);
            device.accumulate(&mut sum, &g)?;
            free(device, g);
            Arc::new(sum)
        }
    };
    slot.replace(Some(sum));
    Ok(())
}

/// What has arrived already, for `Op` to add to, or else what it begins with: `n` zeros, or nothing where it
/// [fills](Kernel::FILLS_EMPTY) that.
pub(super) fn begun<Op, E: Unit, D: Kernel<Op, E>>(
    device: &D,
    slot: &Slot<E, D>,
    n: usize,
) -> std::result::Result<Buf<E, D>, D::Err> {
    let begin = || zeros::<E, D>(device, if D::FILLS_EMPTY { 0 } else { n });
    slot.take().map_or_else(begin, |g| Ok(own::<E, D>(g)))
}

/// The buffer, or a copy if somebody else has it too.
pub(super) fn own<E: Unit, D: Storage<E>>(shared: Arc<Buf<E, D>>) -> Buf<E, D> {
    Arc::try_unwrap(shared).unwrap_or_else(|shared| (*shared).clone())
}

/// Returns the memory of a buffer, unless somebody else has it too.
pub(super) fn free<E: Unit, D: Memory<E>>(device: &D, mut shared: Arc<Buf<E, D>>) {
    Arc::get_mut(&mut shared).into_iter().for_each(|buf| device.recycle(buf));
}
