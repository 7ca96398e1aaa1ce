//! The threads that kernels share their work among.

use std::num::NonZeroUsize;

/// Computes with `threads` threads from now on, all cores if none are named; the calling thread is one of
/// them, so that it works instead of waiting for the others to wake up. Fails if called twice.
pub fn start_threads(threads: Option<NonZeroUsize>) -> Result<(), rayon::ThreadPoolBuildError> {
    let threads = threads.map_or(0, NonZeroUsize::get);
    rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build_global()
}
