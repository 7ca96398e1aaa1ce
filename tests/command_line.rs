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
