//! Runs of one setting, and what they have in common.

use crate::{
    run::{EpochMetrics, RunFolder},
    trend::{Estimate, statistic},
};
use ndarray::Array2;
use std::collections::BTreeMap;

/// Runs that differ in their seed alone, by seed; at least one.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// The runs.
    pub runs: Vec<&'a RunFolder>,
}

impl<'a> Group<'a> {
    /// Sorts `runs` into groups, in the order of their first runs.
    pub fn all(runs: impl IntoIterator<Item = &'a RunFolder>) -> Vec<Group<'a>> {
        let sorted = |mut runs: Vec<&'a RunFolder>| {
            runs.sort_by_key(|run| run.manifest.seed);
            Group { runs }
        };
        RunFolder::by_setting(runs).into_iter().map(sorted).collect()
    }

    /// The run that stands for what all have in common.
    pub fn first(&self) -> &'a RunFolder {
        self.runs[0]
    }

    /// The name of its first run's folder, without the seed that `wirecost reproduce` puts there.
    pub fn name(&self) -> String {
        let (run, seed) = (self.first().name(), format!("-seed{}", self.first().manifest.seed));
        run.strip_suffix(&seed).map_or_else(|| run.clone(), String::from)
    }

    /// Epochs that all of them have.
    pub fn epochs(&self) -> usize {
        self.runs.iter().map(|run| run.epochs()).min().unwrap_or(0)
    }

    /// Over seeds, `number` of each run.
    pub fn estimate(&self, number: impl Fn(&RunFolder) -> f64) -> Estimate {
        Estimate::of_finite(self.runs.iter().map(|run| number(run)))
    }

    /// By epoch, `number` of each run's metrics of `set`; an epoch without any is left out.
    pub fn curve(&self, set: &str, number: impl Fn(&EpochMetrics) -> Option<f64>) -> Vec<(usize, Estimate)> {
        let mut epochs: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        let lines = self.runs.iter().flat_map(|run| run.metrics.iter()).filter(|m| m.set == set);
        for (epoch, value) in lines.filter_map(|m| Some((m.epoch, number(m)?))) {
            epochs.entry(epoch).or_default().push(value);
        }
        epochs.into_iter().map(|(epoch, values)| (epoch, Estimate::of_finite(values))).collect()
    }

    /// First and last epoch with costs, in all of them.
    pub fn cost_epochs(&self) -> Option<[usize; 2]> {
        let epochs: Option<Vec<_>> = self.runs.iter().map(|run| statistic::cost_epochs(run)).collect();
        epochs?.into_iter().reduce(|a, b| [a[0].max(b[0]), a[1].min(b[1])])
    }

    /// Mean cost `[edges, operations]` of `epoch`, over batches and cells, then over seeds.
    pub fn mean_cost(&self, epoch: usize) -> Array2<Estimate> {
        let costs: Vec<_> = self.runs.iter().map(|run| statistic::mean_cost(run, epoch)).collect();
        Array2::from_shape_fn(costs[0].dim(), |at| Estimate::of_finite(costs.iter().map(|cost| cost[at])))
    }

    /// "seed 0", "seeds 0, 1 and 2".
    pub fn seeds(&self) -> String {
        statistic::listed("seed", &self.runs.iter().map(|run| run.manifest.seed).collect::<Vec<_>>())
    }

    /// How several seeds are shown; nothing for one.
    pub fn bands(&self) -> Option<String> {
        (self.runs.len() > 1).then(|| format!("mean of {} seeds, ± its standard error", self.runs.len()))
    }
}
