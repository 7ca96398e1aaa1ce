//! Statements about expectations over initialisations, with their standard errors.

use crate::{
    architecture::gumbel_noise,
    claim::{
        Check, Claim, Statistic,
        strategy::{Style, plan::Plan},
    },
    cost::case::{Case, Evaluation},
    network::{Losses, Random},
    operation::Operation,
    seed::stream,
    tensor::{Cpu, Init, Source, error::Result, op::Image},
    theorem::{head, mixture},
    trend::{Estimate, statistic::largest},
};
use rand::RngExt;
use rayon::prelude::*;
use std::collections::HashMap;

/// Networks behind each mean.
const NETWORKS: u64 = 600;
const BOUND: &str = "four standard errors of the mean over 600 initialisations, PyTorch's but for a classifier five times \
as large";

pub fn claims() -> Vec<Claim> {
    let mean = |id, source, statement, check| Claim::new(id, source, statement, BOUND, check);
    let statistic = |measure, sabotage| Check::Statistic { measure, sabotage };
    vec![
        mean(
            "thm1-expectation-exchangeable",
            "Theorem 1",
            "E[C(Z^s_{0,2})] through edge 4 is 0 over initialisations, if edges 0 and 1 draw from \
the same operations",
            statistic(exchangeable, fixed),
        )
        .read("C₀ = −C₁ exactly, so exchangeable edges have expectation 0"),
        mean(
            "thm1-expectation-fixed",
            "Theorem 1",
            "E[C(Z^s_{0,2})] through edge 4 is 0 over initialisations, for maximum pooling on edge 0 \
and sep_conv_3x3 on edge 1",
            statistic(fixed, exchangeable),
        )
        .refuted("only where the edges into the node are exchangeable"),
        mean(
            "eq11-skip-is-small",
            "after eq. 11",
            "the cost of a skip on edge 4 is much smaller than that of other operations",
            statistic(skip_is_small, skip_forgotten),
        )
        .refuted(
            "at initialisation its mean magnitude is above that of the convolutions, below that of \
the poolings",
        ),
        mean("thm2-positive-at-init", "sect. 6", "E[C_Z] > 0 at initialisation", statistic(positive, predicted)),
        mean(
            "sect6-gaussian",
            "sect. 6",
            "E[y₁ exp(y₁ + y₂)] > 0 for zero-mean normal y₁, y₂",
            statistic(|_| gaussian(-0.5), |_| gaussian(0.5)),
        )
        .refuted("it is (σ₁² + cov) exp(Var(y₁ + y₂)/2): positive if and only if σ₁² + cov > 0"),
        mean(
            "snas-score-form",
            "sect. 2",
            "SNAS: ∂L/∂α = E[∂ log p(Z)/∂α C(Z)], the score times the cost of the sample",
            statistic(|seed| score_form(seed, 1.0), |seed| score_form(seed, 2.0)),
        )
        .read(
            "in expectation, for costs Σ_k Z_k c_k whose c does not depend on Z; for one sample it is not the \
pathwise gradient",
        )
        .proved("ScoreFunction.snas_score"),
    ]
}

fn summary(Estimate { mean, error }: Estimate, what: &str) -> String {
    format!("{what}: {mean:+.2e} ± {error:.1e}")
}

/// Keeps what a source hands out.
struct Recorder(Random, HashMap<String, Vec<f64>>);

impl Source for Recorder {
    fn values(&mut self, name: &str, shape: &[usize], init: Init) -> Result<Vec<f64>> {
        let values = self.0.values(name, shape, init)?;
        self.1.insert(name.into(), values.clone());
        Ok(values)
    }
}

/// A minimal cell behind a stem on normal images, four samples of 5×5 pixels, four channels; PyTorch's
/// initialisation, but for a classifier five times as large, without which C is too small to be told
/// from 0 in so few networks.
fn network(seed: u64, operations: [Operation; 5]) -> (Case, Evaluation) {
    let plan = Plan {
        input: Image { n: 4, h: 5, w: 5, c: 4 },
        channels: 4,
        classes: 5,
        style: Style::Reals,
        seed,
        stem: true,
        ..Plan::minimal(operations)
    };
    let mut case = plan.build();
    let mut recorder = Recorder(Random { seed, gain: 5.0 }, HashMap::new());
    case.network::<f64, Cpu>(&Cpu::default(), &mut recorder).expect("a network that can be built");
    case.parameters = recorder.1;
    let evaluation = Evaluation::new::<f64, Cpu>(&case, &Cpu::default()).expect("finite numbers");
    (case, evaluation)
}

fn each(seed: u64, name: &str, draw: impl Fn(u64) -> f64 + Sync + Send) -> Vec<f64> {
    let seeds: Vec<u64> = stream(seed, name).random_iter().take(NETWORKS as usize).collect();
    seeds.into_par_iter().map(draw).collect()
}

fn any(seed: u64, edge: &str) -> Operation {
    Operation::ALL[stream(seed, edge).random_range(0..Operation::ALL.len())]
}

/// C₀ through edge 4.
fn through_edge_4((case, evaluation): (Case, Evaluation)) -> f64 {
    evaluation.trace.edge_path_costs(&case.settings.topology, evaluation.z.view())[[0, 0, 4]]
}

