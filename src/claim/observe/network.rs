//! A whole network: its costs by edge, path, cell and sample, and what each edge lets through.

use super::{Subject, rounded};
use crate::{
    cell::{Role, Topology},
    claim::{
        Check, Judge,
        judgement::{Amount, Arithmetic},
        rounding::{head::Head, passage::Run},
        strategy::{self, histogram::Features},
    },
    cost::{
        Trace,
        case::{Case, Evaluation},
    },
    network::{consumer_key, node_key, output_key},
    normalisation::Normalisation,
    operation::Operation,
    tensor::{Backend, Cpu, Element, Error, Seen, error::Result},
};
use ndarray::Array2;
use proptest::strategy::BoxedStrategy;
use std::{marker::PhantomData, sync::Arc};

/// A network's one run with elements of type `E`, which every claim about networks looks at.
pub struct NetworkObservation<E = f64> {
    /// The network and its batch.
    pub case: Arc<Case>,
    /// Losses, logits, costs, gradients.
    pub evaluation: Evaluation,
    /// The same network as searches run it; without one where only a part of the batch is looked at.
    pub searched: Option<Evaluation>,
    /// The element type's rounding.
    pub arithmetic: Arithmetic,
    /// Samples that L is the mean of.
    pub batch: usize,
    /// X_e by cell and edge; empty if nothing ran there.
    pub outputs: Vec<Vec<Vec<f64>>>,
    /// What intermediate edges hand on to their source, `[cell][edge]`.
    pub passages: Vec<Vec<Option<Amount>>>,
    /// What the units that read cell t's output hand on to it: pre1 of t + 1, pre0 of t + 2.
    pub units: Vec<[Option<Amount>; 2]>,
    /// C_b less the bias term, times B, at the last cell's output, by sample.
    pub head: Vec<Amount>,
    elements: PhantomData<fn() -> E>,
}

impl<E: Element> NetworkObservation<E> {
    /// Reads off everything.
    pub fn new(case: Arc<Case>, evaluation: Evaluation) -> Result<Self> {
        let batch = case.settings.input.n;
        Self::part_of(case, evaluation, batch)
    }

    /// The same for some of a batch of `batch` samples.
    fn part_of(case: Arc<Case>, evaluation: Evaluation, batch: usize) -> Result<Self> {
        if let Some(value) = evaluation.trace.first_not_finite() {
            return Err(Error::NotFinite(value));
        }
        let arithmetic = Arithmetic::of::<E>();
        let (settings, trace) = (&case.settings, &evaluation.trace);
        let run = Run { case: &case, trace, arithmetic };
        let edges = settings.topology.edges().len();
        let outputs = |t| (0..edges).map(|e| trace.edge_output(t, e, evaluation.z.view())).collect();
        let outputs = (0..settings.cells).map(outputs).collect();
        let passage = |t, e: usize| match settings.topology.role(e) {
            Role::Input => Ok(None),
            Role::Intermediate => {
                let source = settings.topology.edges()[e][0];
                trace.at(&consumer_key(t, source, Some(e))).map(|x| run.edge_passage(t, e, x)).transpose()
            }
        };
        let passages =
            (0..settings.cells).map(|t| (0..edges).map(|e| passage(t, e)).collect()).collect::<Result<_>>()?;
        let unit = |t: usize, side: usize| {
            let name = format!("cell{}.pre{side}", t + 2 - side);
            let seen = trace.at(&output_key(t, &name)).filter(|_| settings.norm.kind != Normalisation::None);
            seen.map(|x| run.unit_passage(&name, x)).transpose()
        };
        let units = (0..settings.cells).map(|t| Ok([unit(t, 1)?, unit(t, 0)?])).collect::<Result<_>>()?;
        let head = match trace.at(&output_key(settings.cells - 1, "head")) {
            None => Vec::new(),
            Some(x) => {
                let head = Head { case: &case, batch, evaluation: &evaluation, arithmetic };
                (0..settings.input.n).map(|b| head.sample_cost(x, b)).collect()
            }
        };
        Ok(NetworkObservation {
            searched: None,
            outputs,
            passages,
            units,
            head,
            arithmetic,
            batch,
            evaluation,
            case,
            elements: PhantomData,
        })
    }

