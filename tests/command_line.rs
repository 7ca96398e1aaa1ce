//! What the subcommands print, as another program would read it.

use std::process::{Command, Output, Stdio};
use wirecost::{
    claim::record::{Verdict, Verdicts},
    cost::case::{Case, Evaluation},
    report,
    run::RunFolder,
    tensor::Cpu,
};

const CASE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testdata/cases/p11_mixture_darts_bn_affine_off.safetensors");

fn wirecost(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wirecost")).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn cost_prints_every_tensor_to_the_last_bit() {
    let output = wirecost(&["cost", "--case", CASE, "--json"]);
    let printed: serde_json::Value = serde_json::from_str(stdout(&output)).unwrap();
    let case = Case::read(CASE.as_ref()).unwrap();
    let evaluation = Evaluation::new::<f64, Cpu>(&case, &Cpu::default()).unwrap();
    assert_eq!(printed["name"], case.name.as_str());
    let tensors = printed["tensors"].as_object().unwrap();
    for (name, tensor) in evaluation.tensors(&case) {
        let data: Vec<f64> = serde_json::from_value(tensors[&name]["data"].clone()).unwrap();
        let shape: Vec<usize> = serde_json::from_value(tensors[&name]["shape"].clone()).unwrap();
        assert_eq!((shape.as_slice(), data), (tensor.shape(), tensor.iter().copied().collect()), "{name}");
    }
    assert!(case.expected.keys().all(|name| tensors.contains_key(name)));
}

#[test]
fn cost_writes_the_same_tensors() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("tensors.safetensors");
    stdout(&wirecost(&["cost", "--quiet", "--case", CASE, "--out", out.to_str().unwrap()]));
    let bytes = std::fs::read(&out).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let case = Case::read(CASE.as_ref()).unwrap();
    for (name, expected) in &case.expected {
        let tensor = file.tensor(name).unwrap();
        assert_eq!((tensor.shape(), tensor.dtype()), (expected.shape(), safetensors::Dtype::F64), "{name}");
    }
}

