//! Maps by channel: the arithmetic of normalisation.
//!
//! Coefficients are spread out over a run of elements that ends with a pixel, so that the
//! loops are plain loops over neighbours, whatever the number of channels.

use super::{BLOCK, repeat};
use crate::tensor::{
    Element,
    kernel::{lanes::Vector, vectors::Task},
};

/// The least number of elements after which both channels and registers begin anew.
fn period(channels: usize) -> usize {
    (1..=BLOCK).map(|n| n * channels).find(|n| n.is_multiple_of(BLOCK)).expect("BLOCK itself will do")
}

/// Elements that loops take at a time, with `channels` channels.
pub(super) fn run(channels: usize) -> usize {
    period(channels) * 64usize.div_ceil(period(channels))
}

/// One coefficient a channel, repeated over a run.
pub fn spread<E: Element>(coefficients: &[E]) -> Vec<E> {
    let run = run(coefficients.len());
    let mut all = Vec::with_capacity(run);
    repeat(&mut all, coefficients, run);
    all
}

/// out = (x − mean) · rstd.
pub struct Standardise<'a, E> {
    /// Pixels, or nothing where `out` has them.
    pub x: Option<&'a [E]>,
    /// Where the result goes.
    pub out: &'a mut [E],
    /// The means as [`spread`].
    pub mean: &'a [E],
    /// 1/√(σ² + ε) as [`spread`].
    pub rstd: &'a [E],
}

impl<E: Element> Task<E> for Standardise<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        let (run, by_channel) = (self.mean.len(), self.mean.iter().zip(self.rstd));
        match self.x {
            None => self.out.chunks_mut(run).for_each(|out| {
                out.iter_mut().zip(by_channel.clone()).for_each(|(x, (mean, rstd))| *x = (*x - *mean) * *rstd);
            }),
            Some(x) => self.out.chunks_mut(run).zip(x.chunks(run)).for_each(|(out, x)| {
                let all = out.iter_mut().zip(x).zip(by_channel.clone());
                all.for_each(|((out, x), (mean, rstd))| *out = (*x - *mean) * *rstd);
            }),
        }
    }
}

/// out += s · (x − mean) · rstd, or written to it.
pub struct AddStandardised<'a, E> {
    /// s.
    pub s: E,
    /// Pixels.
    pub x: &'a [E],
    /// The means as [`spread`].
    pub mean: &'a [E],
    /// 1/√(σ² + ε) as [`spread`].
    pub rstd: &'a [E],
    /// Where the result goes.
    pub out: &'a mut [E],
    /// Whether to add to `out`.
    pub add: bool,
}

impl<E: Element> Task<E> for AddStandardised<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        let (s, run, by_channel) = (self.s, self.mean.len(), self.mean.iter().zip(self.rstd));
        for (out, x) in self.out.chunks_mut(run).zip(self.x.chunks(run)) {
            let all = out.iter_mut().zip(x).zip(by_channel.clone());
            match self.add {
                true => all.for_each(|((out, x), (mean, rstd))| *out += s * ((*x - *mean) * *rstd)),
                false => all.for_each(|((out, x), (mean, rstd))| *out = s * ((*x - *mean) * *rstd)),
            }
        }
    }
}

/// out = by · x + to.
pub struct Shift<'a, E> {
    /// Pixels.
    pub x: &'a [E],
    /// The factors as [`spread`].
    pub by: &'a [E],
    /// What is added, as [`spread`].
    pub to: &'a [E],
    /// Where the result goes.
    pub out: &'a mut [E],
}

impl<E: Element> Task<E> for Shift<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        let run = self.by.len();
        for (out, x) in self.out.chunks_mut(run).zip(self.x.chunks(run)) {
            let all = out.iter_mut().zip(x).zip(self.by.iter().zip(self.to));
            all.for_each(|((out, x), (by, to))| *out = *by * *x + *to);
        }
    }
}

/// out = by · x, or added to `out`.
pub struct Scale<'a, E> {
    /// Pixels.
    pub x: &'a [E],
    /// The factors as [`spread`].
    pub by: &'a [E],
    /// Where the result goes.
    pub out: &'a mut [E],
    /// Whether to add to `out`.
    pub add: bool,
}

impl<E: Element> Task<E> for Scale<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<E>>(self) {
        let run = self.by.len();
        for (out, x) in self.out.chunks_mut(run).zip(self.x.chunks(run)) {
            let all = out.iter_mut().zip(x).zip(self.by);
            match self.add {
                true => all.for_each(|((out, x), by)| *out += *by * *x),
                false => all.for_each(|((out, x), by)| *out = *by * *x),
            }
        }
    }
}