    /// The graph.
    pub fn topology(&self) -> &Topology {
        &self.case.settings.topology
    }

    /// Cells.
    pub fn cells(&self) -> usize {
        self.case.settings.cells
    }

    /// What was seen at a place.
    pub fn seen(&self, key: &str) -> &Seen {
        self.evaluation.trace.at(key).unwrap_or_else(|| panic!("{key} was not watched"))
    }

    /// ⟨g, X_e⟩ for the gradient that reaches e's target through one consumer: an edge, or the cell's
    /// output.
    pub fn through(&self, t: usize, e: usize, consumer: Option<usize>) -> Amount {
        self.product(&consumer_key(t, self.topology().edges()[e][1], consumer), t, e)
    }

    /// C_e, for the gradient that reaches e's target from all its consumers together.
    pub fn edge_cost(&self, t: usize, e: usize) -> Amount {
        self.product(&node_key(t, self.topology().edges()[e][1]), t, e)
    }

    fn product(&self, key: &str, t: usize, e: usize) -> Amount {
        let run = Run { case: &self.case, trace: self.trace(), arithmetic: self.arithmetic };
        match (self.trace().at(key), &self.outputs[t][e]) {
            (Some(seen), output) if !output.is_empty() => run.mixture_cost(t, e, &seen.gradient, output),
            _ => Amount::default(),
        }
    }

    /// Σ over the edges e into node j of [`through`](Self::through).
    pub fn node_through(&self, t: usize, j: usize, consumer: Option<usize>) -> Amount {
        let edges = self.topology().into_node(j);
        edges.map(|e| self.through(t, e, consumer)).sum::<Amount>().off_by(self.arithmetic.gamma(8))
    }

    /// Intermediate edges of a cell.
    pub fn intermediate(&self) -> Vec<usize> {
        (0..self.topology().edges().len()).filter(|e| self.topology().role(*e) == Role::Intermediate).collect()
    }

    /// Σ over the cell's output edges of ⟨g, node_j⟩.
    pub fn output_edges(&self, t: usize) -> Amount {
        self.topology().output().iter().map(|j| self.node_through(t, *j, None)).sum()
    }

    /// Σ_e C_e of a cell, where gradients of all consumers are added up first.
    pub fn all_edges(&self, t: usize) -> Amount {
        let edges = 0..self.topology().edges().len();
        edges.map(|e| self.edge_cost(t, e)).sum::<Amount>().off_by(self.arithmetic.gamma(16))
    }

    /// What reaches the cell's output from the units that read it, beside the head.
    pub fn units(&self, t: usize) -> Amount {
        self.units[t].iter().flatten().copied().sum()
    }

    /// C less the bias term, as a batch mean, that reaches the last cell's output; 0 for other cells.
    pub fn from_head(&self, t: usize) -> Amount {
        if t + 1 < self.cells() {
            return Amount::default();
        }
        let (samples, batch) = (self.head.iter(), self.batch as f64);
        let closed = self.evaluation.losses.cost();
        let closed = closed.iter().zip(&self.evaluation.bias_terms).map(|(c, bias)| c - bias);
        let amount = |(head, value): (&Amount, f64)| Amount {
            value: value / batch,
            bound: head.bound / batch,
            scale: head.scale / batch,
        };
        samples.zip(closed).map(amount).sum()
    }

    /// Σ over the cell's intermediate edges of what they hand on.
    pub fn handed_on(&self, t: usize) -> Amount {
        self.passages[t].iter().flatten().copied().sum()
    }

    /// ⟨∂L/∂x_j, Z_k o_k⟩ of an operation, and how far what its backward pass leaves may be from it.
    pub fn operation_cost(&self, t: usize, e: usize, operation: Operation) -> Option<Amount> {
        let seen = self.evaluation.trace.at(&crate::network::operation_key(t, e, operation))?;
        let roundings = self.arithmetic.gamma(seen.value.len() + 4 * Operation::ALL.len());
        let lost = self.arithmetic.tiny * seen.value.iter().map(|v| 1.0 + v.abs()).sum::<f64>();
        let traced = Amount::dot(&seen.gradient, &seen.value).off_by(roundings);
        Some(Amount { bound: traced.bound + lost, ..traced })
    }

