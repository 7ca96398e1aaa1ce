//! The system's allocator, counting, and with large pages for large memory: a pass over it then waits less for the
//! translation of addresses, above all in a virtual machine, where they are translated twice.

use super::meter::HEAP;
use std::alloc::{GlobalAlloc, Layout, System};

/// Bytes of a large page.
const PAGE: usize = 1 << 21;

/// Bytes below which memory is not counted: all threads would wait for one another to count what does not matter.
const COUNTED: usize = 1 << 10;

/// For a program that is to be fast, or that wants to know how much memory a search takes: its `#[global_allocator]`.
/// In one that has another, the processor's [`Meter`](super::Meter) stays at 0.
#[derive(Debug)]
pub struct Allocator;

// SAFETY: the system's allocator is asked for the same sizes, at alignments that are at least those asked for and
// depend on the layout alone. Neither counting nor advice allocates.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the same.
        given(unsafe { System.alloc(aligned(layout)) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.size() < PAGE {
            // SAFETY: the caller's promise is the same.
            return given(unsafe { System.alloc_zeroed(layout) }, layout.size());
        }
        // Advice comes before the first write, which the system's own zeros at this alignment would be.
        // SAFETY: the caller's promise is the same.
        let at = unsafe { self.alloc(layout) };
        if !at.is_null() {
            // SAFETY: so many bytes were just given.
            unsafe { at.write_bytes(0, layout.size()) };
        }
        at
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.size().max(size) < PAGE {
            // SAFETY: the caller's promise is the same.
            let moved = given(unsafe { System.realloc(at, layout, size) }, size);
            if !moved.is_null() {
                taken(layout.size());
            }
            return moved;
        }
        // SAFETY: the caller promises a size that makes a layout with this alignment.
        let new = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !new.is_null() {
            // SAFETY: both are at least so long, one of them was just given, and the other is given back once.
            unsafe {
                new.copy_from_nonoverlapping(at, size.min(layout.size()));
                self.dealloc(at, layout);
            }
        }
        new
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the same, and the alignment is as it was.
        unsafe { System.dealloc(at, aligned(layout)) };
        taken(layout.size());
    }
}

/// From a large page on, memory begins where one does.
fn aligned(layout: Layout) -> Layout {
    if layout.size() < PAGE { layout } else { layout.align_to(PAGE).unwrap_or(layout) }
}

/// Counts what the system gave, if it did, and asks for large pages where it fills any.
fn given(at: *mut u8, bytes: usize) -> *mut u8 {
    if !at.is_null() {
        if bytes >= COUNTED {
            HEAP.add(bytes);
        }
        if bytes >= PAGE {
            advise(at, bytes - bytes % PAGE);
        }
    }
    at
}

/// Counts what the system has back.
fn taken(bytes: usize) {
    if bytes >= COUNTED {
        HEAP.subtract(bytes);
    }
}

/// Asks for large pages. Where the system has none, nothing is lost but time.
#[cfg(target_os = "linux")]
fn advise(at: *mut u8, bytes: usize) {
    // SAFETY: all of this was just given; the advice changes no content.
    unsafe { libc::madvise(at.cast(), bytes, libc::MADV_HUGEPAGE) };
}

/// Elsewhere pages are as they are.
#[cfg(not(target_os = "linux"))]
fn advise(_: *mut u8, _: usize) {}
