//! Sums in a fixed order: `sum.cu`.

use super::{Buf, Done, Real, adds_to, fresh, gradient, kernel, len};
use crate::tensor::op::Image;
use dfdx::tensor::Cuda;

/// LANES in `sum.cu`.
pub const LANES: usize = 16;

/// Entries that one block of a block-wise sum takes: THREADS · TERMS in `sum.cu`.
pub const BLOCK: usize = super::launch::THREADS * 16;

/// a += b.
pub fn add<E: Real>(device: &Cuda, a: &mut Buf<E, Cuda>, b: &Buf<E, Cuda>) -> Done {
    let n = len::<E>(b);
    Ok(gradient::<E>(device, "add", a, n)?.read(b).ints([n]).over(n)?)
}

/// Where [`fold`] finds the terms of entry i: at i·across + j·along for j < count.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How many.
    pub count: usize,
    /// From one entry to the next.
    pub across: usize,
    /// From one term to the next.
    pub along: usize,
}

/// out\[i\] += Σ_j terms\[i·across + j·along\] for i < n.
pub fn fold<E: Real>(device: &Cuda, out: &mut Buf<E, Cuda>, n: usize, terms: &Buf<E, Cuda>, at: Terms) -> Done {
    let launch = gradient::<E>(device, "fold", out, n)?.read(terms);
    Ok(launch.ints([n, at.count, at.across, at.along]).blocks(n.div_ceil(LANES), 1)?)
}

/// Terms of a gradient of `n` entries, `count` for each: those of all entries one after another.
pub struct Parts<E: Real> {
    /// The terms.
    pub terms: Buf<E, Cuda>,
    /// How many for each entry.
    pub count: usize,
    /// Entries.
    pub n: usize,
}

/// Adds the sums of the terms to the gradient.
pub fn fold_parts<E: Real>(device: &Cuda, out: &mut Buf<E, Cuda>, Parts { terms, count, n }: Parts<E>) -> Done {
    fold::<E>(device, out, n, &terms, Terms { count, across: 1, along: n })
}

/// Both at once.
pub fn fold_both<E: Real>(device: &Cuda, [out, out2]: [&mut Buf<E, Cuda>; 2], parts: [Parts<E>; 2]) -> Done {
    let [one, two] = &parts;
    let launch = gradient::<E>(device, "fold_both", out, one.n)?.read(&one.terms);
    let launch = adds_to::<E>(device, launch, out2, two.n)?.read(&two.terms);
    let blocks = one.n.max(two.n).div_ceil(LANES);
    Ok(launch.ints([one.n, one.count, two.n, two.count]).blocks(blocks, 2)?)
}

/// Blocks for a sum over the pixels of each (sample, channel).
fn blocks(image: Image) -> (usize, usize) {
    (image.n, image.c.div_ceil(LANES))
}

/// Σ x over the pixels, `[N, C]`.
pub fn pixels<E: Real>(device: &Cuda, image: Image, x: &Buf<E, Cuda>) -> Done<Buf<E, Cuda>> {
    let mut sums = fresh::<E>(device, image.n * image.c)?;
    let launch = kernel::<E>(&x.device(), "pixel_sums").write(&mut sums).read(x).ints([image.h * image.w, image.c]);
    let (samples, channels) = blocks(image);
    launch.blocks(samples, channels)?;
    Ok(sums)
}

/// Σ x y over the pixels, `[N, C]`.
pub fn products<E: Real>(device: &Cuda, image: Image, x: &Buf<E, Cuda>, y: &Buf<E, Cuda>) -> Done<Buf<E, Cuda>> {
    let mut sums = fresh::<E>(device, image.n * image.c)?;
    let launch = kernel::<E>(&x.device(), "pixel_products").write(&mut sums).read(x).read(y);
    let (samples, channels) = blocks(image);
    launch.ints([image.h * image.w, image.c]).blocks(samples, channels)?;
    Ok(sums)
}
