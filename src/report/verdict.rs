//! What the runs of a figure say of it, on the page and in the table for a README.

use super::{
    Plate,
    html::{count, escape, folded},
};
use crate::{
    claim::record::Verdict,
    figure::{Entry, Figure},
    trend::{Finding, Trend},
};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// "9 of 10 runs", those that show a trend; a dash where none could.
pub(super) fn seen(finding: Option<&Finding>) -> String {
    finding.map_or("–".into(), |finding| format!("{} of {}", finding.appeared, count(finding.seeds, "run")))
}

/// A paragraph for each trend of the figure.
pub(super) fn paragraphs(findings: &[(Trend, Option<Finding>)]) -> String {
    let mut out = String::new();
    for (trend, finding) in findings {
        let verdict = Verdict::of(finding.as_ref());
        let found = match finding {
            None => "These runs are not set up as the figure's are, so they decide nothing.".into(),
            Some(found) => format!("Seen in {}. {}", seen(finding.as_ref()), folded("each run", &numbers(found))),
        };
        let _ = write!(
            out,
            "<div class=\"judged\"><p><span class=\"verdict {verdict}\">{verdict}</span> <b>The paper:</b> {}.</p>\
             <p class=\"quiet\">Decided in each run: {}.</p><div>{found}</div></div>",
            escape(trend.statement),
            escape(trend.decided)
        );
    }
    out
}

/// What each run shows.
fn numbers(finding: &Finding) -> Value {
    let runs = finding.groups.iter().flat_map(|group| &group.runs);
    Value::Object(runs.map(|(run, seen)| (run.clone(), seen.to_string().into())).collect::<Map<_, _>>())
}

/// One row for each figure: whether the runs reproduced it, and on which data.
pub(super) fn markdown(plates: &[Plate], missing: &[&Entry]) -> String {
    let mut rows: Vec<(&str, String)> = plates.iter().map(|plate| (plate.figure.entry.name, row(plate))).collect();
    rows.extend(missing.iter().map(|entry| (entry.name, line(&entry.heading(), entry.title, "not run", "", ""))));
    // In the paper's order; the phase diagram last.
    rows.sort_by_key(|(name, _)| *name);
    let head = "| figure | what one should see | verdict | seen in | data |\n| --- | --- | --- | --- | --- |\n";
    rows.into_iter().fold(head.into(), |out, (_, row)| out + &row)
}

/// "digits, minimal cell": what the figure's runs searched on.
pub(super) fn data(figure: &Figure) -> String {
    figure.runs().next().map_or(String::new(), |run| {
        let cell = run.manifest.config["cell"].as_str().map_or(String::new(), |cell| format!(", {cell} cell"));
        run.manifest.data.name.clone() + &cell
    })
}

fn row(Plate { figure, file, findings, .. }: &Plate) -> String {
    let heading = format!("[{}]({file})", figure.entry.heading());
    let data = &data(figure);
    if findings.is_empty() {
        let from = if figure.groups.is_empty() { "drawn from the code" } else { "no verdict" };
        return line(&heading, figure.entry.title, from, "", data);
    }
    let each =
        |cell: fn(&(Trend, Option<Finding>)) -> String| findings.iter().map(cell).collect::<Vec<_>>().join("<br>");
    line(
        &heading,
        &each(|(trend, _)| trend.statement.into()),
        &each(|(_, finding)| Verdict::of(finding.as_ref()).to_string()),
        &each(|(_, finding)| seen(finding.as_ref())),
        data,
    )
}

fn line(figure: &str, statement: &str, verdict: &str, seen: &str, data: &str) -> String {
    format!("| {figure} | {statement} | {verdict} | {seen} | {data} |\n")
}
