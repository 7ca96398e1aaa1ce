//! The report: figures and page from run folders, and whose files it may touch.

mod fixture;

use serde_json::json;
use std::{collections::BTreeMap, fs, path::Path};
use wirecost::{
    claim::record::{ClaimRecord, Verdict, Verdicts},
    figure,
    report::{self, Content, Copies, ReportManifest},
    run::RunFolder,
    search::preset,
};

const COMMAND: &str = "wirecost report runs/a \"runs/<b>\" --out reports/x";

fn claim(id: &str, verdict: Verdict) -> ClaimRecord {
    ClaimRecord {
        id: id.into(),
        source: "eq. 10".into(),
        statement: "The cost through <batch norm> & friends is zero.".into(),
        verdict,
        expected: verdict,
        evidence: vec!["property-tested".into(), "cross-checked".into()],
        cases: 200,
        worst_ratio: Some(0.0123),
        bound: "γₙ Σ|g·x|, two operations deep".into(),
        witness: None,
        reading: None,
        conditions: None,
        erratum: false,
    }
}

fn verdicts() -> Verdicts {
    let refuted = ClaimRecord {
        reading: Some("It holds for the sum over the edges that enter the node.".into()),
        witness: Some(
            json!({"edges": ["skip_connect", "skip_connect", "none", "none", "avg_pool_3x3"], "cost": 0.353335}),
        ),
        worst_ratio: Some(4.2e12),
        ..claim("thm1-per-edge", Verdict::Refuted)
    };
    let unexpected =
        ClaimRecord { expected: Verdict::Holds, worst_ratio: None, ..claim("eq12-bias", Verdict::HoldsWhen) };
    let claims = vec![claim("eq10-bn-zero-cost", Verdict::Holds), refuted, unexpected];
    Verdicts { claims, seed: 7, version: "0.1.0".into() }
}

fn content<'a>(runs: &'a [RunFolder], claims: Option<&'a Verdicts>) -> Content<'a> {
    Content { runs, claims, command: COMMAND, only: None, copies: Copies::Whole }
}

fn runs(dir: &Path) -> Vec<RunFolder> {
    vec![fixture::run(&dir.join("runs/a"), "dsnas", 2, 12), fixture::run(&dir.join("runs/b"), "darts", 4, 3)]
}

/// Every file below `dir`, by its path from there.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        match path.is_dir() {
            true => all.extend(files(&path).into_iter().map(|(file, bytes)| (format!("{name}/{file}"), bytes))),
            false => drop(all.insert(name.into(), fs::read(&path).unwrap())),
        }
    }
    all
}

/// Diagrams need no run.
const DIAGRAMS: [&str; 3] = ["fig07", "fig08", "fig10"];

fn names(runs: &[RunFolder]) -> Vec<&str> {
    let figures = figure::supported(runs);
    figures.iter().map(|figure| figure.entry.name).filter(|name| !DIAGRAMS.contains(name)).collect()
}

#[test]
fn every_figure_that_a_run_supports() {
    let temp = tempfile::tempdir().unwrap();
    let runs = runs(temp.path());
    assert_eq!(names(&runs[..1]), ["fig01", "fig02", "fig05", "fig11", "fig14"]);
    assert_eq!(names(&runs[1..]), ["fig03", "fig04", "fig12", "fig13", "fig15", "fig16"]);
    let all = figure::supported(&runs);
    let missing = figure::missing(&runs);
    assert_eq!(all.len() + missing.len(), figure::catalogue().len(), "each figure is drawn once, or named as missing");
    assert_eq!(all[0].file(), "fig01-wiring.png");
    let empty = fixture::run(&temp.path().join("runs/c"), "dsnas", 1, 0);
    assert!(names(&[empty]).is_empty(), "no epochs: no such figure");
}

/// A figure that no run supports comes with a command whose preset does.
#[test]
fn a_missing_figure_has_a_command() {
    let missing = figure::missing(&[]);
    assert_eq!(missing.len() + DIAGRAMS.len(), figure::catalogue().len());
    for entry in missing {
        let command = entry.command();
        let preset = command.split_whitespace().find(|word| word.starts_with(entry.name)).expect("a preset");
        assert!(preset::names().iter().any(|name| name.starts_with(preset)), "{command}");
    }
}

