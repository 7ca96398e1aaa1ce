//! `index.html`.

use super::{
    Plate, claims,
    html::{count, escape, folded, row, table},
};
use crate::{claim::record::Verdicts, figure::statistic, run::RunFolder};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt::Write as _;

/// The page, complete in itself.
pub(super) fn render(sections: &[(&RunFolder, Vec<Plate>)], claims: Option<&Verdicts>, command: &str) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>wirecost report</title>\
         <style>\n{}</style></head><body>\n",
        include_str!("page.css")
    );
    out += &head(sections, claims, command);
    sections.iter().enumerate().for_each(|(index, (run, plates))| out += &run_section(index, run, plates));
    if let Some(verdicts) = claims {
        out += &claims::section(verdicts);
    }
    out + "</body></html>\n"
}

fn head(sections: &[(&RunFolder, Vec<Plate>)], claims: Option<&Verdicts>, command: &str) -> String {
    let mut out = format!(
        "<header><h1>wirecost report</h1>\n<p><i>Understanding the wiring evolution in differentiable neural architecture \
         search</i> (Xie et al., AISTATS 2021): {} and {}. Every number below is computed from the files of a run or of \
         a check; the commands make them again.</p>\n<dl><dt>Command</dt><dd><code>{}</code></dd>\
         <dt>Version</dt><dd>wirecost {}</dd></dl>\n",
        claims.map_or_else(
            || "no claims checked".into(),
            |v| format!("<a href=\"#claims\">{}</a> checked", count(v.claims.len(), "claim"))
        ),
        count(sections.len(), "run"),
        escape(command),
        env!("CARGO_PKG_VERSION"),
    );
    if !sections.is_empty() {
        let columns = ["Run", "Data", "Seed", "Epochs", "Accuracy, last epoch", "Edges dropped at the end"];
        out += &table("runs", &columns);
        for (index, (run, _)) in sections.iter().enumerate() {
            let name = format!("<a href=\"#run{index}\">{}</a>, {}", escape(&run.name()), escape(&run.manifest.title));
            let cells = [
                name,
                escape(&run.manifest.data.name),
                run.manifest.seed.to_string(),
                run.epochs().to_string(),
                escape(&accuracy(run)),
                statistic::edges(&statistic::dropped(run, run.epochs())),
            ];
            out += &row("", &columns.into_iter().zip(cells).collect::<Vec<_>>());
        }
        out += "</tbody></table>\n";
    }
    out + "</header>\n"
}

/// "training 0.98, search 0.91".
fn accuracy(run: &RunFolder) -> String {
    let last = |set: &&str| statistic::of_set(run, set).last().map(|m| format!("{set} {:.3}", m.accuracy));
    statistic::sets(run).iter().filter_map(last).collect::<Vec<_>>().join(", ")
}

fn run_section(index: usize, run: &RunFolder, plates: &[Plate]) -> String {
    let manifest = &run.manifest;
    let mut out = format!(
        "<section id=\"run{index}\"><h2>{}</h2>\n<p>{}</p>\n<dl><dt>Run</dt><dd>{}</dd><dt>Command</dt>\
         <dd><code>{}</code></dd><dt>Version</dt><dd>wirecost {}</dd><dt>Seed</dt><dd>{}</dd>\
         <dt>Data</dt><dd>{}, {}, SHA-256 <code>{}</code></dd></dl>\n{}\n",
        escape(&manifest.title),
        escape(&manifest.note),
        escape(&run.name()),
        escape(&manifest.command),
        escape(&manifest.version),
        manifest.seed,
        escape(&manifest.data.name),
        sets(run),
        escape(&manifest.data.sha256),
        folded("Configuration", &manifest.config)
    );
    out += &wiring(run);
    for Plate { figure, file, png } in plates {
        let heading = format!("{} · {}", figure.paper, figure.title);
        let _ = writeln!(
            out,
            "<figure><h3>{0}</h3><div class=\"plate\" tabindex=\"0\"><img alt=\"{0}\" src=\"data:image/png;base64,{1}\"></div>\
             <figcaption><p><b>The paper.</b> {2}</p><p><b>This run.</b> {3}</p><p class=\"quiet\">File: {4}</p>\
             </figcaption></figure>",
            escape(&heading),
            STANDARD.encode(png),
            escape(figure.shows),
            escape(&figure.found),
            escape(file)
        );
    }
    out + "</section>\n"
}

/// "training 1440 images".
fn sets(run: &RunFolder) -> String {
    let each =
        run.manifest.data.sets.iter().map(|(set, images)| format!("{} {}", escape(set), count(*images, "image")));
    each.collect::<Vec<_>>().join(", ")
}

/// The most probable operation of each edge at the end.
fn wiring(run: &RunFolder) -> String {
    let (last, none) = (run.epochs(), statistic::none(run));
    let p = run.probabilities(last);
    let columns = ["Edge", "Kind", "Most probable operation", "Its p_α", "p(none)"];
    let mut out = format!("<h3>Wiring after {}</h3>{}", statistic::epochs(last), table("wiring", &columns));
    for (edge, best) in statistic::wiring(run, last).into_iter().enumerate() {
        let [from, to] = run.manifest.cell.edges[edge];
        let cells = [
            format!("{edge} ({from}→{to})"),
            if run.manifest.cell.is_intermediate(edge) { "intermediate".into() } else { "input".into() },
            escape(&run.manifest.operations[best]),
            format!("{:.3}", p[[edge, best]]),
            none.map_or_else(|| "–".into(), |none| format!("{:.3}", p[[edge, none]])),
        ];
        out += &row("", &columns.into_iter().zip(cells).collect::<Vec<_>>());
    }
    out + "</tbody></table>\n"
}
