//! Two separable convolutions in a row in one step: what lies between is normalised wherever it is read.

use super::{super::*, Generic, buffers, done, image::ThroughNorm, separable::Half};
use crate::tensor::{
    Element, Error,
    op::{Separable, Twice},
};
use dfdx::tensor::{Cpu, CpuError};

/// What the backward pass needs: x and the four weights, what lies between, x̂ of the second and its 1/√(σ² + ε).
pub struct Saved<E: Element> {
    inputs: [Arc<Buf<E, Cpu>>; 5],
    between: Between<E>,
    xhat: Arc<Buf<E, Cpu>>,
    rstd: Vec<E>,
}

/// What the first convolution gave, and its μ and 1/√(σ² + ε) for each (sample, channel).
pub(super) struct Between<E: Element> {
    middle: Buf<E, Cpu>,
    statistics: [Vec<E>; 2],
}

impl<E: Element> Generic<Twice, E> for Cpu {
    type Saved = Saved<E>;
    const FILLS_EMPTY: bool = true;

    fn forward(&self, Twice(op): &Twice, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Saved<E>> {
        let [x, dw, pw, dw2, pw2] = xs else { unreachable!("five inputs") };
        let inputs = [x, dw, pw, dw2, pw2].map(|x| (*x).clone());
        let mut y = buffers::take(self, x.len()).map_err(Error::device)?;
        let (sums, between) = op.convolve_twice(self, x, [dw, pw, dw2, pw2], &mut y)?;
        let rstd = op.normalise.standardise(None, &mut y, sums);
        let xhat = Arc::new(y);
        Ok((xhat.clone(), Saved { inputs, between, xhat, rstd }))
    }

    fn backward(
        &self,
        Twice(op): &Twice,
        Saved { inputs: [x, dw, pw, dw2, pw2], between, xhat, rstd }: Saved<E>,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let means = op.normalise.gradient_means(gy, &xhat);
        let through = op.normalise.through(gy, &xhat, &means, &rstd);
        let [gx, gweights @ ..] = gxs else { unreachable!("five inputs") };
        op.gradient_twice(self, &x, [&dw, &pw, &dw2, &pw2], between, through, gx, gweights)?;
        [x, xhat].into_iter().for_each(done);
        Ok(())
    }
}

impl Separable {
    /// Both convolutions of x, the weights in order of execution; returns Σ out for each (sample, channel).
    pub(super) fn convolve_twice<E: Element>(
        &self,
        device: &Cpu,
        x: &[E],
        [dw, pw, dw2, pw2]: [&[E]; 4],
        out: &mut [E],
    ) -> Result<(Vec<E>, Between<E>)> {
        let mut middle = buffers::take(device, x.len()).map_err(Error::device)?;
        let sums = self.convolve(x, None, [dw, pw], &mut middle);
        let statistics = self.normalise.statistics(&middle, sums);
        let sums = self.convolve(&middle, Some([&statistics[0], &statistics[1]]), [dw2, pw2], out);
        Ok((sums, Between { middle, statistics }))
    }

    /// Writes or adds the gradients.
    #[expect(clippy::too_many_arguments)]
    pub(super) fn gradient_twice<E: Element>(
        &self,
        device: &Cpu,
        x: &[E],
        [dw, pw, dw2, pw2]: [&[E]; 4],
        Between { mut middle, statistics: [centre, rstd] }: Between<E>,
        through: ThroughNorm<'_, E>,
        gx: &mut Option<Buf<E, Cpu>>,
        gweights: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let centred = Some([&centre[..], &rstd]);
        let (first, second) = gweights.split_at_mut(2);
        let mut gmiddle = Some(zeros::<E, Cpu>(device, 0)?);
        let half = Half { x: &middle, centred, weights: [dw2, pw2] };
        let sums = self.gradient(device, half, through, &mut gmiddle, second)?;
        let mut gmiddle = gmiddle.expect("just filled");
        let means = self.normalise.means_of(&sums);
        let through = ThroughNorm { centre: Some(&centre), ..self.normalise.through(&gmiddle, &middle, &means, &rstd) };
        self.gradient(device, Half { x, centred: None, weights: [dw, pw] }, through, gx, first)?;
        [&mut gmiddle, &mut middle].into_iter().for_each(buffers::give);
        Ok(())
    }
}