/// Seeds of one setting are one figure, whose numbers are their mean and its standard error.
#[test]
fn seeds_are_shown_together() {
    let temp = tempfile::tempdir().unwrap();
    let seeds: Vec<_> = (0..3).map(|seed| fixture::seeded(&temp.path().join(seed.to_string()), seed)).collect();
    let figures = figure::supported(&seeds);
    let curves = figures.iter().find(|figure| figure.entry.name == "fig11").unwrap();
    assert_eq!((curves.groups.len(), curves.runs().count()), (1, 3));
    let group = &curves.groups[0];
    let (epoch, estimate) = group.curve("training", |m| Some(m.cost))[2];
    let costs: Vec<f64> = seeds.iter().map(|run| run.metrics[epoch].cost).collect();
    let mean = costs.iter().sum::<f64>() / 3.0;
    let spread = (costs.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / 2.0 / 3.0).sqrt();
    // Three additions and a few roundings more.
    let bound = 16.0 * f64::EPSILON;
    assert!((estimate.mean - mean).abs() <= bound && (estimate.error - spread).abs() <= bound && spread > 0.0);
    assert!(curves.png().is_ok() && figures.iter().all(|figure| figure.groups.len() < 2));
    let other = fixture::run(&temp.path().join("other"), "dsnas", 2, 5);
    let both: Vec<_> = seeds.into_iter().chain([other]).collect();
    let files: Vec<_> = figure::supported(&both).iter().map(figure::Figure::file).collect();
    assert!(files.contains(&"fig11-cost-loss-entropy-0.png".into()), "{files:?}");
    assert!(files.contains(&"fig11-cost-loss-entropy-other.png".into()), "{files:?}");
}

#[test]
fn figures_are_drawn_at_every_size_and_reproducibly() {
    let temp = tempfile::tempdir().unwrap();
    for (name, method, intermediate, epochs) in
        [("a", "dsnas", 2, 40), ("b", "darts", 4, 60), ("c", "dsnas", 2, 1), ("d", "other", 1, 0)]
    {
        let runs = [fixture::run(&temp.path().join(name), method, intermediate, epochs)];
        for figure in figure::supported(&runs) {
            let png = figure.png().unwrap();
            assert_eq!(png, figure.png().unwrap(), "{}", figure.file());
            let image = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
            let (width, height) = (image.info().width, image.info().height);
            assert!((600..1500).contains(&width) && (150..1500).contains(&height), "{} {width}", figure.file());
        }
    }
}

#[test]
fn one_figure_alone() {
    let temp = tempfile::tempdir().unwrap();
    let runs = runs(temp.path());
    let entry = |name: &str| figure::catalogue().iter().find(|entry| entry.name == name);
    let out = temp.path().join("x");
    report::write(&out, &Content { only: entry("fig14"), ..content(&runs, None) }).unwrap();
    let pictures: Vec<_> = files(&out).into_keys().filter(|name| name.ends_with(".png")).collect();
    assert_eq!(pictures, ["fig14-correct-wrong.png"]);
    let error = report::write(&out, &Content { only: entry("fig09"), ..content(&runs, None) }).unwrap_err().to_string();
    assert!(error.contains("Figure 9") && error.contains("wirecost search --preset fig09"), "{error}");
    report::write(&temp.path().join("y"), &Content { only: entry("fig07"), ..content(&[], None) }).unwrap();
}

#[test]
fn a_summary_of_runs_is_small() {
    let temp = tempfile::tempdir().unwrap();
    let (out, runs) = (temp.path().join("x"), runs(temp.path()));
    report::write(&out, &Content { copies: Copies::Summary, ..content(&runs, None) }).unwrap();
    let copied: Vec<_> = files(&out.join("runs/a")).into_keys().collect();
    assert_eq!(copied, ["manifest.json", "metrics.jsonl"]);
}

#[test]
fn the_page_is_complete_in_itself() {
    let temp = tempfile::tempdir().unwrap();
    let out = temp.path().join("reports/x");
    let page = report::write(&out, &content(&runs(temp.path()), Some(&verdicts()))).unwrap();
    assert_eq!(page.index, out.join("index.html"));
    let files = files(&out);
    assert_eq!(files.len(), page.files.len(), "nothing else is left in the folder");
    let html = std::str::from_utf8(&files["index.html"]).unwrap();
    let pictures = files.keys().filter(|name| name.ends_with(".png")).count();
    assert_eq!((pictures, html.matches("<img ").count()), (14, 14));
    assert_eq!(html.matches("src=\"data:image/png;base64,").count(), 14);
    for file in files.keys().filter(|name| name.ends_with(".png")) {
        assert!(html.contains(&format!("id=\"{}\"", file.trim_end_matches(".png"))), "{file} has its section");
    }
    assert!(html.contains("<a href=\"runs/a/manifest.json\">a</a>") && files.contains_key("runs/a/manifest.json"));
    for outside in ["http://", "https://", "<script", "<link", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("wirecost report runs/a &quot;runs/&lt;b&gt;&quot; --out reports/x"));
    assert!(html.contains("&lt;batch norm&gt; &amp; friends") && !html.contains("<batch norm>"));
    for text in ["thm1-per-edge", "refuted", "recorded: holds", "4.20e12", "0.012", "0.353335", "--method darts"] {
        assert!(html.contains(text), "{text}");
    }
    let back: Verdicts = serde_json::from_slice(&files["claims.json"]).unwrap();
    assert_eq!(back, verdicts());
}

