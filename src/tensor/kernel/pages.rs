//! Large pages for large buffers: a pass over memory then waits less for the translation of addresses, above all in a
//! virtual machine, where they are translated twice.

/// Asks the system to back `buffer` with large pages. Where it does not, nothing is lost but time.
#[cfg(target_os = "linux")]
pub fn large<T>(buffer: &mut [T]) {
    // SAFETY: asks for a constant of the system.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    let start = buffer.as_mut_ptr().cast::<libc::c_void>();
    let before = start.addr() % usize::try_from(page).unwrap_or(1 << 12);
    let bytes = before + size_of_val(buffer);
    // SAFETY: every page of this range has a byte of `buffer`, so all are mapped; the advice changes no content.
    unsafe { libc::madvise(start.wrapping_byte_sub(before), bytes, libc::MADV_HUGEPAGE) };
}

/// Elsewhere pages are as they are.
#[cfg(not(target_os = "linux"))]
pub fn large<T>(_: &mut [T]) {}
