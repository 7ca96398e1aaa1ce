//! ReLU → depthwise → pointwise → x̂ in one step, image by image.
//!
//! The arithmetic is that of the single operations, in the same order, so both ways agree to the last bit.

use super::{
    super::{
        vectors::{Vectors, run},
        *,
    },
    GROUP, Generic, add_parts, buffers, done, each_chunk,
    image::{Centred, Edge, EdgeBackward, EdgeForward, Frame, flipped, transposed},
    room,
};
use crate::tensor::{
    Element, Error,
    op::{Separable, Twice},
};
use dfdx::tensor::{Cpu, CpuError};

/// What the backward pass needs: x, both weights, x̂, and 1/√(σ² + ε) for each (sample, channel).
pub struct Saved<E: Element> {
    inputs: [Arc<Buf<E, Cpu>>; 3],
    xhat: Arc<Buf<E, Cpu>>,
    rstd: Vec<E>,
}

impl<E: Element> Generic<Separable, E> for Cpu {
    type Saved = Saved<E>;
    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &Separable, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, Saved<E>> {
        let [x, dw, pw] = xs else { unreachable!("three inputs") };
        let mut y = buffers::take(self, x.len()).map_err(Error::device)?;
        let sums = op.convolve(x, None, [dw, pw], &mut y);
        let rstd = op.normalise.standardise(None, &mut y, sums);
        let xhat = Arc::new(y);
        Ok((xhat.clone(), Saved { inputs: [(*x).clone(), (*dw).clone(), (*pw).clone()], xhat, rstd }))
    }

    fn backward(
        &self,
        op: &Separable,
        saved: Saved<E>,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let [x, dw, pw] = &saved.inputs;
        let means = op.normalise.gradient_means(gy, &saved.xhat);
        let half = Half { x, centred: None, weights: [dw, pw], gy, y: &saved.xhat, y_centred: None };
        let [gx, gweights @ ..] = gxs else { unreachable!("three inputs") };
        op.gradient(self, half, &saved.rstd, &means, gx, gweights)?;
        let [x, ..] = saved.inputs;
        [x, saved.xhat].into_iter().for_each(done);
        Ok(())
    }
}

/// What the backward pass needs: x and the four weights, what the first convolution gave with its statistics,
/// x̂ of the second and its 1/√(σ² + ε).
pub struct SavedTwice<E: Element> {
    inputs: [Arc<Buf<E, Cpu>>; 5],
    middle: Buf<E, Cpu>,
    statistics: [Vec<E>; 2],
    xhat: Arc<Buf<E, Cpu>>,
    rstd: Vec<E>,
}

impl<E: Element> Generic<Twice, E> for Cpu {
    type Saved = SavedTwice<E>;
    const FILLS_EMPTY: bool = true;

    fn forward(&self, Twice(op): &Twice, xs: &[&Arc<Buf<E, Cpu>>]) -> Forward<E, Cpu, SavedTwice<E>> {
        let [x, dw, pw, dw2, pw2] = xs else { unreachable!("five inputs") };
        let take = || buffers::take(self, x.len()).map_err(Error::device);
        let (mut middle, mut y) = (take()?, take()?);
        let sums = op.convolve(x, None, [dw, pw], &mut middle);
        let statistics = op.normalise.statistics(&middle, sums);
        let sums = op.convolve(&middle, Some([&statistics[0], &statistics[1]]), [dw2, pw2], &mut y);
        let rstd = op.normalise.standardise(None, &mut y, sums);
        let xhat = Arc::new(y);
        let inputs = [x, dw, pw, dw2, pw2].map(|x| (*x).clone());
        Ok((xhat.clone(), SavedTwice { inputs, middle, statistics, xhat, rstd }))
    }

