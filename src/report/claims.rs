//! The table of claims.

use super::html::{count, escape, folded, row, table};
use crate::claim::record::{ClaimRecord, Verdict, Verdicts};
use std::fmt::Write as _;

const COLUMNS: [&str; 7] = ["Claim", "Statement", "Verdict", "Evidence", "Cases", "Worst ÷ bound", "Witness"];

/// The section on claims.
pub(super) fn section(verdicts: &Verdicts) -> String {
    let mut out = String::from("<section id=\"claims\"><h2>Claims</h2>\n");
    let _ = writeln!(
        out,
        "<p>{}, checked with seed {} by wirecost {}: {}.</p>",
        count(verdicts.claims.len(), "claim"),
        verdicts.seed,
        escape(&verdicts.version),
        tally(&verdicts.claims)
    );
    out += "<p class=\"quiet\">Worst ÷ bound is the largest residual over all cases, divided by the rounding error \
            that the derivation allows for that case: at most 1 where an identity holds.</p>\n";
    out += &table("claims", &COLUMNS);
    verdicts.claims.iter().for_each(|claim| out += &of_claim(claim));
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
    let unexpected = claims.iter().filter(|claim| claim.verdict != claim.expected).count();
    let agree = match unexpected {
        0 => "every verdict is the recorded one".into(),
        n => format!("<strong>{} differs from the recorded verdict</strong>", count(n, "claim")),
    };
    format!("{}; {agree}", parts.join(", "))
}

fn of_claim(claim: &ClaimRecord) -> String {
    let mut statement = escape(&claim.statement);
    if let Some(reading) = &claim.reading {
        let _ = write!(statement, "<p class=\"quiet\"><b>True as:</b> {}</p>", escape(reading));
    }
    if let Some(conditions) = &claim.conditions {
        let _ = write!(statement, "<p class=\"quiet\"><b>When:</b> {}</p>", escape(conditions));
    }
    let mut verdict = format!("<span class=\"verdict {0}\">{0}</span>", claim.verdict);
    if claim.verdict != claim.expected {
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
    let name = format!("<code>{}</code><p class=\"quiet\">{}</p>", escape(&claim.id), escape(&claim.source));
    let cells = [name, statement, verdict, format!("<ul>{}</ul>", evidence.concat())];
    let numbers = [claim.cases.to_string(), ratio + &bound, witness];
    let cells: Vec<_> = COLUMNS.into_iter().zip(cells.into_iter().chain(numbers)).collect();
    row(&claim.id, &cells)
}

/// Three digits, whatever the size.
fn ratio(value: f64) -> String {
    if value == 0.0 || (0.001..1000.0).contains(&value.abs()) { format!("{value:.3}") } else { format!("{value:.2e}") }
}
