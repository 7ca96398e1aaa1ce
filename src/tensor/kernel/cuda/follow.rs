//! Averages that follow the statistics of batches and stay on the device: `normalise.cu`.

use super::{super::*, Done, Real, kernel, len, normalise};
use crate::tensor::{
    Error,
    error::Result,
    op::{Grouping, Image, Normalise},
};
use dfdx::tensor::Cuda;

impl<E: Real> Follow<E> for Cuda {
    /// μ of all channels, then σ².
    type Averages = Buf<f64, Cuda>;

    fn averages(&self, Average { mean, variance }: Average) -> Result<Self::Averages> {
        self.upload(&[mean, variance].concat())
    }

    fn follow(&self, averages: &mut Self::Averages, x: &Buf<E, Cuda>, share: f64) -> Result<()> {
        follow::<E>(self, averages, x, share).map_err(Error::device)
    }

    fn read(&self, averages: &Self::Averages) -> Result<Average> {
        let mut mean = self.download(averages)?;
        let variance = mean.split_off(mean.len() / 2);
        Ok(Average { mean, variance })
    }
}

fn follow<E: Real>(device: &Cuda, averages: &mut Buf<f64, Cuda>, x: &Buf<E, Cuda>, share: f64) -> Done {
    let c = len::<f64>(averages) / 2;
    let pixels = len::<E>(x) / c;
    let image = Image { n: 1, h: pixels, w: 1, c };
    let norm = Normalise { image, grouping: Grouping { per_sample: false, channels: 1 }, eps: 0.0 };
    let normalise::Moments([means, scatters]) = normalise::moments(&norm, device, x)?;
    let launch = kernel::<E>(&x.device(), "follow").write(averages).read(&means).read(&scatters);
    Ok(launch.ints([pixels, c]).scalars([share]).blocks(c, 1)?)
}
