//! Statistics of a batch.

use super::super::{Buf, ChannelMoments};
use crate::tensor::{Element, error::Result};
use dfdx::tensor::Cpu;

impl<E: Element> ChannelMoments<E> for Cpu {
    fn channel_moments(&self, x: &Buf<E, Cpu>, channels: usize) -> Result<Vec<[f64; 2]>> {
        let n = (x.len() / channels) as f64;
        let mut moments = vec![[0.0; 2]; channels];
        for row in x.chunks_exact(channels) {
            moments.iter_mut().zip(row).for_each(|([mean, _], x)| *mean += x.double() / n);
        }
        for row in x.chunks_exact(channels) {
            moments.iter_mut().zip(row).for_each(|([mean, scatter], x)| *scatter += (x.double() - *mean).powi(2));
        }
        Ok(moments)
    }
}
