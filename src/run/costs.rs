//! Cost of each operation on each edge, over the batches of an epoch.

use serde::{Deserialize, Serialize};

/// A line of `costs.jsonl`: C(X) = ⟨∂L/∂X, X⟩ of one operation's weighted output on one edge, over
/// the batches of the epoch in which that operation was on that edge. In nats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CostRecord {
    /// Epoch, from 0.
    pub epoch: usize,
    /// Cell, from the stem.
    pub cell: usize,
    /// Edge, a position in `cell.edges` of the manifest.
    pub edge: usize,
    /// Operation, a position in `operations` of the manifest.
    pub operation: usize,
    /// Batches.
    pub count: usize,
    /// Mean over the batches.
    pub mean: f64,
    /// Sample standard deviation (n − 1); 0 for one batch.
    pub std: f64,
    /// Standard error of the mean: std / √count.
    pub stderr: f64,
}

impl CostRecord {
    /// The name of a field that is not a finite number.
    pub(super) fn not_finite(&self) -> Option<(&'static str, f64)> {
        [("mean", self.mean), ("std", self.std), ("stderr", self.stderr)].into_iter().find(|(_, v)| !v.is_finite())
    }
}

/// Collects an epoch's costs (Welford's running mean and variance).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CostAccumulator {
    edges: usize,
    operations: usize,
    moments: Vec<Moments>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Moments {
    count: usize,
    mean: f64,
    /// Σ (x − mean)².
    squares: f64,
}

impl CostAccumulator {
    /// Nothing collected yet.
    pub fn new(cells: usize, edges: usize, operations: usize) -> Self {
        CostAccumulator { edges, operations, moments: vec![Moments::default(); cells * edges * operations] }
    }

    /// Adds one batch's cost of `operation` on `edge` of `cell`. The order of the calls is part of
    /// the result's last bits.
    ///
    /// # Panics
    /// If an index is out of range.
    pub fn push(&mut self, cell: usize, edge: usize, operation: usize, cost: f64) {
        assert!(edge < self.edges && operation < self.operations, "edge {edge}, operation {operation}");
        let at = &mut self.moments[(cell * self.edges + edge) * self.operations + operation];
        at.count += 1;
        let before = cost - at.mean;
        at.mean += before / at.count as f64;
        at.squares += before * (cost - at.mean);
    }

    /// The records of `epoch`, ordered by cell, edge, operation, without those that never occurred;
    /// empties the accumulator.
    pub fn take(&mut self, epoch: usize) -> Vec<CostRecord> {
        let (edges, operations) = (self.edges, self.operations);
        let records = self.moments.iter().enumerate().filter(|(_, m)| m.count > 0).map(|(index, m)| {
            let std = if m.count > 1 { (m.squares / (m.count - 1) as f64).sqrt() } else { 0.0 };
            CostRecord {
                epoch,
                cell: index / operations / edges,
                edge: index / operations % edges,
                operation: index % operations,
                count: m.count,
                mean: m.mean,
                std,
                stderr: std / (m.count as f64).sqrt(),
            }
        });
        let records = records.collect();
        self.moments.fill(Moments::default());
        records
    }
}
