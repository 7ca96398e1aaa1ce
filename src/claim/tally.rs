//! How a claim fared over many cases.

use super::{
    Claim, Statistic,
    judgement::Judgement,
    record::{ClaimRecord, Verdict},
    witness::Witness,
};
use crate::trend::{Finding, Sighting};
use serde_json::Value;

/// Counts and extremes of a claim's judgements; one case counts once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Cases judged under the claim's condition.
    pub cases: u64,
    /// Cases in which the condition is not met, or rounding drowns the statement.
    pub apart: u64,
    /// Worst residual ÷ bound of the cases judged.
    pub worst: f64,
    /// Cases judged with a ratio above 1.
    pub violations: u64,
    /// Cases outside the condition with a ratio above 1.
    pub outside: u64,
    /// Size and number of the smallest violation.
    pub smallest: Option<(usize, u64)>,
}

/// The worst ratio of a case's judgements, under the condition and outside of it.
pub fn worst(judgements: &[Judgement]) -> [Option<f64>; 2] {
    let worst = |applies: bool| {
        let ratios = judgements.iter().filter(|j| j.applies == applies && j.is_meaningful()).map(|j| j.ratio());
        ratios.fold(None, |worst: Option<f64>, ratio| Some(worst.map_or(ratio, |w| w.max(ratio))))
    };
    [worst(true), worst(false)]
}

impl Tally {
    /// Adds case number `index` of size `size`.
    pub fn add(&mut self, index: u64, size: usize, [inside, outside]: [Option<f64>; 2]) {
        match inside {
            None => self.apart += 1,
            Some(ratio) => {
                self.cases += 1;
                self.worst = self.worst.max(ratio);
                if ratio > 1.0 {
                    self.violations += 1;
                    if self.smallest.is_none_or(|best| (size, index) < best) {
                        self.smallest = Some((size, index));
                    }
                }
            }
        }
        self.outside += u64::from(outside.is_some_and(|ratio| ratio > 1.0));
    }

    /// Adds the cases of another kind, with numbers of their own.
    pub fn merge(&mut self, other: &Tally) {
        *self = Tally {
            cases: self.cases + other.cases,
            apart: self.apart + other.apart,
            worst: self.worst.max(other.worst),
            violations: self.violations + other.violations,
            outside: self.outside + other.outside,
            smallest: None,
        };
    }

    /// A statistic counts as one judgement.
    pub fn of_statistic(statistic: &Statistic) -> Self {
        Tally {
            cases: statistic.cases,
            worst: statistic.ratio,
            violations: u64::from(statistic.ratio > 1.0),
            ..Tally::default()
        }
    }

    /// The verdict: a violation refutes; a claim with a condition needs a violation outside of it.
    pub fn verdict(&self, claim: &Claim, witness: Option<&Witness>) -> Verdict {
        let shown = witness.is_some_and(|witness| witness.ratio > 1.0);
        match claim.conditions {
            _ if self.violations > 0 => Verdict::Refuted,
            None if shown => Verdict::Refuted,
            _ if self.cases == 0 => Verdict::NotRun,
            Some(_) if self.outside > 0 || shown => Verdict::HoldsWhen,
            _ => Verdict::Holds,
        }
    }

    /// The record of `claim`.
    pub fn record(&self, claim: &Claim, witness: Option<&Witness>, statistic: Option<&Statistic>) -> ClaimRecord {
        let mut evidence: Vec<String> = claim.evidence.iter().map(ToString::to_string).collect();
        if let Some(statistic) = statistic {
            evidence.push(statistic.summary.clone());
        }
        let share = |count: u64, of: u64, what: &str| (count > 0).then(|| format!("{what} in {count} of {of} cases"));
        evidence.extend(share(self.violations, self.cases, "violated").filter(|_| statistic.is_none()));
        evidence.extend(share(self.outside, self.outside.max(self.apart), "violated outside the condition"));
        let verdict = self.verdict(claim, witness);
        ClaimRecord {
            id: claim.id.into(),
            source: claim.source.into(),
            statement: claim.statement.into(),
            verdict,
            expected: claim.expected,
            evidence,
            cases: self.cases,
            // How far a false statement is from its bound says nothing.
            worst_ratio: (self.cases > 0 && verdict != Verdict::Refuted).then_some(self.worst),
            bound: claim.bound.into(),
            witness: witness.map(|witness| witness.shown.clone()),
            reading: claim.reading.map(Into::into),
            conditions: claim.conditions.map(Into::into),
            erratum: claim.erratum,
        }
    }
}

/// The record of a claim that runs decide; their numbers stand where a witness does.
pub fn of_trend(claim: &Claim, finding: Option<Finding>) -> ClaimRecord {
    let seeds = finding.as_ref().map_or(0, |finding| finding.seeds as u64);
    let mut record = Tally { cases: seeds, ..Tally::default() }.record(claim, None, None);
    record.worst_ratio = None;
    record.verdict = Verdict::of(finding.as_ref());
    if let Some(finding) = finding {
        record.evidence.push(finding.summary());
        let runs = finding.groups.into_iter().map(|group| {
            let numbers = |(run, seen): (String, Sighting)| (run, seen.to_string().into());
            (group.command, Value::Object(group.runs.into_iter().map(numbers).collect()))
        });
        record.witness = Some(Value::Object(runs.collect()));
    }
    record
}
