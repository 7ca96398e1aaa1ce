//! Work shared among rayon's threads, which stay awake between kernels.
//!
//! A step is some hundred kernels of some hundred microseconds. rayon's threads sleep as soon as they have found
//! nothing for a few microseconds, and to wake one takes longer than that. So a thread that has helped looks for more
//! for [`PATIENCE`] before rayon has it back, and one that waits for helpers looks as long for their end.

use rayon::{Yield, current_num_threads, current_thread_index, in_place_scope, spawn, yield_now};
use std::{
    cell::Cell,
    hint::spin_loop,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Below this many elementary steps, handing work to other threads costs more than it brings.
const WORTH_SHARING: usize = 1 << 16;

/// How long a thread without work looks for some before it sleeps.
const PATIENCE: Duration = Duration::from_micros(200);

thread_local! {
    /// Whether this thread is in [`linger`].
    static LINGERS: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` on each `size` elements of `out` with their index; `work` is the number of elementary
/// steps in all. Results come back in index order.
pub fn each_chunk<E: Send, R: Send>(
    out: &mut [E],
    size: usize,
    work: usize,
    f: impl Fn(usize, &mut [E]) -> R + Sync,
) -> Vec<R> {
    each_chunk_with(out, size, work, || (), |(), i, chunk| f(i, chunk))
}

/// The same with a workspace, which a thread makes for itself and uses for all its chunks.
pub fn each_chunk_with<E: Send, S, R: Send>(
    out: &mut [E],
    size: usize,
    work: usize,
    workspace: impl Fn() -> S + Sync,
    f: impl Fn(&mut S, usize, &mut [E]) -> R + Sync,
) -> Vec<R> {
    let n = out.len().div_ceil(size);
    let threads = current_num_threads().min(n).min(2 * work / WORTH_SHARING);
    if threads < 2 {
        let mut s = workspace();
        return out.chunks_mut(size).enumerate().map(|(i, chunk)| f(&mut s, i, chunk)).collect();
    }
    // Each thread begins with a part of its own, from the start, and helps with the others' from their ends.
    let each = n.div_ceil(threads);
    let parts: Vec<_> = out.chunks_mut(each * size).map(|part| Mutex::new(part.chunks_mut(size).enumerate())).collect();
    let results = Mutex::new(Vec::with_capacity(n));
    let take = |own: usize| {
        let mut s = None;
        let mut mine = Vec::with_capacity(each);
        for k in (own..parts.len()).chain(0..own) {
            loop {
                let mut part = parts[k].lock().unwrap_or_else(PoisonError::into_inner);
                let next = if k == own { part.next() } else { part.next_back() };
                drop(part);
                let Some((i, chunk)) = next else { break };
                let i = k * each + i;
                mine.push((i, f(s.get_or_insert_with(&workspace), i, chunk)));
            }
        }
        results.lock().unwrap_or_else(PoisonError::into_inner).append(&mut mine);
    };
    let working = AtomicUsize::new(parts.len() - 1);
    in_place_scope(|scope| {
        for own in 1..parts.len() {
            let (take, working) = (&take, &working);
            scope.spawn(move |_| {
                take(own);
                working.fetch_sub(1, Ordering::Release);
                linger();
            });
        }
        take(0);
        look(|| working.load(Ordering::Acquire) == 0);
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(i, _)| *i);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Has this thread look for more work once it is done with what it does.
fn linger() {
    let here = current_thread_index();
    if !LINGERS.get() {
        spawn(move || {
            // Another thread may have taken it, which has work of its own.
            if current_thread_index() == here && !LINGERS.replace(true) {
                look(|| false);
                LINGERS.set(false);
            }
        });
    }
}

/// Does what there is to do until `done`, or until there has been nothing for a while.
fn look(done: impl Fn() -> bool) {
    let mut since = Instant::now();
    while !done() && since.elapsed() < PATIENCE {
        match yield_now() {
            Some(Yield::Executed) => since = Instant::now(),
            _ => {
                spin_loop();
                thread::yield_now();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::{ThreadPoolBuilder, prelude::*};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// As many steps as are shared whatever the length.
    const MUCH: usize = 64 * WORTH_SHARING;

    fn within<R: Send>(threads: usize, f: impl FnOnce() -> R + Send) -> R {
        ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(f)
    }

    #[test]
    fn every_chunk_comes_once_and_results_in_order() {
        for threads in 1..=5 {
            for n in [0, 1, 2, 3, 7, 64, 1001] {
                let mut out = vec![0; n];
                let indices = within(threads, || {
                    each_chunk(&mut out, 3, MUCH, |i, chunk| {
                        chunk.iter_mut().for_each(|x| *x += i + 1);
                        i
                    })
                });
                assert_eq!(indices, (0..n.div_ceil(3)).collect::<Vec<_>>());
                assert_eq!(out, (0..n).map(|i| i / 3 + 1).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn several_threads_take_part_and_each_has_one_workspace() {
        let (made, together) = (AtomicUsize::new(0), std::sync::Barrier::new(3));
        within(3, || {
            let workspace = || made.fetch_add(1, Ordering::Relaxed);
            each_chunk_with(&mut [0; 3], 1, MUCH, workspace, |_, _, _| together.wait());
        });
        assert_eq!(made.into_inner(), 3);
    }

    #[test]
    fn shared_work_may_share_its_own() {
        let sums: Vec<usize> = within(3, || {
            (0..20_usize).into_par_iter().map(|n| each_chunk(&mut vec![0; n], 1, MUCH, |i, _| i).iter().sum()).collect()
        });
        assert_eq!(sums, (0..20_usize).map(|n| n * n.saturating_sub(1) / 2).collect::<Vec<_>>());
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_threads_at_work() {
        within(2, || {
            for bad in 0..4 {
                let one = AssertUnwindSafe(|| each_chunk(&mut [0; 4], 1, MUCH, |i, _| assert_ne!(i, bad)));
                assert!(catch_unwind(one).is_err());
                assert_eq!(each_chunk(&mut [0; 4], 1, MUCH, |i, _| i), [0, 1, 2, 3]);
            }
        });
    }
}
