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
pub struct Space<T: 'static> {
    memory: Vec<T>,
    n: usize,
}

/// `n` elements with anything in them; `x`, where the memory is new.
pub fn space<T: Copy + 'static>(x: T, n: usize) -> Space<T> {
    let mut memory = KEPT.with_borrow_mut(|kept| of::<T>(kept).pop()).unwrap_or_default();
    if memory.len() < n {
        memory.resize(n, x);
    }
    Space { memory, n }
}

/// `n` times `x`.
pub fn filled<T: Copy + 'static>(x: T, n: usize) -> Space<T> {
    let mut space = space(x, n);
    space.fill(x);
    space
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
        &self.memory[..self.n]
    }
}

impl<T> DerefMut for Space<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.memory[..self.n]
    }
}

impl<T: 'static> Drop for Space<T> {
    fn drop(&mut self) {
        let memory = take(&mut self.memory);
        // While a thread ends, nothing is kept.
        let _ = KEPT.try_with(|kept| of(&mut kept.borrow_mut()).push(memory));
    }
}
