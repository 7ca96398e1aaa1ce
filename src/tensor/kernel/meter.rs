//! Bytes in use: on the processor what the allocator has handed out, on a GPU what the driver has.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

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

/// What [`Allocator`](super::Allocator) has handed out.
pub(super) static HEAP: Meter = Meter::new();