    fn backward(
        &self,
        Twice(op): &Twice,
        mut saved: SavedTwice<E>,
        gy: &Buf<E, Cpu>,
        gxs: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<(), CpuError> {
        let [x, dw, pw, dw2, pw2] = &saved.inputs;
        let centred = Some([&saved.statistics[0][..], &saved.statistics[1]]);
        let [gx, gdw, gpw, gweights @ ..] = gxs else { unreachable!("five inputs") };
        let mut middle = Some(zeros::<E, Cpu>(self, 0)?);
        let means = op.normalise.gradient_means(gy, &saved.xhat);
        let half = Half { x: &saved.middle, centred, weights: [dw2, pw2], gy, y: &saved.xhat, y_centred: None };
        let sums = op.gradient(self, half, &saved.rstd, &means, &mut middle, gweights)?;
        let mut gmiddle = middle.expect("just filled");
        let means = op.normalise.means_of(&sums);
        let half = Half { x, centred: None, weights: [dw, pw], gy: &gmiddle, y: &saved.middle, y_centred: centred };
        let mut gweights = [gdw.take(), gpw.take()];
        op.gradient(self, half, &saved.statistics[1], &means, gx, &mut gweights)?;
        [*gdw, *gpw] = gweights;
        let [x, ..] = saved.inputs;
        [x, saved.xhat].into_iter().for_each(done);
        [&mut gmiddle, &mut saved.middle].into_iter().for_each(buffers::give);
        Ok(())
    }
}

/// One convolution with its norm, on the way back.
struct Half<'a, E: Element> {
    x: &'a [E],
    centred: Centred<'a, E>,
    weights: [&'a [E]; 2],
    gy: &'a [E],
    y: &'a [E],
    y_centred: Centred<'a, E>,
}

impl Separable {
    /// Elements that a thread takes at a time.
    fn group(&self) -> usize {
        GROUP * self.normalise.image.per_sample()
    }

    /// Elementary steps forwards.
    fn work(&self) -> usize {
        let (image, taps) = (self.normalise.image, self.depthwise.kernel * self.depthwise.kernel);
        image.n * image.per_sample() * (taps + image.c)
    }

    fn edge<'a, E>(&self, depthwise: &'a [E], pointwise: &'a [E]) -> Edge<'a, E> {
        let (kernel, dilation) = (self.depthwise.kernel, self.depthwise.dilation);
        let frame = Frame::new(self.depthwise.image, (kernel - 1) / 2 * dilation);
        Edge { frame, size: (kernel, dilation), depthwise, pointwise }
    }

    /// The convolutions of x, or of x̂; returns Σ out for each (sample, channel).
    fn convolve<E: Element>(&self, x: &[E], centred: Centred<'_, E>, [dw, pw]: [&[E]; 2], out: &mut [E]) -> Vec<E> {
        let (level, group) = (Vectors::current(), self.group());
        let totals = each_chunk(out, group, self.work(), |i, out| {
            let (x, centred) = (&x[i * group..][..out.len()], self.part(centred, i));
            run(level, EdgeForward { edge: self.edge(dw, pw), x, centred, out })
        });
        totals.concat()
    }

    /// What belongs to group `i` of images.
    fn part<'a, E>(&self, centred: Centred<'a, E>, i: usize) -> Centred<'a, E> {
        centred.map(|all| all.map(|all| &all[i * GROUP * self.normalise.image.c..]))
    }

    /// Writes or adds the gradients; returns Σ gx and Σ gx x of each channel of each image, x here being x̂ where
    /// that was convolved, as far as it is positive.
    fn gradient<E: Element>(
        &self,
        device: &Cpu,
        half: Half<'_, E>,
        rstd: &[E],
        [means, products]: &[Vec<E>; 2],
        gx: &mut Option<Buf<E, Cpu>>,
        gweights: &mut [Option<Buf<E, Cpu>>],
    ) -> std::result::Result<Vec<E>, CpuError> {
        let Half { x, weights: [dw, pw], gy, y, .. } = half;
        let (level, group, c) = (Vectors::current(), self.group(), self.normalise.image.c);
        let (dw_back, pw_back) = (flipped(dw, c), transposed(pw, c, c));
        let weights = gweights.iter().any(Option::is_some);
        // Where nobody asks for it, the input's gradient is computed for nothing; the network always asks.
        let mut unasked = zeros::<E, Cpu>(device, 0)?;
        let gx = gx.as_mut().unwrap_or(&mut unasked);
        let add = room(device, gx, x.len())?;
        let parts = each_chunk(gx, group, 3 * self.work(), |i, gx| {
            let [x, gy, y] = [x, gy, y].map(|all| &all[i * group..][..gx.len()]);
            let norm = [means, products, rstd].map(|all| &all[i * GROUP * c..]);
            let [centred, y_centred] = [half.centred, half.y_centred].map(|centred| self.part(centred, i));
            let (edge, back) = (self.edge(dw, pw), self.edge(&dw_back, &pw_back));
            run(level, EdgeBackward { edge, back, x, centred, gy, y, y_centred, norm, gx, add, weights })
        });
        for (which, (gw, w)) in gweights.iter_mut().zip([dw, pw]).enumerate() {
            let Some(gw) = gw else { continue };
            add_parts(device, gw, w.len(), parts.iter().map(|sums| &sums[which]))?;
        }
        buffers::give(&mut unasked);
        Ok(parts.into_iter().flat_map(|[_, _, both]| both).collect())
    }
}
