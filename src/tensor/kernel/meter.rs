//! Bytes in use: on the processor what the allocator has handed out, on a GPU what the driver has.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// How many bytes are in use, and how many were at most.
#[derive(Debug)]
pub struct Meter {
    used: AtomicUsize,
    peak: AtomicUsize,
}

impl Meter {
    pub(super) const fn new() -> Self {
        Meter { used: AtomicUsize::new(0), peak: AtomicUsize::new(0) }
    }

    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// The most bytes in use since the last [`reset`](Meter::reset).
    pub fn peak(&self) -> usize {
        self.peak.load(Relaxed)
    }

    /// Forgets the past peak.
    pub fn reset(&self) {
        self.peak.store(self.used(), Relaxed);
    }

    pub(super) fn add(&self, bytes: usize) {
        let used = self.used.fetch_add(bytes, Relaxed) + bytes;
        self.peak.fetch_max(used, Relaxed);
    }

    pub(super) fn subtract(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Relaxed);
    }
}

/// What [`Counting`] has handed out.
pub(super) static HEAP: Meter = Meter::new();

/// The system's allocator, counting. A program that wants to know how much memory a search takes has it as its
/// `#[global_allocator]`; in one that has not, the processor's meter stays at 0.
#[derive(Debug)]
pub struct Counting;

// SAFETY: every call is handed on to the system's allocator as it is; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the same.
        counted(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the same.
        counted(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise is the same.
        let moved = counted(unsafe { System.realloc(at, layout, size) }, size);
        if !moved.is_null() {
            HEAP.subtract(layout.size());
        }
        moved
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the same.
        unsafe { System.dealloc(at, layout) };
        HEAP.subtract(layout.size());
    }
}

/// Counts `bytes` if they were given.
fn counted(at: *mut u8, bytes: usize) -> *mut u8 {
    if !at.is_null() {
        HEAP.add(bytes);
    }
    at
}