fn exchangeable(seed: u64) -> Statistic {
    let draw = |seed| {
        let operations =
            [any(seed, "edge 0"), any(seed, "edge 1"), Operation::None, Operation::None, Operation::DilConv3x3];
        through_edge_4(network(seed, operations))
    };
    vanishes(Estimate::of(&each(seed, "exchangeable", draw)), "E[C_0 through edge 4]")
}

fn fixed(seed: u64) -> Statistic {
    let operations =
        [Operation::DilConv5x5, Operation::AvgPool3x3, Operation::None, Operation::None, Operation::AvgPool3x3];
    let costs = each(seed, "fixed", |seed| through_edge_4(network(seed, operations)));
    vanishes(Estimate::of(&costs), "E[C_0 through edge 4]")
}

/// The mean of what should vanish, against four standard errors.
fn vanishes(mean: Estimate, what: &str) -> Statistic {
    Statistic { ratio: mean.mean.abs() / (4.0 * mean.error), cases: NETWORKS, summary: summary(mean, what) }
}

/// Score times Σ_k Z_k c_k, less the pathwise gradient, for four operations with fixed c; the density's
/// temperature is `wrong` times the sample's.
fn score_form(seed: u64, wrong: f64) -> Statistic {
    let (alpha, c, tau) = (ndarray::array![0.5, 0.0, -0.5, 1.0], ndarray::array![2.0, -1.0, 1.0, 0.5], 0.7);
    let difference = |seed| {
        let noise = gumbel_noise((1, 4), &mut stream(seed, "gumbel")).row(0).to_owned();
        let z = head::softmax(((&alpha + &noise) / tau).view());
        let cost = &z * &c;
        let score = mixture::concrete_score(alpha.view(), z.view(), wrong * tau) * cost.sum();
        score[0] - mixture::snas(z.view(), cost.view(), tau)[0]
    };
    vanishes(Estimate::of(&each(seed, "score", difference)), "E[score · C − pathwise] for α₀")
}

/// |C_skip| less |C_conv| on edge 4 of networks that are otherwise the same: "much smaller" has it below 0.
fn skip_is_small(seed: u64) -> Statistic {
    skip_against_convolution(seed, 1.0)
}

/// A skip whose gradient is lost.
fn skip_forgotten(seed: u64) -> Statistic {
    skip_against_convolution(seed, 0.0)
}

fn skip_against_convolution(seed: u64, share: f64) -> Statistic {
    let size = |seed: u64, operation: Operation| {
        let (_, e) = network(
            seed,
            [any(seed, "edge 0"), any(seed, "edge 1"), any(seed, "edge 2"), any(seed, "edge 3"), operation],
        );
        e.operation_costs[[0, 4, operation.index()]].abs()
    };
    let less = |seed| share * size(seed, Operation::SkipConnect) - size(seed, Operation::SepConv3x3);
    let mean = Estimate::of(&each(seed, "skip", less));
    Statistic {
        ratio: (mean.mean / (4.0 * mean.error)).max(0.0),
        cases: NETWORKS,
        summary: summary(mean, "E|C_skip| − E|C_sep_conv_3x3| on edge 4"),
    }
}

/// A network with any operations, run.
fn whole(seed: u64) -> Evaluation {
    network(seed, ["edge 0", "edge 1", "edge 2", "edge 3", "edge 4"].map(|edge| any(seed, edge))).1
}

fn positive(seed: u64) -> Statistic {
    above_zero(seed, |seed| whole(seed).losses.means()[2])
}

/// The predictions taken for the labels.
fn predicted(seed: u64) -> Statistic {
    above_zero(seed, |seed| {
        let logits = whole(seed).logits;
        let labels: Vec<_> = logits.outer_iter().map(largest).collect();
        Losses::new(logits.view(), &labels).means()[2]
    })
}

fn above_zero(seed: u64, draw: impl Fn(u64) -> f64 + Sync + Send) -> Statistic {
    let mean = Estimate::of(&each(seed, "positive", draw));
    let ratio = if mean.mean > 0.0 { 4.0 * mean.error / mean.mean } else { f64::INFINITY };
    Statistic { ratio, cases: NETWORKS, summary: summary(mean, "E[C_Z]") }
}

/// σ₁ = ½, σ₂ = 3/2; with correlation −½ σ₁² + cov = −1/8. By the trapezoidal rule over ten standard
/// deviations, which for a Gaussian is exact to rounding.
fn gaussian(rho: f64) -> Statistic {
    let ([s1, s2], step) = ([0.5f64, 1.5f64], 0.05);
    let mut value = 0.0;
    for i in -200..=200 {
        for j in -200..=200 {
            let (a, b) = (f64::from(i) * step, f64::from(j) * step);
            let (y1, y2) = (s1 * a, s2 * (rho * a + (1.0 - rho * rho).sqrt() * b));
            value += y1 * (y1 + y2 - (a * a + b * b) / 2.0).exp();
        }
    }
    value *= step * step / (2.0 * std::f64::consts::PI);
    let closed = (s1 * s1 + rho * s1 * s2) * ((s1 * s1 + s2 * s2 + 2.0 * rho * s1 * s2) / 2.0).exp();
    let agrees = (value - closed).abs() <= 1e6 * f64::EPSILON * closed.abs();
    Statistic {
        ratio: if value < 0.0 && agrees { f64::INFINITY } else { 0.0 },
        cases: 1,
        summary: format!("σ = (½, 3/2), ρ = {rho}: {value:.6}, closed form {closed:.6}"),
    }
}
