//! Memory that is used again: pages fresh from the system cost more than most kernels do with them.
//!
//! Each thread keeps what it gave back, by length. A search asks for the same lengths in every step.

use super::super::{Buf, zeros};
use crate::tensor::Element;
use dfdx::tensor::{Cpu, CpuError};
use std::{
    any::{Any, TypeId},
    cell::RefCell,
    collections::HashMap,
    mem::take as empty,
};

/// Bytes below which the allocator does as well.
const SMALLEST: usize = 1 << 11;

/// Bytes that a thread keeps at most, so that lengths which never come again are not kept for ever.
const MOST: usize = 1 << 30;

#[derive(Default)]
struct Kept {
    bytes: usize,
    by_length: HashMap<(TypeId, usize), Vec<Box<dyn Any>>>,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::default();
}

/// A buffer of `n` elements with anything in it.
pub fn take<E: Element>(device: &Cpu, n: usize) -> Result<Buf<E, Cpu>, CpuError> {
    let bytes = n * size_of::<E>();
    let kept = KEPT.with_borrow_mut(|kept| {
        let found = kept.by_length.get_mut(&(TypeId::of::<E>(), n))?.pop()?;
        kept.bytes -= bytes;
        found.downcast::<Vec<E>>().ok()
    });
    match kept {
        None => zeros::<E, Cpu>(device, n),
        Some(vec) => {
            let mut buf = zeros::<E, Cpu>(device, 0)?;
            *buf = *vec;
            Ok(buf)
        }
    }
}

/// Keeps the memory of `buf`.
pub fn give<E: Element>(buf: &mut Buf<E, Cpu>) {
    let vec: Vec<E> = empty(&mut **buf);
    let bytes = vec.len() * size_of::<E>();
    // While a thread ends, nothing is kept.
    let _ = KEPT.try_with(|kept| {
        let mut kept = kept.borrow_mut();
        if bytes >= SMALLEST && kept.bytes + bytes <= MOST {
            kept.bytes += bytes;
            kept.by_length.entry((TypeId::of::<E>(), vec.len())).or_default().push(Box::new(vec));
        }
    });
}
