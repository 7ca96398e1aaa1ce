//! α as a trained parameter, and samples of it.

use crate::{
    operation::Operation,
    seed::Stream,
    tensor::{Backend, Element, Var, error::Result},
};
use ndarray::{Array2, ArrayView2};
use rand::RngExt;
use rand_distr::{Distribution, Normal};

/// The logit of an operation that an edge may not have: finite, as a run folder has it, and its softmax
/// is exactly 0.
pub const FORBIDDEN: f64 = -1e9;

/// Logits `[edges, operations]`: what `of` gives for the operations that each edge is allowed. It is asked for all
/// of them, in order, so that its draws do not depend on what is allowed.
pub fn allowed_logits(allowed: &[Vec<Operation>], mut of: impl FnMut(usize) -> f64) -> Array2<f64> {
    Array2::from_shape_fn((allowed.len(), Operation::ALL.len()), |(edge, k)| {
        let logit = of(k);
        if allowed[edge].contains(&Operation::ALL[k]) { logit } else { FORBIDDEN }
    })
}

/// The logits, `[edges, operations]`.
pub struct Alpha<E: Element, D: Backend<E>> {
    /// The trained value.
    pub value: Var<E, D>,
}

impl<E: Element, D: Backend<E>> Alpha<E, D> {
    /// Independent draws from N(mean, std²) for the operations that each edge is allowed.
    pub fn new(device: &D, allowed: &[Vec<Operation>], [mean, std]: [f64; 2], stream: &mut Stream) -> Result<Self> {
        let normal = Normal::new(mean, std.abs()).expect("a standard deviation that is not negative");
        let logits = allowed_logits(allowed, |_| normal.sample(stream));
        let host: Vec<E> = logits.iter().map(|logit| E::of(*logit)).collect();
        Ok(Alpha { value: Var::new(device, logits.shape(), &host)? })
    }

    /// The logits on the host.
    pub fn logits(&self) -> Result<Array2<f64>> {
        let host: Vec<f64> = self.value.to_host()?.into_iter().map(E::double).collect();
        let [edges, operations] = self.value.shape() else { unreachable!("a matrix") };
        Ok(Array2::from_shape_vec((*edges, *operations), host).expect("as many as the shape says"))
    }
}

/// p_α: softmax of each row.
pub fn softmax_rows(logits: ArrayView2<f64>) -> Array2<f64> {
    let mut p = logits.to_owned();
    for mut row in p.outer_iter_mut() {
        let max = row.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
        row.mapv_inplace(|y| (y - max).exp());
        let sum = row.sum();
        row /= sum;
    }
    p
}

/// G = −log(−log U), independent for every entry.
pub fn gumbel_noise(shape: (usize, usize), stream: &mut Stream) -> Array2<f64> {
    Array2::from_shape_simple_fn(shape, || -(-stream.random::<f64>().max(f64::MIN_POSITIVE).ln()).ln())
}

/// One operation an edge, drawn from p_α by the Gumbel-max trick: argmax of α_k + G_k.
pub fn gumbel_max(logits: ArrayView2<f64>, stream: &mut Stream) -> Vec<Operation> {
    let keys = &logits + &gumbel_noise(logits.dim(), stream);
    keys.outer_iter().map(|row| Operation::ALL[largest(row.iter().copied())]).collect()
}

fn largest(values: impl Iterator<Item = f64>) -> usize {
    let first_larger = |best: (usize, f64), (k, v): (usize, f64)| if v > best.1 { (k, v) } else { best };
    values.enumerate().fold((0, f64::NEG_INFINITY), first_larger).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::stream;
    use ndarray::array;

    #[test]
    fn samples_follow_p_alpha() {
        let logits = array![[0.0, 1.0, 2.0, -1.0, 0.5, 0.0, 0.0, 0.0]];
        let (p, mut stream, draws) = (softmax_rows(logits.view()), stream(1, "test"), 20_000);
        let mut counts = [0.0; 8];
        (0..draws).for_each(|_| counts[gumbel_max(logits.view(), &mut stream)[0].index()] += 1.0);
        for (k, count) in counts.iter().enumerate() {
            // Five standard deviations of a binomial count.
            let (n, p) = (f64::from(draws), p[[0, k]]);
            assert!((count - n * p).abs() < 5.0 * (n * p * (1.0 - p)).sqrt(), "operation {k}: {count} of {draws}");
        }
    }
}
