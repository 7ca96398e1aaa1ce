//! Section 2, what the estimators of ∂L/∂α agree with and what not: one α for all cells, DSNAS and the
//! expected loss, ProxylessNAS and the mixture.

use super::gradients::{BOUND, c, compare, error};
use crate::{
    claim::{
        Check, Claim, Judge,
        judgement::{Arithmetic, Judgement},
        observe::relaxed::{RelaxedCase, RelaxedObservation},
        strategy::plan::Plan,
        witness::Witness,
    },
    operation::Operation,
    theorem::mixture,
};
use ndarray::{Array1, Array2};
use serde_json::json;

pub fn claims() -> Vec<Claim> {
    let relaxed = |id, statement, judge| Claim::new(id, "sect. 2", statement, BOUND, Check::Relaxed(judge));
    vec![
        relaxed(
            "alpha-gradient-shared",
            "with one α for all cells, ∂L/∂α is the sum of the cells' gradients: costs add up over cells",
            shared,
        )
        .proved("ArchitectureGradients.shared_alpha_gradient"),
        Claim::new(
            "dsnas-unbiased",
            "sect. 2",
            "DSNAS: the mean of ∂ log p_s/∂α C(Z_s) over samples is the gradient of the expected loss",
            "a tenth of the greatest entry of the loss's gradient: far above rounding",
            Check::Relaxed(unbiased),
        )
        .refuted(
            "it is p_m (C_m − Σ_s p_s C_s); the expected loss has L_s in the place of C_s, which differ by more \
than a constant",
        )
        .proved("ScoreFunction.dsnas_unbiased_for_the_loss_iff")
        .proved("ScoreFunction.dsnas_biased_for_the_loss")
        .witness(biased),
        relaxed(
            "proxyless-equals-darts",
            "ProxylessNAS approximates DARTS: the sampled network's costs give the mixture's gradient",
            unlike_darts,
        )
        .refuted(
            "exact for the straight-through estimator of the sampled network; the mixture has other \
costs",
        )
        .proved("ScoreFunction.straight_through_is_not_darts")
        .witness(sampled),
    ]
}

/// Σ_t of DARTS's closed form, for the α that all cells share.
fn shared(o: &RelaxedObservation) -> Vec<Judgement> {
    let (gradient, cells) = (&o.shared.gradient[0], o.shared.z.len());
    let z = &o.shared.z[0];
    let mut judgements = Vec::new();
    for (e, row) in gradient.outer_iter().enumerate() {
        let (mut closed, mut bound) = (Array1::<f64>::zeros(row.len()), Array1::<f64>::zeros(row.len()));
        for t in 0..cells {
            let (c, z) = (c(&o.shared, t, e), z.row(e));
            let scale = &z * &o.shared.scale.slice(ndarray::s![t, e, ..]);
            closed += &mixture::darts(z, (&z * &c).view());
            bound += &Array1::from_shape_fn(row.len(), |m| {
                error(Arithmetic::of::<f64>(), z, &scale, o.shared.products + cells, m)
            });
        }
        judgements.extend((0..row.len()).map(|m| Judgement::equal(row[m], closed[m], bound[m])));
    }
    judgements
}

/// Both gradients for the first cell's edge 0, over all its operations.
fn estimates(o: &RelaxedObservation) -> [Array1<f64>; 2] {
    let p = o.case.p()[0].row(0).to_owned();
    o.enumerated.each_ref().map(|score| mixture::dsnas_mean(p.view(), score.view()))
}

fn unbiased(o: &RelaxedObservation) -> Vec<Judgement> {
    let [of_loss, of_cost] = estimates(o);
    let greatest = of_loss.iter().fold(0.0f64, |greatest, g| greatest.max(g.abs()));
    (0..of_loss.len()).map(|m| Judgement::equal(of_cost[m], of_loss[m], greatest / 10.0)).collect()
}

/// The first of fifty minimal cells with small integers, skips on all edges, that violates a judge.
fn example(judge: Judge<RelaxedObservation>, shown: fn(&RelaxedObservation) -> serde_json::Value) -> Witness {
    let case = |seed| {
        let plan = Plan { operations: None, seed, ..Plan::minimal([Operation::None; 5]) };
        let network = std::sync::Arc::new(plan.build());
        let (edges, operations) = network.arch[0].dim();
        let sample = vec![vec![Operation::SkipConnect.index(); edges]];
        RelaxedCase { network, sample, noise: vec![Array2::zeros((edges, operations))], tau: 1.0 }
    };
    let judged = |seed| Witness::judged(&case(seed), judge, shown);
    (0..50).map(judged).find(|witness| witness.ratio > 1.0).unwrap_or_else(|| judged(0))
}

/// A minimal cell of skips, and the mixture at the same α.
fn sampled() -> Witness {
    example(unlike_darts, |o| {
        json!({
            "x": o.case.network.x, "labels": o.case.network.labels, "sampled": "skip_connect on every edge",
            "p of edge 0": o.case.p()[0].row(0).to_vec(),
            "∂L/∂α of edge 0, straight through the sample": o.proxyless.gradient[0].row(0).to_vec(),
            "∂L/∂α of edge 0, for the mixture": o.shared.gradient[0].row(0).to_vec(),
        })
    })
}

/// A minimal cell whose edge 0 is drawn from all operations.
fn biased() -> Witness {
    let shown = |o: &RelaxedObservation| {
        let [of_loss, of_cost] = estimates(o).map(|gradient| gradient.to_vec());
        json!({
            "x": o.case.network.x, "labels": o.case.network.labels, "edges 1 to 4": "skip_connect",
            "p of edge 0": o.case.p()[0].row(0).to_vec(),
            "L by operation on edge 0": o.enumerated[0].to_vec(), "C by operation on edge 0": o.enumerated[1].to_vec(),
            "gradient of the expected loss": of_loss, "mean of DSNAS's estimate": of_cost,
        })
    };
    example(unbiased, shown)
}

/// SNAS at the same sample stands for a mixture: its costs are those of another network.
fn unlike_darts(o: &RelaxedObservation) -> Vec<Judgement> {
    let closed = |o: &RelaxedObservation, t: usize, e: usize| {
        mixture::proxylessnas(o.case.p()[t].row(e), c(&o.snas, t, e).view())
    };
    compare(o, &o.proxyless, closed, |o, t| [o.case.p()[t].clone(), o.case.p()[t].clone()])
}
