//! Ctrl-C, and the signals with which systems end a program: the first is a request to stop after the
//! current step, the second ends the program at once.

use crate::search::{Observer, Progress};
use std::{
    process::exit,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// The exit status of a program that was interrupted, as shells have it: 128 + SIGINT.
pub const STATUS: u8 = 130;

/// Whether there was a signal.
pub struct Signals(Arc<AtomicBool>);

impl Signals {
    /// Listens from now on; once in a program.
    pub fn listen() -> anyhow::Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        let seen = asked.clone();
        ctrlc::set_handler(move || {
            if seen.swap(true, Ordering::Relaxed) {
                exit(STATUS.into());
            }
        })?;
        Ok(Signals(asked))
    }

    /// Whether there was one.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An observer that asks for a stop once there was a signal.
    pub fn over<'a>(&self, inner: &'a mut dyn Observer) -> Interruptible<'a> {
        Interruptible { inner, asked: self.0.clone() }
    }
}

/// Passes on what it is told, and asks for a stop once there was a signal.
pub struct Interruptible<'a> {
    inner: &'a mut dyn Observer,
    asked: Arc<AtomicBool>,
}

impl Observer for Interruptible<'_> {
    fn step(&mut self, progress: &Progress) {
        self.inner.step(progress);
    }

    fn epoch(&mut self, progress: &Progress) {
        self.inner.epoch(progress);
    }

    fn stop(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}