    /// C of the skip on an edge, weighted.
    pub fn skip_cost(&self, t: usize, e: usize) -> f64 {
        let key = crate::network::operation_key(t, e, Operation::SkipConnect);
        self.evaluation.trace.at(&key).map_or(0.0, Seen::cost)
    }

    /// Z of the skip.
    pub fn has_skip(&self, t: usize, e: usize) -> bool {
        self.case.arch[t][[e, Operation::SkipConnect.index()]] != 0.0
    }

    /// The same run restricted to sample `b`. Only where no norm mixes samples do the identities of a
    /// batch hold for it.
    pub fn sample(&self, b: usize) -> Result<Self> {
        let slice = |_: &str, seen: &Seen| {
            if seen.shape.len() != 4 {
                return seen.clone();
            }
            let per_sample = seen.value.len() / seen.shape[0];
            let at = b * per_sample..(b + 1) * per_sample;
            let shape = [&[1], &seen.shape[1..]].concat();
            Seen { shape, value: seen.value[at.clone()].to_vec(), gradient: seen.gradient[at].to_vec() }
        };
        let from = &self.evaluation;
        let mut case = Case { expected: Default::default(), ..(*self.case).clone() };
        case.settings.input.n = 1;
        case.labels = vec![self.case.labels[b]];
        let row = |m: &Array2<f64>| m.slice(ndarray::s![b..b + 1, ..]).to_owned();
        let evaluation = Evaluation {
            losses: crate::network::Losses::new(row(&from.logits).view(), &case.labels),
            logits: row(&from.logits),
            bias_terms: vec![from.bias_terms[b]],
            z: from.z.clone(),
            operation_costs: from.operation_costs.clone(),
            trace: from.trace.map(slice),
            gradients: Vec::new(),
        };
        Self::part_of(Arc::new(case), evaluation, self.batch)
    }

    /// The trace.
    pub fn trace(&self) -> &Trace {
        &self.evaluation.trace
    }
}

impl<E: Element> Subject for NetworkObservation<E>
where
    Cpu: Backend<E>,
{
    type Case = Arc<Case>;
    type Element = E;
    const NAME: &'static str = if size_of::<E>() == 4 { "network in f32" } else { "network" };

    fn strategy() -> BoxedStrategy<Arc<Case>> {
        strategy::network::cases()
    }

    fn observe(case: &Arc<Case>) -> Result<Self> {
        Self::observe_on(case, &Cpu::default())
    }

    fn observe_on<D: Backend<E>>(case: &Arc<Case>, device: &D) -> Result<Self> {
        let case = in_elements::<E>(case);
        let evaluation = Evaluation::new::<E, D>(&case, device)?;
        let searched = Some(Evaluation::as_searched::<E, D>(&case, device)?);
        Ok(NetworkObservation { searched, ..Self::new(case, evaluation)? })
    }

    fn judge(check: &Check) -> Option<Judge<Self>> {
        let Check::Network(double, single) = check else { return None };
        super::in_elements_of([double, single])
    }

    fn features(case: &Arc<Case>) -> Features {
        strategy::histogram::network_features(case)
    }

    fn size(case: &Arc<Case>) -> usize {
        case.x.len() + case.parameters.values().map(Vec::len).sum::<usize>()
    }
}

/// The case with the numbers that elements of type `E` can hold.
fn in_elements<E: Element>(case: &Arc<Case>) -> Arc<Case> {
    let mut case = case.clone();
    if E::NAME != "f64" {
        let own = Arc::make_mut(&mut case);
        own.settings.norm.eps = E::of(own.settings.norm.eps).double();
        own.x = rounded::<E>(&own.x);
        own.parameters.values_mut().for_each(|values| *values = rounded::<E>(values));
        own.arch.iter_mut().chain(own.alpha.iter_mut().flatten()).for_each(|matrix| {
            matrix.mapv_inplace(|value| E::of(value).double());
        });
    }
    case
}
