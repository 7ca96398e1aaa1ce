//! `index.html`: the figures in the paper's order, then the runs, then the claims.

use super::{
    Content, Plate, claims,
    html::{count, document, escape, row, table},
    settings, verdict,
};
use crate::{
    claim::record::Verdict,
    figure::{Entry, Group, Section, catalogue},
    trend::Finding,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt::Write as _;

/// A figure of more runs than these links to their settings only.
const MANY: usize = 15;

/// The page, complete in itself.
pub(super) fn render(content: &Content, plates: &[Plate], missing: &[&Entry]) -> String {
    let groups = Group::all(content.runs);
    let mut out = head(content, plates, &groups);
    let mut sections: Vec<Section> = catalogue().iter().map(|entry| entry.section).collect();
    sections.dedup();
    for section in sections {
        let inside: Vec<_> = plates.iter().filter(|plate| plate.figure.entry.section == section).collect();
        if !inside.is_empty() {
            let _ = writeln!(out, "<section><h2>{}</h2>", section.title());
            inside.iter().for_each(|plate| out += &of_plate(plate, &groups));
            out += "</section>\n";
        }
    }
    out += &of_missing(missing);
    if !groups.is_empty() {
        out += &settings::section(&groups);
    }
    if let Some(verdicts) = content.claims {
        out += &claims::section(verdicts, plates);
    }
    document("wirecost report", &out)
}

fn head(content: &Content, plates: &[Plate], groups: &[Group]) -> String {
    let claims = content.claims.map_or_else(
        || "no claims checked".into(),
        |verdicts| format!("<a href=\"#claims\">{}</a> checked", count(verdicts.claims.len(), "claim")),
    );
    let runs = match groups.len() {
        0 => "no runs".into(),
        n => format!("<a href=\"#runs\">{}</a> of {}", count(content.runs.len(), "run"), count(n, "setting")),
    };
    let mut out = format!(
        "<header><h1>wirecost report</h1>\n<p><i>Understanding the wiring evolution in differentiable neural architecture \
         search</i> (Xie et al., AISTATS 2021): {claims}, {runs}, {}. Every number below is computed from the files of a \
         run or of a check; the commands make them again.</p>\n<dl><dt>Command</dt><dd><code>{}</code></dd>\
         <dt>Version</dt><dd>wirecost {}</dd></dl>\n",
        count(plates.len(), "figure"),
        escape(content.command),
        env!("CARGO_PKG_VERSION"),
    );
    let columns = ["Figure", "Shows", "Verdict", "Seen in", "Runs on"];
    out += &table("figures", &columns);
    for Plate { figure, file, findings, .. } in plates {
        let link = format!("<a href=\"#{}\">{}</a>", anchor(file), figure.entry.heading());
        let each = |cell: &dyn Fn(Option<&Finding>) -> String| {
            findings.iter().map(|(_, finding)| format!("<p>{}</p>", cell(finding.as_ref()))).collect::<String>()
        };
        let badge = each(&|finding| {
            let verdict = Verdict::of(finding);
            format!("<span class=\"verdict {verdict}\">{verdict}</span>")
        });
        let seen = each(&verdict::seen);
        let cells = [link, escape(figure.entry.title), badge, seen, escape(&verdict::data(figure))];
        out += &row("", &columns.into_iter().zip(cells).collect::<Vec<_>>());
    }
    out + "</tbody></table></header>\n"
}

/// The anchor of the figure in `file`.
pub(super) fn anchor(file: &str) -> &str {
    file.trim_end_matches(".png")
}

fn of_plate(Plate { figure, file, png, findings }: &Plate, groups: &[Group]) -> String {
    let entry = figure.entry;
    let heading = escape(&format!("{} · {}", entry.heading(), entry.title));
    let mut out = format!(
        "<figure id=\"{}\"><h3>{heading}</h3><div class=\"plate\" tabindex=\"0\"><img alt=\"{heading}\" \
         src=\"data:image/png;base64,{}\"></div><figcaption>",
        anchor(file),
        STANDARD.encode(png)
    );
    if !entry.caption.is_empty() {
        let _ = write!(out, "<p>{}</p>", escape(entry.caption));
    }
    out += &verdict::paragraphs(findings);
    let runs: Vec<_> = figure.runs().collect();
    let links: Vec<String> = match runs.len() {
        n if n > MANY => figure
            .groups
            .iter()
            .map(|group| {
                let anchor = settings::anchor(groups, group.first());
                format!("<a href=\"#{anchor}\">{}</a>", anchor.replace("setting", "setting "))
            })
            .collect(),
        _ => runs.iter().map(|run| settings::manifest_link(run)).collect(),
    };
    if !links.is_empty() {
        let _ = write!(out, "<p class=\"quiet\">Manifests: {}.</p>", links.join(", "));
    }
    let _ = writeln!(out, "<p class=\"quiet\">File: {}</p></figcaption></figure>", escape(file));
    out
}

fn of_missing(missing: &[&Entry]) -> String {
    if missing.is_empty() {
        return String::new();
    }
    let mut out = String::from("<section id=\"missing\"><h2>Figures that these runs cannot fill</h2>\n<dl>");
    for entry in missing {
        let _ = write!(out, "<dt>{}</dt><dd><code>{}</code></dd>", entry.heading(), escape(&entry.command()));
    }
    out + "</dl></section>\n"
}
