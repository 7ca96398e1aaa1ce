//! How a search is watched: a bar with the time left where a person looks on, plain lines otherwise.

use crate::{
    operation::Operation,
    search::{Observer, Progress},
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    io::{IsTerminal, stderr},
    sync::atomic::{AtomicUsize, Ordering},
};

/// The observer for a search called `name`.
pub fn observer(name: &str, quiet: bool) -> Box<dyn Observer> {
    match (quiet, stderr().is_terminal()) {
        (true, _) => Box::new(crate::search::Silent),
        (_, true) => Box::new(Bar { name: name.into(), bar: None }),
        (_, false) => Box::new(Lines { name: name.into() }),
    }
}

/// `epoch 3/40 · training L 1.203 C +0.412 accuracy 0.61 · largest: none on edge 4`
fn summary(progress: &Progress) -> String {
    let sets = progress
        .metrics
        .iter()
        .map(|m| format!("{}: L {:.3}, C {:+.3}, accuracy {:.3}", m.set, m.loss, m.cost, m.accuracy));
    let none: Vec<_> =
        progress.probabilities.column(Operation::None.index()).iter().map(|p| format!("{p:.2}")).collect();
    format!("{}; p(none) {}", sets.collect::<Vec<_>>().join("; "), none.join(" "))
}

struct Bar {
    name: String,
    bar: Option<ProgressBar>,
}

impl Observer for Bar {
    fn step(&mut self, progress: &Progress) {
        let name = self.name.clone();
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{prefix} {bar:24} {pos}/{len} steps, {eta} left; {wide_msg}");
            let bar = ProgressBar::new((progress.epochs * progress.steps) as u64);
            bar.with_style(style.expect("a template of known keys")).with_prefix(name)
        });
        bar.set_position((progress.epoch * progress.steps + progress.step) as u64);
    }

    fn epoch(&mut self, progress: &Progress) {
        let Some(bar) = &self.bar else { return };
        bar.set_message(summary(progress));
        if progress.epoch + 1 == progress.epochs {
            bar.finish();
        }
    }
}

struct Lines {
    name: String,
}

impl Observer for Lines {
    fn step(&mut self, _: &Progress) {}

    /// Ten lines a search, and the last epoch.
    fn epoch(&mut self, progress: &Progress) {
        let (done, epochs) = (progress.epoch + 1, progress.epochs);
        if done % epochs.div_ceil(10) == 0 || done == epochs {
            eprintln!("{} epoch {done}/{epochs}: {}", self.name, summary(progress));
        }
    }
}

/// A bar that counts `what`; hidden where nobody watches.
pub fn counter(what: &str, quiet: bool) -> ProgressBar {
    if quiet || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = format!("{{bar:24}} {{pos}}/{{len}} {what}, {{per_sec}}, {{eta}} left");
    ProgressBar::new(0).with_style(ProgressStyle::with_template(&template).expect("a template of known keys"))
}

/// Progress of many searches side by side, in units of work.
pub struct Share {
    bar: ProgressBar,
    runs: usize,
    lines: bool,
    finished: AtomicUsize,
}

impl Share {
    /// Nothing done yet of `work` in `runs` searches.
    pub fn new(work: f64, runs: usize, quiet: bool) -> Self {
        let template = "{bar:24} {percent} %, {elapsed} so far, {eta} left; {wide_msg}";
        let bar = match quiet || !stderr().is_terminal() {
            true => ProgressBar::hidden(),
            false => ProgressBar::new(work as u64)
                .with_style(ProgressStyle::with_template(template).expect("a template of known keys")),
        };
        Share { bar, runs, lines: !quiet && !stderr().is_terminal(), finished: AtomicUsize::new(0) }
    }

    /// The observer of one search, which is `work` in all.
    pub fn watch(&self, work: f64) -> Watch<'_> {
        Watch { share: self, work, told: 0 }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// One search among many.
pub struct Watch<'a> {
    share: &'a Share,
    work: f64,
    told: u64,
}

impl Watch<'_> {
    /// The search is over, or was before.
    pub fn done(&mut self, name: &str) {
        self.tell(self.work as u64);
        let finished = self.share.finished.fetch_add(1, Ordering::Relaxed) + 1;
        let line = format!("{finished} of {} runs done: {name}", self.share.runs);
        if self.share.lines {
            eprintln!("{line}");
        }
        self.share.bar.set_message(line);
    }

    fn tell(&mut self, position: u64) {
        self.share.bar.inc(position.saturating_sub(self.told));
        self.told = position;
    }
}

impl Observer for Watch<'_> {
    fn step(&mut self, progress: &Progress) {
        let (done, all) = (progress.epoch * progress.steps + progress.step, progress.epochs * progress.steps);
        self.tell((self.work * done as f64 / all as f64) as u64);
    }

    fn epoch(&mut self, _: &Progress) {}
}