#[test]
fn the_manifest_lists_every_file_with_its_checksum() {
    use sha2::{Digest, Sha256};
    let temp = tempfile::tempdir().unwrap();
    let out = temp.path().join("x");
    report::write(&out, &content(&runs(temp.path()), None)).unwrap();
    let mut files = files(&out);
    let manifest: ReportManifest = serde_json::from_slice(&files.remove("manifest.json").unwrap()).unwrap();
    assert_eq!((manifest.command.as_str(), manifest.runs.len()), (COMMAND, 2));
    assert_eq!(manifest.runs[0].manifest, fixture::manifest("dsnas", 2, 12));
    let sum = |name: &str, bytes: &[u8]| {
        let varies = name.ends_with("timing.jsonl") || name.ends_with("machine.json");
        (!varies).then(|| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
    };
    assert_eq!(manifest.files, files.iter().map(|(name, bytes)| (name.clone(), sum(name, bytes))).collect());
    assert!(RunFolder::open(&out.join("runs").join(manifest.runs[0].name.as_str())).is_ok());
    assert!(!manifest.files.contains_key("claims.json"));
}

#[test]
fn a_report_is_replaced_and_nothing_else() {
    let temp = tempfile::tempdir().unwrap();
    let out = temp.path().join("x");
    let runs = runs(temp.path());
    report::write(&out, &content(&runs, Some(&verdicts()))).unwrap();
    fs::write(out.join("notes.txt"), "mine").unwrap();
    report::write(&out, &content(&runs[..1], None)).unwrap();
    let after = files(&out);
    assert_eq!(after["notes.txt"], b"mine");
    assert!(!after.contains_key("claims.json") && !after.contains_key("fig04-p-alpha.png"));
    assert!(after.contains_key("fig02-p-alpha.png"));
    fs::write(out.join("claims.json"), "mine").unwrap();
    let error = report::write(&out, &content(&runs, Some(&verdicts()))).unwrap_err().to_string();
    assert!(error.contains("claims.json: not listed") && !error.contains('\n'), "{error}");
    assert_eq!(files(&out)["claims.json"], b"mine");
}

#[test]
fn other_folders_are_refused_in_one_line() {
    let temp = tempfile::tempdir().unwrap();
    let runs = runs(temp.path());
    let refuse = |out: &Path, runs: &[RunFolder], message: &str| {
        let error = report::write(out, &content(runs, None)).unwrap_err().to_string();
        assert!(error.contains(message) && !error.contains('\n'), "{error}");
    };
    let mine = temp.path().join("mine");
    fs::create_dir(&mine).unwrap();
    fs::write(mine.join("index.html"), "mine").unwrap();
    refuse(&mine, &runs, "not a report that wirecost wrote");
    assert_eq!(files(&mine).len(), 1);
    let run = runs[0].path.clone();
    let before = files(&run);
    refuse(&run, &runs, "not a report that wirecost wrote");
    assert_eq!(files(&run), before, "a run folder has a manifest too, and is no report");
    let evil = json!({"version": "0", "command": "", "runs": [], "files": {"../mine/index.html": "00"}});
    let out = temp.path().join("evil");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("manifest.json"), evil.to_string()).unwrap();
    refuse(&out, &runs, "not a report that wirecost wrote");
    fs::write(temp.path().join("file"), "").unwrap();
    refuse(&temp.path().join("file/x"), &runs, "cannot write");
    refuse(&temp.path().join("y"), &[runs[0].clone(), runs[0].clone()], "also named a");
    refuse(&temp.path().join("y"), &[], "nothing to report");
    assert!(!temp.path().join("y").exists(), "a refused report leaves nothing behind");
}
