//! What a kernel works in: each thread keeps the memory for the next.

use std::{
    any::Any,
    cell::RefCell,
    mem::take,
    ops::{Deref, DerefMut},
};

thread_local! {
    /// A list of `Vec<T>` for each T.
    static KEPT: RefCell<Vec<Box<dyn Any>>> = RefCell::default();
}

/// Elements or registers, and their memory until the next kernel asks.
pub struct Space<T: 'static>(Vec<T>);

/// `n` times `x`.
pub fn space<T: Copy + 'static>(x: T, n: usize) -> Space<T> {
    let mut space = KEPT.with_borrow_mut(|kept| of::<T>(kept).pop()).unwrap_or_default();
    space.clear();
    space.resize(n, x);
    Space(space)
}

fn of<T: 'static>(kept: &mut Vec<Box<dyn Any>>) -> &mut Vec<Vec<T>> {
    let found = kept.iter().position(|list| list.is::<Vec<Vec<T>>>()).unwrap_or_else(|| {
        kept.push(Box::new(Vec::<Vec<T>>::new()));
        kept.len() - 1
    });
    kept[found].downcast_mut().expect("as was found")
}

impl<T> Deref for Space<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> DerefMut for Space<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T: 'static> Drop for Space<T> {
    fn drop(&mut self) {
        let space = take(&mut self.0);
        // While a thread ends, nothing is kept.
        let _ = KEPT.try_with(|kept| of(&mut kept.borrow_mut()).push(space));
    }
}
