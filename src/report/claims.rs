//! The table of claims.

use super::{
    Plate,
    html::{count, escape, folded, row, table},
    page::anchor,
};
use crate::claim::record::{ClaimRecord, Verdict, Verdicts};
use std::fmt::Write as _;

const COLUMNS: [&str; 7] = ["Claim", "Statement", "Verdict", "Evidence", "Cases", "Worst ÷ bound", "Witness"];

/// What the ratio is.
pub(super) const RATIO: &str = "Worst ÷ bound is the largest residual over all cases, divided by the rounding error that \
the derivation allows for that case: at most 1 where an identity holds.";

/// "114 claims, checked with seed 0 by wirecost 0.1.0: …"
pub(super) fn summary(verdicts: &Verdicts) -> String {
    let claims = count(verdicts.claims.len(), "claim");
    format!(
        "{claims}, checked with seed {} by wirecost {}: {}.",
        verdicts.seed,
        verdicts.version,
        tally(&verdicts.claims)
    )
}

/// The section on claims.
pub(super) fn section(verdicts: &Verdicts, plates: &[Plate]) -> String {
    let mut out = String::from("<section id=\"claims\"><h2>Claims</h2>\n");
    let _ = write!(out, "<p>{}</p>\n<p class=\"quiet\">{RATIO}</p>\n", escape(&summary(verdicts)));
    out += &table("claims", &COLUMNS);
    verdicts.claims.iter().for_each(|claim| out += &of_claim(claim, plates));
    out + "</tbody></table></section>\n"
}

/// "5 holds, 1 refuted".
fn tally(claims: &[ClaimRecord]) -> String {
    use Verdict::*;
    let of = |verdict| claims.iter().filter(|claim| claim.verdict == verdict).count();
    let parts: Vec<String> = [Holds, HoldsWhen, Refuted, Reproduced, NotReproduced, NotRun]
        .into_iter()
        .filter(|&verdict| of(verdict) > 0)
        .map(|verdict| format!("{} {verdict}", of(verdict)))
        .collect();
    let unexpected = claims.iter().filter(|claim| claim.deviates()).count();
    let agree = match unexpected {
        0 => "every verdict is the recorded one".into(),
        n => format!("{} differs from the recorded verdict", count(n, "claim")),
    };
    format!("{}; {agree}", parts.join(", "))
}

fn of_claim(claim: &ClaimRecord, plates: &[Plate]) -> String {
    let mut statement = escape(&claim.statement);
    if let Some(reading) = &claim.reading {
        let _ = write!(statement, "<p class=\"quiet\"><b>True as:</b> {}</p>", escape(reading));
    }
    if let Some(conditions) = &claim.conditions {
        let _ = write!(statement, "<p class=\"quiet\"><b>When:</b> {}</p>", escape(conditions));
    }
    let mut verdict = format!("<span class=\"verdict {0}\">{0}</span>", claim.verdict);
    if claim.deviates() {
        let _ = write!(verdict, "<p><strong>recorded: {}</strong></p>", claim.expected);
    }
    let ratio = claim.worst_ratio.map_or_else(|| "–".into(), ratio);
    let bound = if claim.bound.is_empty() {
        String::new()
    } else {
        format!("<details><summary>bound</summary><p>{}</p></details>", escape(&claim.bound))
    };
    let witness = claim.witness.as_ref().map_or_else(|| "–".into(), |value| folded("show", value));
    let evidence: Vec<String> = claim.evidence.iter().map(|text| format!("<li>{}</li>", escape(text))).collect();
    let name = format!("<code>{}</code><p class=\"quiet\">{}</p>", escape(&claim.id), source(claim, plates));
    let cells = [name, statement, verdict, format!("<ul>{}</ul>", evidence.concat())];
    let numbers = [claim.cases.to_string(), ratio + &bound, witness];
    let cells: Vec<_> = COLUMNS.into_iter().zip(cells.into_iter().chain(numbers)).collect();
    row(&claim.id, &cells)
}

/// Where the claim stands, with a link to its figure.
fn source(claim: &ClaimRecord, plates: &[Plate]) -> String {
    let number = claim.source.strip_prefix("Fig. ").and_then(|number| number.parse().ok());
    let plate = plates.iter().find(|plate| number.is_some() && plate.figure.entry.number() == number);
    let source = escape(&claim.source);
    plate.map_or(source.clone(), |plate| format!("<a href=\"#{}\">{source}</a>", anchor(&plate.file)))
}

/// Three digits, whatever the size.
pub(super) fn ratio(value: f64) -> String {
    if value == 0.0 || (0.001..1000.0).contains(&value.abs()) { format!("{value:.3}") } else { format!("{value:.2e}") }
}
