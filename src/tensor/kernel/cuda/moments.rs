//! Statistics of a batch: strip by strip on the device (`normalise.cu`), put together on the host.

use super::{super::*, Real, len, normalise};
use crate::tensor::{
    Error,
    error::Result,
    op::{Grouping, Image, Normalise},
};
use dfdx::tensor::Cuda;

impl<E: Real> ChannelMoments<E> for Cuda {
    fn channel_moments(&self, x: &Buf<E, Cuda>, channels: usize) -> Result<Vec<[f64; 2]>> {
        let pixels = len::<E>(x) / channels;
        let image = Image { n: 1, h: pixels, w: 1, c: channels };
        let norm = Normalise { image, grouping: Grouping { per_sample: false, channels: 1 }, eps: 0.0 };
        let normalise::Moments([means, scatters]) = normalise::moments(&norm, self, x).map_err(Error::device)?;
        let strips = self.download_all(&[&means, &scatters])?;
        let [means, scatters] = [0, 1].map(|which: usize| strips[which].chunks_exact(channels));
        let mut moments = vec![[0f64; 2]; channels];
        let mut before = 0.0;
        for (strip, (means, scatters)) in means.zip(scatters).enumerate() {
            let count = normalise::STRIP.min(pixels - strip * normalise::STRIP) as f64;
            let share = count / (before + count);
            for ([mean, scatter], (of_strip, off)) in moments.iter_mut().zip(means.iter().zip(scatters)) {
                let apart = E::double(*of_strip) - *mean;
                *mean += apart * share;
                *scatter += E::double(*off) + apart * apart * before * share;
            }
            before += count;
        }
        Ok(moments)
    }
}
