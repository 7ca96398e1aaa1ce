//! The section on runs: one entry for each setting, with the manifests of its seeds.

use super::html::{count, escape, folded, row, table};
use crate::{
    figure::Group,
    run::{MANIFEST, RunFolder},
    trend::statistic,
};
use std::fmt::Write as _;

/// The anchor of the setting that `run` has.
pub(super) fn anchor(groups: &[Group], run: &RunFolder) -> String {
    let index = groups.iter().position(|group| group.first().setting() == run.setting());
    format!("setting{}", index.unwrap_or(0) + 1)
}

/// The link to the run's manifest in the report's folder.
pub(super) fn manifest_link(run: &RunFolder) -> String {
    let name = escape(&run.name());
    format!("<a href=\"runs/{name}/{MANIFEST}\">{name}</a>")
}

/// The section on runs.
pub(super) fn section(groups: &[Group]) -> String {
    let mut out = String::from("<section id=\"runs\"><h2>Runs</h2>\n");
    for (index, group) in groups.iter().enumerate() {
        out += &of_group(index + 1, group);
    }
    out + "</section>\n"
}

fn of_group(number: usize, group: &Group) -> String {
    let manifest = &group.first().manifest;
    let mut out = format!(
        "<h3 id=\"setting{number}\">Setting {number}: {}, {}</h3>\n<p>{}</p>\n<dl><dt>Command</dt><dd><code>{}</code>, {}</dd>\
         <dt>Version</dt><dd>wirecost {}</dd><dt>Data</dt><dd>{}, {}, SHA-256 <code>{}</code></dd></dl>\n{}\n",
        escape(&manifest.title),
        count(group.runs.len(), "run"),
        escape(&manifest.note),
        escape(&group.first().setting()),
        escape(&group.seeds().replacen("seed", "--seed", 1)),
        escape(&manifest.version),
        escape(&manifest.data.name),
        sets(group.first()),
        escape(&manifest.data.sha256),
        folded("Configuration", &manifest.config)
    );
    let columns = ["Manifest", "Seed", "Epochs", "Accuracy, last epoch", "Edges dropped at the end"];
    let _ = write!(out, "<details{}><summary>The runs</summary>", if group.runs.len() < 4 { " open" } else { "" });
    out += &table("runs", &columns);
    for run in &group.runs {
        let cells = [
            manifest_link(run),
            run.manifest.seed.to_string(),
            run.epochs().to_string(),
            escape(&accuracy(run)),
            statistic::edges(&statistic::dropped(run, run.epochs())),
        ];
        out += &row("", &columns.into_iter().zip(cells).collect::<Vec<_>>());
    }
    out += "</tbody></table></details>\n";
    if statistic::alpha_is_fixed(group.first()) { out } else { out + &wiring(group) }
}

/// "training 0.98, search 0.91".
fn accuracy(run: &RunFolder) -> String {
    let last = |set: &&str| statistic::of_set(run, set).last().map(|m| format!("{set} {:.3}", m.accuracy));
    statistic::sets(run).iter().filter_map(last).collect::<Vec<_>>().join(", ")
}

/// "training 1440 images".
fn sets(run: &RunFolder) -> String {
    let each =
        run.manifest.data.sets.iter().map(|(set, images)| format!("{} {}", escape(set), count(*images, "image")));
    each.collect::<Vec<_>>().join(", ")
}

/// The most probable operation of each edge at the end, p averaged over seeds.
fn wiring(group: &Group) -> String {
    let (last, run) = (group.epochs(), group.first());
    let none = statistic::none(run);
    let columns = ["Edge", "Kind", "Most probable operation", "Its p_α", "p(none)"];
    let mut out = format!("<details><summary>p_α at the end, mean over seeds</summary>{}", table("wiring", &columns));
    for (edge, [from, to]) in run.manifest.cell.edges.iter().enumerate() {
        let p: Vec<f64> = (0..run.manifest.operations.len())
            .map(|operation| group.estimate(|run| run.probabilities(last)[[edge, operation]]).mean)
            .collect();
        let best = statistic::largest(ndarray::ArrayView1::from(&p));
        let cells = [
            format!("{edge} ({from}→{to})"),
            if run.manifest.cell.is_intermediate(edge) { "intermediate".into() } else { "input".into() },
            escape(&run.manifest.operations[best]),
            format!("{:.3}", p[best]),
            none.map_or_else(|| "–".into(), |none| format!("{:.3}", p[none])),
        ];
        out += &row("", &columns.into_iter().zip(cells).collect::<Vec<_>>());
    }
    out + "</tbody></table></details>\n"
}
