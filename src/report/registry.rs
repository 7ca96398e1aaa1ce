//! `claims.html` and `claims.md`: every claim with its verdict, then the errata, then the witnesses.

use super::{
    Page, Result, claims, folder,
    html::{document, escape},
};
use crate::claim::record::{ClaimRecord, Verdict, Verdicts};
use serde_json::Value;
use std::{collections::BTreeMap, fmt::Write as _, path::Path};

/// What the errata are, in a sentence.
const ERRATA: &str = "Slips in printed formulas, each with what is meant and numbers that show it. The \
supplement was read from a machine transcription; a slip may be the transcription's.";

/// Writes the claims' page into `out`; `command` is what the user typed.
///
/// # Errors
/// As [`write()`](super::write()).
pub fn write_claims(out: &Path, verdicts: &Verdicts, command: &str) -> Result<Page> {
    let earlier = folder::inspect(out)?;
    let files: BTreeMap<String, Vec<u8>> = [
        ("claims.html", html(verdicts, command).into_bytes()),
        ("claims.json", folder::json(verdicts)),
        ("claims.md", markdown(verdicts, command).into_bytes()),
    ]
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .into();
    folder::replace(out, earlier, &[], command, files)
}

fn errata(verdicts: &Verdicts) -> impl Iterator<Item = &ClaimRecord> {
    verdicts.claims.iter().filter(|claim| claim.erratum)
}

fn html(verdicts: &Verdicts, command: &str) -> String {
    let mut body = format!(
        "<header><h1>Claims of the paper</h1>\n<p><i>Understanding the wiring evolution in differentiable neural \
         architecture search</i> (Xie et al., AISTATS 2021): every statement, its verdict and the evidence.</p>\n<dl>\
         <dt>Command</dt><dd><code>{}</code></dd><dt>Version</dt><dd>wirecost {}</dd></dl></header>\n",
        escape(command),
        escape(&verdicts.version)
    );
    body += &claims::section(verdicts, &[]);
    let _ = write!(body, "<section id=\"errata\"><h2>Errata</h2>\n<p>{ERRATA}</p>\n<ul>");
    for claim in errata(verdicts) {
        let _ = write!(
            body,
            "<li><a href=\"#{0}\"><code>{0}</code></a>, {1}. Printed: {2}. Meant: {3}.<pre>{4}</pre></li>",
            escape(&claim.id),
            escape(&claim.source),
            escape(&claim.statement),
            escape(claim.reading.as_deref().unwrap_or_default()),
            escape(&claim.witness.as_ref().map(lines).unwrap_or_default())
        );
    }
    document("Claims of the paper", &(body + "</ul></section>\n"))
}

fn markdown(verdicts: &Verdicts, command: &str) -> String {
    let mut out = format!(
        "# Claims of the paper\n\nWritten by `{command}`, wirecost {}. {}\n\n{}\n\n",
        verdicts.version,
        claims::summary(verdicts),
        claims::RATIO
    );
    out += "| Claim | Source | Statement | Verdict | Evidence | Worst ÷ bound | Cases | Witness |\n";
    out += "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for claim in &verdicts.claims {
        let mut statement = cell(&claim.statement);
        let more = [("True as", &claim.reading), ("When", &claim.conditions)];
        for (what, text) in more.into_iter().filter_map(|(what, text)| Some((what, text.as_ref()?))) {
            let _ = write!(statement, "<br>*{what}:* {}", cell(text));
        }
        let evidence: Vec<String> = claim.evidence.iter().map(|text| cell(text)).collect();
        let _ = writeln!(
            out,
            "| `{0}` | {1} | {statement} | {2}{3} | {4} | {5} | {6} | {7} |",
            claim.id,
            cell(&claim.source),
            claim.verdict,
            if claim.deviates() { format!(" (recorded: {})", claim.expected) } else { String::new() },
            evidence.join("; "),
            claim.worst_ratio.map_or_else(|| "–".into(), claims::ratio),
            if claim.verdict == Verdict::NotRun { "–".into() } else { claim.cases.to_string() },
            if claim.witness.is_some() { format!("[show](#{})", claim.id) } else { "–".into() }
        );
    }
    let _ = writeln!(out, "\n## Errata\n\n{ERRATA}\n");
    for claim in errata(verdicts) {
        let reading = claim.reading.as_deref().unwrap_or_default();
        let _ = writeln!(
            out,
            "- {}: printed *{}*; meant: {} ([numbers](#{}))",
            claim.source, claim.statement, reading, claim.id
        );
    }
    out += "\n## Witnesses\n\nSmall examples, recomputed by the command above; for trends, the runs.\n";
    for claim in &verdicts.claims {
        if let Some(witness) = &claim.witness {
            let _ = write!(out, "\n### {}\n\n```json\n{}\n```\n", claim.id, lines(witness));
        }
    }
    out
}

/// Text that is safe in a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*").replace('<', "&lt;")
}

/// An object as one line for each of its entries.
fn lines(value: &Value) -> String {
    let Value::Object(entries) = value else { return value.to_string() };
    let line = |(name, value): (&String, &Value)| format!("  {}: {value}", Value::from(name.as_str()));
    format!("{{\n{}\n}}", entries.iter().map(line).collect::<Vec<_>>().join(",\n"))
}
