//! ProxylessNAS: binary gates; a few paths of each edge are evaluated, one of them is open
//! (Cai et al., 2018; section 2.2).
//!
//! For α, N paths are drawn from p = softmax(α) without replacement, and one of them opened, drawn
//! from p̃, the softmax over the N. Straight through the gates, with c_k = ⟨∂L/∂x_j, o_k⟩ in the network
//! that was run,
//!
//! ```text
//! ∂L/∂α_m = Σ_k c_k ∂p̃_k/∂α_m = p̃_m (c_m − Σ_k p̃_k c_k)      m, k among the N paths
//! ```
//!
//! After the step the N logits are shifted together so that Σ exp α over them is as before: the
//! probabilities of all other paths do not change. N = 2 is the paper's; with all of them p̃ = p.
//! For θ one path is drawn from p.

use super::{
    model::{Batch, Model},
    step::Method,
};
use crate::{
    architecture::{Choice, gumbel_max, gumbel_noise},
    operation::Operation,
    seed::Stream,
    tensor::{Backend, Element, Pass, error::Result},
};
use ndarray::{Array2, ArrayView2, Axis};

/// N, and the paths of the last pass that trained α.
pub struct ProxylessNas {
    paths: usize,
    drawn: Vec<Vec<Operation>>,
}

impl ProxylessNas {
    /// With N paths, or all of an edge that has fewer.
    pub fn new(paths: usize) -> Self {
        ProxylessNas { paths, drawn: Vec::new() }
    }
}

impl<E: Element, D: Backend<E>> Method<E, D> for ProxylessNas {
    fn draw(&mut self, model: &Model<E, D>, _: &Pass<E, D>, trains: bool, s: &mut Stream) -> Result<Choice<E, D>> {
        let logits = model.alpha.logits()?;
        if !trains {
            return Choice::one_hot(&model.device, &gumbel_max(logits.view(), s));
        }
        self.drawn = draw_paths(logits.view(), &model.allowed, self.paths, s);
        let open = gumbel_max(among(logits.view(), &self.drawn).view(), s);
        Ok(Choice::restricted(Choice::one_hot(&model.device, &open)?.weights().clone(), self.drawn.clone()))
    }

    fn alpha_gradient(&mut self, model: &Model<E, D>, batch: &Batch) -> Result<()> {
        let c = batch.gradients.sum_axis(Axis(0));
        model.set_alpha_gradient(&alpha_gradient(model.alpha.logits()?.view(), &self.drawn, c.view()))
    }

    fn step_alpha(&mut self, model: &mut Model<E, D>) -> Result<()> {
        let before = model.alpha.logits()?;
        model.step_alpha()?;
        let after = model.alpha.logits()?;
        model.set_alpha(&rescaled(before.view(), after.view(), &self.drawn))
    }
}

/// N paths an edge without replacement: those with the largest α + Gumbel noise.
fn draw_paths(
    logits: ArrayView2<f64>,
    allowed: &[Vec<Operation>],
    paths: usize,
    stream: &mut Stream,
) -> Vec<Vec<Operation>> {
    let keys = &logits + &gumbel_noise(logits.dim(), stream);
    let edge = |(edge, allowed): (usize, &Vec<Operation>)| {
        let mut drawn = allowed.clone();
        drawn.sort_by(|a, b| keys[[edge, b.index()]].total_cmp(&keys[[edge, a.index()]]));
        drawn.truncate(paths);
        drawn.sort();
        drawn
    };
    allowed.iter().enumerate().map(edge).collect()
}

/// The logits, and −∞ for what was not drawn.
fn among(logits: ArrayView2<f64>, drawn: &[Vec<Operation>]) -> Array2<f64> {
    let kept = |(edge, k): (usize, usize)| drawn[edge].contains(&Operation::ALL[k]);
    Array2::from_shape_fn(logits.dim(), |at| if kept(at) { logits[at] } else { f64::NEG_INFINITY })
}

/// p̃_m (c_m − Σ_k p̃_k c_k) on every edge, 0 for paths that were not drawn.
pub fn alpha_gradient(logits: ArrayView2<f64>, drawn: &[Vec<Operation>], c: ArrayView2<f64>) -> Array2<f64> {
    let p = crate::architecture::softmax_rows(among(logits, drawn).view());
    let mean = (&p * &c).sum_axis(Axis(1)).insert_axis(Axis(1));
    &p * &(&c - &mean)
}

/// `after`, with Σ exp α over each edge's drawn paths as it was `before`.
pub fn rescaled(before: ArrayView2<f64>, after: ArrayView2<f64>, drawn: &[Vec<Operation>]) -> Array2<f64> {
    let log_sum = |row: ndarray::ArrayView1<f64>, drawn: &[Operation]| {
        let largest = drawn.iter().map(|k| row[k.index()]).fold(f64::NEG_INFINITY, f64::max);
        largest + drawn.iter().map(|k| (row[k.index()] - largest).exp()).sum::<f64>().ln()
    };
    let mut rescaled = after.to_owned();
    for (edge, drawn) in drawn.iter().enumerate() {
        let shift = log_sum(before.row(edge), drawn) - log_sum(after.row(edge), drawn);
        drawn.iter().for_each(|k| rescaled[[edge, k.index()]] += shift);
    }
    rescaled
}
