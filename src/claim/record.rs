//! What `wirecost verify --json` prints, and a report reads.

use crate::trend::Finding;
use serde::{Deserialize, Serialize};
use std::fmt;

/// All verdicts of one `verify`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdicts {
    /// One record for each claim, in the paper's order.
    pub claims: Vec<ClaimRecord>,
    /// The seed of the drawn cases.
    pub seed: u64,
    /// Version of wirecost.
    pub version: String,
}

impl Verdicts {
    /// What `recorded` says of trends, in the place of verdicts on them.
    pub fn take_trends(&mut self, recorded: &Verdicts) {
        for claim in self.claims.iter_mut().filter(|claim| claim.is_trend()) {
            if let Some(ClaimRecord { verdict, evidence, cases, witness, .. }) =
                recorded.claims.iter().find(|record| record.id == claim.id).cloned()
            {
                *claim = ClaimRecord { verdict, evidence, cases, witness, ..claim.clone() };
            }
        }
    }
}

/// A claim and how it fared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimRecord {
    /// Stable name in kebab-case, for instance `eq10-bn-zero-cost`.
    pub id: String,
    /// Equation, theorem or figure of the paper.
    pub source: String,
    /// The claim in one sentence, as the paper states it.
    pub statement: String,
    /// What was found.
    pub verdict: Verdict,
    /// What is recorded as the right verdict.
    pub expected: Verdict,
    /// Kinds of evidence: proved, property-tested, cross-checked, measured; each with its reference.
    pub evidence: Vec<String>,
    /// Cases judged.
    pub cases: u64,
    /// Worst residual ÷ bound over the cases; at most 1 where an identity holds. None if not a number.
    pub worst_ratio: Option<f64>,
    /// Where the bound comes from.
    pub bound: String,
    /// The smallest counterexample, or a case that shows that the condition is needed.
    pub witness: Option<serde_json::Value>,
    /// The statement as it has to be read to be true, where that differs.
    #[serde(default)]
    pub reading: Option<String>,
    /// When it holds, for `holds-when`.
    #[serde(default)]
    pub conditions: Option<String>,
    /// Whether it is a slip in a printed formula.
    #[serde(default)]
    pub erratum: bool,
}

/// Fewer runs than these do not overturn what is recorded of a trend.
const SEEDS: u64 = 5;

impl ClaimRecord {
    /// Whether the claim is about what runs show.
    pub fn is_trend(&self) -> bool {
        matches!(self.expected, Verdict::Reproduced | Verdict::NotReproduced)
    }

    /// Whether the verdict contradicts the recorded one. A trend without runs, or with fewer than five,
    /// contradicts nothing.
    pub fn deviates(&self) -> bool {
        self.verdict != self.expected && !(self.is_trend() && self.cases < SEEDS)
    }
}

/// The verdict on a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// An exact identity, within the derived bound, on all cases.
    Holds,
    /// The same under a stated condition, with a witness that it is needed.
    HoldsWhen,
    /// False as the paper states it, with a witness.
    Refuted,
    /// A trend that appeared, over stated seeds.
    Reproduced,
    /// A trend that did not.
    NotReproduced,
    /// Not checked this time.
    NotRun,
}

impl Verdict {
    /// Of what runs show of a trend.
    pub fn of(finding: Option<&Finding>) -> Self {
        match finding {
            None => Verdict::NotRun,
            Some(finding) if finding.reproduced => Verdict::Reproduced,
            Some(_) => Verdict::NotReproduced,
        }
    }

    /// The word that JSON carries.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::HoldsWhen => "holds-when",
            Verdict::Refuted => "refuted",
            Verdict::Reproduced => "reproduced",
            Verdict::NotReproduced => "not-reproduced",
            Verdict::NotRun => "not-run",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::*;

    #[test]
    fn json_and_text_agree() {
        for verdict in [Holds, HoldsWhen, Refuted, Reproduced, NotReproduced, NotRun] {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.as_str());
        }
    }
}
