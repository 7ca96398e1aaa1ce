//! The report: figures and page from run folders, and whose files it may touch.

mod fixture;

use serde_json::json;
use std::{collections::BTreeMap, fs, path::Path};
use wirecost::{
    claim::record::{ClaimRecord, Verdict, Verdicts},
    figure,
    report::{self, ReportManifest},
    run::RunFolder,
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

#[test]
fn every_figure_that_a_run_supports() {
    let temp = tempfile::tempdir().unwrap();
    let names = |run: &RunFolder| figure::supported(run).iter().map(|figure| figure.file()).collect::<Vec<_>>();
    let [dsnas, darts] = runs(temp.path()).try_into().unwrap();
    let expected =
        ["fig01-wiring-a", "fig02-p-alpha-a", "fig05-cost-a", "fig11-cost-loss-entropy-a", "fig14-correct-wrong-a"];
    assert_eq!(names(&dsnas), expected.map(|stem| format!("{stem}.png")));
    let expected =
        ["fig03-wiring-b", "fig04-p-alpha-b", "fig06-cost-b", "fig12-cost-loss-entropy-b", "fig15-correct-wrong-b"];
    assert_eq!(names(&darts), expected.map(|stem| format!("{stem}.png")));
    let empty = fixture::run(&temp.path().join("runs/c"), "dsnas", 1, 0);
    assert_eq!(names(&empty), ["fig01-wiring-c.png", "fig02-p-alpha-c.png"], "no metrics, no costs: no such figure");
}

#[test]
fn figures_are_drawn_at_every_size_and_reproducibly() {
    let temp = tempfile::tempdir().unwrap();
    for (name, method, intermediate, epochs) in
        [("a", "dsnas", 2, 40), ("b", "darts", 4, 60), ("c", "dsnas", 2, 1), ("d", "other", 1, 0)]
    {
        let run = fixture::run(&temp.path().join(name), method, intermediate, epochs);
        for figure in figure::supported(&run) {
            let png = figure.png().unwrap();
            assert_eq!(png, figure.png().unwrap(), "{}", figure.file());
            let image = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
            let (width, height) = (image.info().width, image.info().height);
            assert!((600..1500).contains(&width) && (200..1500).contains(&height), "{} {width}", figure.file());
        }
    }
}

#[test]
fn captions_state_the_numbers_of_the_files() {
    let temp = tempfile::tempdir().unwrap();
    let run = fixture::run(&temp.path().join("a"), "dsnas", 2, 12);
    let found = |stem: &str| figure::supported(&run).into_iter().find(|figure| figure.stem == stem).unwrap().found;
    let p = run.probabilities(12);
    assert!(found("fig02-p-alpha").contains(&format!("p(none) is {:.2} on the intermediate edge", p[[4, 0]])));
    assert!(found("fig01-wiring").contains("after 12 epochs edge 4;"));
    let negative = run.metrics.iter().find(|m| m.cost < 0.0).unwrap().epoch;
    assert!(found("fig11-cost-loss-entropy").contains(&format!("first negative in epoch {negative}")));
    assert!(found("fig05-cost").contains("in epoch 0 edge 4 (intermediate)"));
    assert!(found("fig14-correct-wrong").contains("at most 0 in 12 of 12 epochs"));
}

#[test]
fn the_page_is_complete_in_itself() {
    let temp = tempfile::tempdir().unwrap();
    let out = temp.path().join("reports/x");
    let page = report::write(&out, &runs(temp.path()), Some(&verdicts()), COMMAND).unwrap();
    assert_eq!(page.index, out.join("index.html"));
    let files = files(&out);
    assert_eq!(files.len(), page.files.len(), "nothing else is left in the folder");
    let html = std::str::from_utf8(&files["index.html"]).unwrap();
    assert_eq!(html.matches("<img ").count(), 10);
    assert_eq!(html.matches("src=\"data:image/png;base64,").count(), 10);
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
    report::write(&out, &runs(temp.path()), None, COMMAND).unwrap();
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
    report::write(&out, &runs, Some(&verdicts()), COMMAND).unwrap();
    fs::write(out.join("notes.txt"), "mine").unwrap();
    report::write(&out, &runs[..1], None, COMMAND).unwrap();
    let after = files(&out);
    assert_eq!(after["notes.txt"], b"mine");
    assert!(!after.contains_key("claims.json") && !after.contains_key("fig04-p-alpha-b.png"));
    assert!(after.contains_key("fig02-p-alpha-a.png"));
    fs::write(out.join("claims.json"), "mine").unwrap();
    let error = report::write(&out, &runs, Some(&verdicts()), COMMAND).unwrap_err().to_string();
    assert!(error.contains("claims.json: not listed") && !error.contains('\n'), "{error}");
    assert_eq!(files(&out)["claims.json"], b"mine");
}

#[test]
fn other_folders_are_refused_in_one_line() {
    let temp = tempfile::tempdir().unwrap();
    let runs = runs(temp.path());
    let refuse = |out: &Path, runs: &[RunFolder], message: &str| {
        let error = report::write(out, runs, None, COMMAND).unwrap_err().to_string();
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