/// As in `wirecost cost … | head`.
#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirecost"));
    command.args(["cost", "--json", "--case", CASE]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

/// A case whose expectation is wrong: status 1, and the tensor is named.
#[test]
fn cost_says_which_tensor_is_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("off.safetensors");
    let mut case = Case::read(CASE.as_ref()).unwrap();
    let evaluation = Evaluation::new::<f64, Cpu>(&case, &Cpu::default()).unwrap();
    case.x[0] += 1e-3;
    case.write(&path, &evaluation).unwrap();
    let output = wirecost(&["cost", "--quiet", "--case", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("differs by"));
}

#[test]
fn verify_prints_verdicts() {
    let output = wirecost(&["verify", "thm1-literal", "thm2-batch", "--cases", "40", "--json"]);
    let verdicts: Verdicts = serde_json::from_str(stdout(&output)).unwrap();
    let found: Vec<_> = verdicts.claims.iter().map(|claim| (claim.id.as_str(), claim.verdict)).collect();
    assert_eq!(found, [("thm1-literal", Verdict::Refuted), ("thm2-batch", Verdict::HoldsWhen)]);
    assert!(verdicts.claims[0].witness.is_some());
}

/// Trends are decided by the runs of a report, and the page of claims says so.
#[test]
fn verify_reads_runs_and_writes_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("claims");
    let runs = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/example/runs");
    let arguments = ["verify", "fig2-dsnas-none-dominates", "eq12-misprint", "--runs", runs, "--out"];
    let output = wirecost(&[&arguments[..], &[out.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", stdout(&output));
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    for page in ["claims.md", "claims.html"].map(read) {
        assert!(page.contains("reproduced") && page.contains("seen in 1 of 1 run"), "{page}");
        let errata = page.split("Errata").nth(1).and_then(|rest| rest.split("## Witnesses").next()).expect("a section");
        assert!(errata.contains("eq12-misprint") && !errata.contains("fig2-"), "{errata}");
    }
    // The same verdict from a file in the place of runs.
    let trends = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/example/claims.json");
    let output = wirecost(&["verify", "fig2-dsnas-none-dominates", "--trends", trends, "--json"]);
    let verdicts: serde_json::Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(verdicts["claims"][0]["verdict"], "reproduced", "{verdicts}");
    // A folder that is no page of ours stays as it is.
    std::fs::write(folder.path().join("mine"), "kept").unwrap();
    let refused = wirecost(&["verify", "eq12-misprint", "--out", folder.path().to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn verify_judges_a_case_file() {
    let output = wirecost(&["verify", "thm2-batch", "--json", "--replay", CASE]);
    let verdicts: Verdicts = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!((verdicts.claims.len(), verdicts.claims[0].verdict), (1, Verdict::Holds));
}

#[test]
fn report_shows_a_search() {
    let folder = tempfile::tempdir().unwrap();
    let [run, page] = ["run", "page"].map(|name| folder.path().join(name).to_str().unwrap().to_string());
    let flags = ["--data", "synthetic", "--epochs", "2", "--training-images", "32", "--batch", "16", "--quiet"];
    stdout(&wirecost(&[&["search", "--method", "dsnas", "--out", &run], &flags[..]].concat()));
    stdout(&wirecost(&["report", &run, "--out", &page, "--quiet"]));
    let html = std::fs::read_to_string(folder.path().join("page/index.html")).unwrap();
    assert!(html.contains("Figure 2") && html.contains("wirecost search --method dsnas"));
    assert!(RunFolder::open(&folder.path().join("page/runs/run")).is_ok());
    report::check(&folder.path().join("page")).unwrap();
}

#[test]
fn help_and_doctor() {
    for arguments in [&["--help"][..], &["verify", "--help"], &["search", "--help"], &["doctor"], &["--version"]] {
        let output = wirecost(arguments);
        assert!(stdout(&output).contains("wirecost") || stdout(&output).contains("vectors"), "{arguments:?}");
    }
    let machine: serde_json::Value = serde_json::from_str(stdout(&wirecost(&["doctor", "--json"]))).unwrap();
    assert!(machine["cores"].as_u64().unwrap() > 0 && machine["cuda"].is_string());
}

/// Finished runs are kept, and the report follows from them: the same command again changes no byte.
#[test]
fn reproduce_keeps_what_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("page");
    let arguments =
        ["reproduce", "--scale", "quick", "--only", "fig18", "--seeds", "1", "--out", out.to_str().unwrap()];
    let run = folder.path().join("page-runs/fig18c-seed0");
    // A search that is done again takes another time.
    let state = || [out.join("index.html"), run.join("timing.jsonl")].map(|path| std::fs::read(path).unwrap());
    assert!(stdout(&wirecost(&arguments)).contains("4 runs"));
    let first = state();
    assert!(out.join("fig18-edge-removed.png").is_file() && out.join("runs/fig18c-seed0/manifest.json").is_file());
    stdout(&wirecost(&arguments));
    assert!(state() == first, "the page or the run has changed");
    let other =
        ["reproduce", "--scale", "standard", "--only", "fig18c", "--seeds", "1", "--out", out.to_str().unwrap()];
    let output = wirecost(&other);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(message.contains("fig18c-seed0: epochs: 30, but the run was recorded with 8"), "{message}");
}

#[test]
fn reproduce_refuses_unknown_presets() {
    let output = wirecost(&["reproduce", "--only", "fig10"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("fig10: no preset"));
}

#[test]
fn a_figure_without_runs_comes_with_its_command() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("page");
    let report = |figure: &str| wirecost(&["report", "--figure", figure, "--out", out.to_str().unwrap()]);
    let refused = |figure: &str| {
        let output = report(figure);
        assert_eq!(output.status.code(), Some(2), "{figure}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused("14").contains("wirecost search --preset fig14 --out runs/fig14"));
    assert!(refused("22").contains("expected 1 to 21"));
    stdout(&report("10"));
    assert!(out.join("fig10-head.png").is_file());
}
