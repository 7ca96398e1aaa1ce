//! The rules that derive a cell from α.

use super::softmax_rows;
use crate::{cell::Topology, operation::Operation};
use ndarray::{ArrayView1, ArrayView2};
use std::{fmt, str::FromStr};

/// Which operation stays on an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The largest p, none included: the paper's topology with the largest probability.
    Largest,
    /// The largest p but for none.
    LargestWithoutNone,
    /// As before, and of the edges into a node only the two with the largest such p (Liu et al., 2018).
    DartsTop2,
}

impl Rule {
    /// All of them.
    pub const ALL: [Rule; 3] = [Rule::Largest, Rule::LargestWithoutNone, Rule::DartsTop2];

    /// The name used everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Largest => "largest",
            Rule::LargestWithoutNone => "largest-without-none",
            Rule::DartsTop2 => "darts-top-2",
        }
    }

    /// The operation of each edge from the logits `[edges, operations]`; the first of equals. An edge
    /// that can only be none stays none.
    pub fn derive(self, logits: ArrayView2<f64>, topology: &Topology) -> Vec<Operation> {
        let p = softmax_rows(logits);
        let skipped = usize::from(self != Rule::Largest);
        let best: Vec<_> = p.outer_iter().map(|row| largest(row, skipped)).collect();
        let mut cell: Vec<_> = best.iter().map(|(operation, _)| *operation).collect();
        if self == Rule::DartsTop2 {
            for node in 0..topology.nodes() {
                let mut edges: Vec<_> = topology.into_node(node).collect();
                edges.sort_by(|a, b| best[*b].1.total_cmp(&best[*a].1));
                edges.into_iter().skip(2).for_each(|edge| cell[edge] = Operation::None);
            }
        }
        cell
    }
}

/// The first largest of the operations from `first` on, and its p; none if all are 0.
fn largest(p: ArrayView1<f64>, first: usize) -> (Operation, f64) {
    let better = |best: (Operation, f64), k: usize| if p[k] > best.1 { (Operation::ALL[k], p[k]) } else { best };
    (first..p.len()).fold((Operation::None, 0.0), better)
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Rule::name).join(", ");
        let found = Self::ALL.into_iter().find(|rule| rule.name() == name);
        found.ok_or_else(|| format!("unknown rule '{name}'; known: {}", known()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Operation::{None, SepConv3x3, SkipConnect};
    use ndarray::Array2;

    /// The minimal cell: p(none) is largest on edges 0 and 4; edge 3 is the weakest into node 3.
    fn logits() -> Array2<f64> {
        let mut logits = Array2::zeros((5, 8));
        for (edge, k, value) in
            [(0, 0, 3.0), (0, 1, 1.0), (1, 4, 2.0), (2, 1, 2.0), (3, 4, 0.5), (4, 0, 1.5), (4, 4, 1.4)]
        {
            logits[[edge, k]] = value;
        }
        logits
    }

    #[test]
    fn each_rule_keeps_what_it_says() {
        let (logits, minimal) = (logits(), Topology::minimal());
        let derive = |rule: Rule| rule.derive(logits.view(), &minimal);
        assert_eq!(derive(Rule::Largest), [None, SepConv3x3, SkipConnect, SepConv3x3, None]);
        assert_eq!(derive(Rule::LargestWithoutNone), [SkipConnect, SepConv3x3, SkipConnect, SepConv3x3, SepConv3x3]);
        assert_eq!(derive(Rule::DartsTop2), [SkipConnect, SepConv3x3, SkipConnect, None, SepConv3x3]);
        let mut only_none = Array2::from_elem((5, 8), super::super::FORBIDDEN);
        only_none.column_mut(0).fill(0.0);
        Rule::ALL.iter().for_each(|rule| assert_eq!(rule.derive(only_none.view(), &minimal), [None; 5]));
    }

    #[test]
    fn the_first_of_equals_is_taken() {
        let logits = ndarray::array![[0.0, 1.0, 2.0, -1.0, 0.5, 2.0, 0.0, 0.0]];
        let one = Topology::new(3, vec![[0, 2]], vec![]).unwrap();
        assert_eq!(Rule::Largest.derive(logits.view(), &one), [Operation::MaxPool3x3]);
    }
}
