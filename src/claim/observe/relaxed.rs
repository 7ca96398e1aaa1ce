//! The gradients of α that ProxylessNAS, SNAS and DSNAS follow, on one network (section 2).

use super::Subject;
use crate::{
    architecture::{Choice, softmax_rows},
    claim::{
        Check, Judge,
        judgement::Amount,
        strategy::{self, histogram::Features},
    },
    cost::{Trace, case::Case, weight_gradients},
    network::{Ready, node_key, one_hot_rows, operation_key},
    operation::Operation,
    tensor::{Backend, Cpu, Pass, Tape, Var, error::Result},
};
use ndarray::{Array1, Array2, Array3};
use proptest::strategy::BoxedStrategy;
use std::sync::Arc;

/// A network with all operations on every edge, and what was drawn for each estimator.
#[derive(Debug, Clone)]
pub struct RelaxedCase {
    /// The network; its α is one for each cell.
    pub network: Arc<Case>,
    /// The operation sampled on each edge, by cell.
    pub sample: Vec<Vec<usize>>,
    /// Gumbel noise, by cell.
    pub noise: Vec<Array2<f64>>,
    /// τ.
    pub tau: f64,
}

/// One way to run the network, and its α-gradient as the tape has it.
#[derive(Debug, Clone)]
pub struct Estimate {
    /// Z, by cell.
    pub z: Vec<Array2<f64>>,
    /// c_k = ⟨∂L/∂x_j, o_k⟩ from values and gradients, `[cells, edges, operations]`.
    pub c: Array3<f64>,
    /// Σ|∂L/∂x_j o_k| over the products of c.
    pub scale: Array3<f64>,
    /// How many products each c has.
    pub products: usize,
    /// ∂L/∂α, by cell.
    pub gradient: Vec<Array2<f64>>,
}

/// All three.
#[derive(Debug, Clone)]
pub struct RelaxedObservation {
    /// The case.
    pub case: RelaxedCase,
    /// Straight through a one-hot sample, every operation evaluated.
    pub proxyless: Estimate,
    /// Pathwise at the concrete sample softmax((α + G)/τ).
    pub snas: Estimate,
    /// One sample, score times cost.
    pub dsnas: Estimate,
    /// The first cell's α in the place of every cell's: a mixture; the gradient is the shared α's.
    pub shared: Estimate,
    /// L and C of the networks that differ from the sample in the first cell's edge 0, by its operation.
    pub enumerated: [Array1<f64>; 2],
}

impl RelaxedCase {
    fn alpha(&self) -> &[Array2<f64>] {
        self.network.alpha.as_deref().expect("a mixture")
    }

    /// softmax(α), by cell.
    pub fn p(&self) -> Vec<Array2<f64>> {
        self.alpha().iter().map(|alpha| softmax_rows(alpha.view())).collect()
    }

    fn one_hot(&self, t: usize) -> Array2<f64> {
        let mut z = Array2::zeros(self.alpha()[t].dim());
        self.sample[t].iter().enumerate().for_each(|(e, k)| z[[e, *k]] = 1.0);
        z
    }

    /// Runs the network with the given choices and hands back ∂L/∂Z and the trace.
    fn run<D: Backend<f64>>(
        &self,
        device: &D,
        choices: &[Choice<f64, D>],
        pass: &mut Pass<f64, D>,
    ) -> Result<(Array3<f64>, Trace)> {
        let (_, by_product, trace) = self.run_with_loss(device, choices, pass)?;
        Ok((by_product, trace))
    }

    /// The same with L.
    fn run_with_loss<D: Backend<f64>>(
        &self,
        device: &D,
        choices: &[Choice<f64, D>],
        pass: &mut Pass<f64, D>,
    ) -> Result<(f64, Array3<f64>, Trace)> {
        let (case, settings) = (&self.network, &self.network.settings);
        let network = case.network::<f64, D>(device, &mut Ready(case.parameters.clone()))?;
        let x = Var::new(device, &settings.input.shape(), &case.x)?;
        let output = network.forward(&pass.on(&x), &choices.iter().collect::<Vec<_>>(), pass)?;
        let loss = output.logits.cross_entropy(&one_hot_rows(device, &case.labels, settings.classes)?)?;
        let value = loss.value();
        loss.backward()?;
        Ok((value, weight_gradients(&output)?, Trace::new(pass)?))
    }

    /// L and C for each operation on the first cell's edge 0, the rest as sampled.
    fn enumerate<D: Backend<f64>>(&self, device: &D) -> Result<[Array1<f64>; 2]> {
        let operations = Operation::ALL.len();
        let mut found = [Array1::zeros(operations), Array1::zeros(operations)];
        for k in 0..operations {
            let mut case = self.clone();
            case.sample[0][0] = k;
            let z = (0..case.sample.len()).map(|t| Choice::weighted(device, &case.one_hot(t)));
            let (loss, by_product, _) =
                self.run_with_loss(device, &z.collect::<Result<Vec<_>>>()?, &mut Pass::recording())?;
            (found[0][k], found[1][k]) = (loss, by_product[[0, 0, k]]);
        }
        Ok(found)
    }

