//! Averages that follow the statistics of batches.

use super::super::{Average, Buf, Follow};
use crate::tensor::{Element, error::Result};
use dfdx::tensor::Cpu;

impl<E: Element> Follow<E> for Cpu {
    type Averages = Average;

    fn averages(&self, start: Average) -> Result<Average> {
        Ok(start)
    }

    fn follow(&self, averages: &mut Average, x: &Buf<E, Cpu>, share: f64) -> Result<()> {
        let channels = averages.mean.len();
        let n = (x.len() / channels) as f64;
        let mut moments = vec![[0.0; 2]; channels];
        for row in x.chunks_exact(channels) {
            moments.iter_mut().zip(row).for_each(|([mean, _], x)| *mean += x.double() / n);
        }
        for row in x.chunks_exact(channels) {
            moments.iter_mut().zip(row).for_each(|([mean, scatter], x)| *scatter += (x.double() - *mean).powi(2));
        }
        for (c, [mean, scatter]) in moments.into_iter().enumerate() {
            averages.mean[c] += share * (mean - averages.mean[c]);
            averages.variance[c] += share * (scatter / (n - 1.0).max(1.0) - averages.variance[c]);
        }
        Ok(())
    }

    fn read(&self, averages: &Average) -> Result<Average> {
        Ok(averages.clone())
    }
}
