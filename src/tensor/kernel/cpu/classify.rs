//! Softmax and cross-entropy, row by row.

use super::{super::*, Generic};
use crate::tensor::{
    Element, Error,
    op::{CrossEntropy, Softmax},
};
use dfdx::tensor::{Cpu, CpuError};

impl<E: Element> Generic<Softmax, E> for Cpu {
    type Saved = Arc<Buf<E, Cpu>>; // y

    fn forward(&self, op: &Softmax, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let mut y = (**xs[0]).clone();
        y.chunks_exact_mut(op.classes).for_each(|row| {
            log_softmax(row);
            row.iter_mut().for_each(|y| *y = y.exp());
        });
        let y = Arc::new(y);
        Ok((y.clone(), y))
    }

    fn backward(
        &self,
        op: &Softmax,
        y: Self::Saved,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let Some(gx) = &mut gxs[0] else { return Ok(()) };
        let rows = y.chunks_exact(op.classes).zip(gy.chunks_exact(op.classes));
        for (gx, (y, gy)) in gx.chunks_exact_mut(op.classes).zip(rows) {
            let sum: E = y.iter().zip(gy).map(|(&y, &gy)| y * gy).sum();
            gx.iter_mut().zip(y.iter().zip(gy)).for_each(|(gx, (&y, &gy))| *gx += y * (gy - sum));
        }
        Ok(())
    }
}

impl<E: Element> Generic<CrossEntropy, E> for Cpu {
    /// log softmax(x), and the target.
    type Saved = [Arc<Buf<E, Cpu>>; 2];

    fn forward(&self, op: &CrossEntropy, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Self::Saved> {
        let (mut log_p, target) = ((**xs[0]).clone(), xs[1]);
        log_p.chunks_exact_mut(op.classes).for_each(log_softmax);
        let sum: E = log_p.iter().zip(target.iter()).map(|(&l, &t)| l * t).sum();
        let mut y = zeros::<E, Cpu>(self, 1).map_err(Error::device)?;
        y[0] = -sum / E::of((log_p.len() / op.classes) as f64);
        Ok((Arc::new(y), [Arc::new(log_p), target.clone()]))
    }

    fn backward(
        &self,
        op: &CrossEntropy,
        [log_p, target]: Self::Saved,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let Some(gx) = &mut gxs[0] else { return Ok(()) };
        let scale = gy[0] / E::of((log_p.len() / op.classes) as f64);
        let rows = log_p.chunks_exact(op.classes).zip(target.chunks_exact(op.classes));
        for (gx, (log_p, target)) in gx.chunks_exact_mut(op.classes).zip(rows) {
            let targets: E = target.iter().copied().sum();
            gx.iter_mut().zip(log_p.iter().zip(target)).for_each(|(gx, (&l, &t))| {
                *gx += scale * (l.exp() * targets - t);
            });
        }
        Ok(())
    }
}

/// Puts x − max − log Σ exp(x − max) in the place of a row x.
fn log_softmax<E: Element>(row: &mut [E]) {
    let max = row.iter().copied().fold(E::neg_infinity(), E::max);
    let log_sum = row.iter().map(|&x| (x - max).exp()).sum::<E>().ln();
    row.iter_mut().for_each(|x| *x = *x - max - log_sum);
}