    /// The estimate from a run's trace; gradients of α are the caller's.
    fn estimate(&self, z: Vec<Array2<f64>>, trace: &Trace, gradient: Vec<Array2<f64>>) -> Estimate {
        let topology = &self.network.settings.topology;
        let (cells, edges, operations) = (z.len(), topology.edges().len(), Operation::ALL.len());
        let product = |t, e: usize, k: usize| {
            let node = trace.at(&node_key(t, topology.edges()[e][1]));
            match (node, trace.at(&operation_key(t, e, Operation::ALL[k]))) {
                (Some(node), Some(o)) => Amount::dot(&node.gradient, &o.value),
                _ => Amount::default(),
            }
        };
        let amounts = Array3::from_shape_fn((cells, edges, operations), |(t, e, k)| product(t, e, k));
        let nodes = (0..cells).filter_map(|t| trace.at(&node_key(t, topology.nodes() - 1)));
        let products = nodes.map(|seen| seen.value.len()).max().unwrap_or(0);
        Estimate { z, c: amounts.mapv(|a| a.value), scale: amounts.mapv(|a| a.scale), products, gradient }
    }
}

fn var<D: Backend<f64>>(device: &D, values: &Array2<f64>) -> Result<Var<f64, D>> {
    Var::new(device, values.shape(), &values.iter().copied().collect::<Vec<_>>())
}

fn taken<D: Backend<f64>>(leaf: &Var<f64, D>, scale: f64) -> Result<Array2<f64>> {
    let [rows, k] = leaf.shape() else { unreachable!("a matrix") };
    let g = leaf.take_gradient()?.unwrap_or_else(|| vec![0.0; rows * k]);
    Ok(Array2::from_shape_vec((*rows, *k), g).expect("as many as the shape says") * scale)
}

impl Subject for RelaxedObservation {
    type Case = RelaxedCase;
    type Element = f64;
    const NAME: &'static str = "architecture gradient";

    fn strategy() -> BoxedStrategy<RelaxedCase> {
        strategy::network::relaxed_cases()
    }

    fn observe(case: &RelaxedCase) -> Result<Self> {
        Self::observe_on(case, &Cpu::default())
    }

    fn observe_on<D: Backend<f64>>(case: &RelaxedCase, device: &D) -> Result<Self> {
        let cells = case.network.settings.cells;

        let one_hot: Vec<_> = (0..cells).map(|t| case.one_hot(t)).collect();
        let mut pass = Pass::probing();
        let straight = one_hot.iter().map(|z| Ok(Choice::mixture(var(device, z)?))).collect::<Result<Vec<_>>>()?;
        let (by_product, trace) = case.run(device, &straight, &mut pass)?;
        let through_softmax = |t: usize| {
            let leaf = var(device, &case.alpha()[t])?;
            let g: Vec<f64> = by_product.index_axis(ndarray::Axis(0), t).iter().copied().collect();
            leaf.on(&Tape::recording()).softmax()?.backward_from(&g)?;
            taken(&leaf, 1.0)
        };
        let gradient = (0..cells).map(through_softmax).collect::<Result<_>>()?;
        let proxyless = case.estimate(one_hot.clone(), &trace, gradient);

        let mut pass = Pass::probing();
        let concrete = |t: usize| (&case.alpha()[t] + &case.noise[t]) / case.tau;
        let leaves = (0..cells).map(|t| var(device, &concrete(t))).collect::<Result<Vec<_>>>()?;
        let mixtures =
            leaves.iter().map(|leaf| Ok(Choice::mixture(pass.on(leaf).softmax()?))).collect::<Result<Vec<_>>>()?;
        let (_, trace) = case.run(device, &mixtures, &mut pass)?;
        let gradient = leaves.iter().map(|leaf| taken(leaf, 1.0 / case.tau)).collect::<Result<_>>()?;
        let z = (0..cells).map(|t| softmax_rows(concrete(t).view())).collect();
        let snas = case.estimate(z, &trace, gradient);

        let mut pass = Pass::probing();
        let sampled = one_hot.iter().map(|z| Choice::weighted(device, z)).collect::<Result<Vec<_>>>()?;
        let (by_product, trace) = case.run(device, &sampled, &mut pass)?;
        let score = |t: usize| {
            let (leaf, rows) = (var(device, &case.alpha()[t])?, case.sample[t].len());
            // L is the mean of −log p_s over the edges.
            leaf.on(&Tape::recording())
                .cross_entropy(&one_hot_rows(device, &case.sample[t], Operation::ALL.len())?)?
                .backward()?;
            let mut score = taken(&leaf, -(rows as f64))?;
            let cost = |e: usize| by_product[[t, e, case.sample[t][e]]];
            score.outer_iter_mut().enumerate().for_each(|(e, mut row)| row *= cost(e));
            Ok(score)
        };
        let gradient = (0..cells).map(score).collect::<Result<_>>()?;
        let dsnas = case.estimate(one_hot, &trace, gradient);

        let mut pass = Pass::probing();
        let leaf = var(device, &case.alpha()[0])?;
        let mixture = pass.on(&leaf).softmax()?;
        let every: Vec<_> = (0..cells).map(|_| Choice::mixture(mixture.clone())).collect();
        let (_, trace) = case.run(device, &every, &mut pass)?;
        let z = vec![softmax_rows(case.alpha()[0].view()); cells];
        let shared = case.estimate(z, &trace, vec![taken(&leaf, 1.0)?]);
        let enumerated = case.enumerate(device)?;
        Ok(RelaxedObservation { case: case.clone(), proxyless, snas, dsnas, shared, enumerated })
    }

    fn judge(check: &Check) -> Option<Judge<Self>> {
        if let Check::Relaxed(judge) = check { Some(*judge) } else { None }
    }

    fn features(case: &RelaxedCase) -> Features {
        strategy::histogram::network_features(&case.network)
    }

    fn size(case: &RelaxedCase) -> usize {
        case.network.x.len() + case.network.parameters.values().map(Vec::len).sum::<usize>()
    }
}
