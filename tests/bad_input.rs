//! Wrong input: one line that names the file, the field and what was expected; exit status 2.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

const CASE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testdata/cases/p02_thm1_two_inputs_bn_eps0.safetensors");

/// Runs the program, which must refuse; returns its one line.
fn refused(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_wirecost")).args(arguments).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
    assert_eq!(message.lines().count(), 1, "{arguments:?}: {message}");
    assert!(!message.contains("panicked"), "{message}");
    message
}

/// A case file with one piece of its header's text replaced by another; lengths may differ.
fn altered(folder: &TempDir, from: &str, to: &str) -> PathBuf {
    let bytes = fs::read(CASE).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = String::from_utf8(bytes[8..8 + length].to_vec()).unwrap();
    assert!(header.contains(from), "{from} is not in {header}");
    let header = header.replace(from, to);
    let mut altered = (header.len() as u64).to_le_bytes().to_vec();
    altered.extend(header.as_bytes());
    altered.extend(&bytes[8 + length..]);
    let path = folder.path().join("case.safetensors");
    fs::write(&path, altered).unwrap();
    path
}

fn refused_case(path: &Path) -> String {
    let message = refused(&["cost", "--case", path.to_str().unwrap()]);
    assert!(message.contains(path.to_str().unwrap()), "{message}");
    message
}

#[test]
fn case_files() {
    let folder = TempDir::new().unwrap();
    assert!(refused_case(&folder.path().join("none.safetensors")).contains("No such file"));
    let whole = fs::read(CASE).unwrap();
    let path = folder.path().join("cut.safetensors");
    for length in [0, 5, 100, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(refused_case(&path).contains("not a whole safetensors file"));
    }
    fs::write(&path, vec![255; 4096]).unwrap();
    assert!(refused_case(&path).contains("not a whole safetensors file"));

    for (from, to, expected) in [
        ("wiring-cost-golden-1", "wiring-cost-golden-2", "format: 'wiring-cost-golden-2'"),
        (r#"\"sep_conv_3x3\""#, r#"\"sep_conv_7x7\""#, "unknown operation 'sep_conv_7x7'"),
        (r#"\"norm\": \"bn\""#, r#"\"norm\": \"xn\""#, "unknown normalisation 'xn'"),
        (r#"\"order\": \"relu_conv_norm\""#, r#"\"order\": \"conv\""#, "unknown order 'conv'"),
        (r#"\"eps\": 0,"#, r#"\"eps\": -1e-5,"#, "config eps: -0.00001"),
        (r#"\"batch\": 4"#, r#"\"batch\": 0"#, "config batch: 0"),
        (r#"\"n_classes\": 6"#, r#"\"n_classes\": 1"#, "expected 0 to 0"),
        (r#"\"ch\": 4"#, r#"\"ch\": 5"#, "expected [5, "),
        (r#"\"stem\": true"#, r#"\"stern\": true"#, "unknown field `stern`"),
        (r#"[0, 2], [1, 2]"#, r#"[0, 2], [3, 2]"#, "edges: not those of the minimal cell"),
        (r#""input.x""#, r#""input.y""#, "input.x: missing"),
    ] {
        let message = refused_case(&altered(&folder, from, to));
        assert!(message.contains(expected), "{from} -> {to}: {message}");
    }
}

#[test]
fn nan_in_the_data() {
    let folder = TempDir::new().unwrap();
    let mut bytes = fs::read(CASE).unwrap();
    let end = bytes.len();
    bytes[end - 8..].copy_from_slice(&f64::NAN.to_le_bytes());
    let path = folder.path().join("nan.safetensors");
    fs::write(&path, bytes).unwrap();
    assert!(refused_case(&path).contains("contains NaN or infinity"));
}

#[test]
fn settings() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("run");
    let search = |flags: &[&str]| {
        let message = refused(&[&["search", "--method", "dsnas", "--out", out.to_str().unwrap()], flags].concat());
        assert!(!out.exists(), "{flags:?} left a folder behind");
        message
    };
    for (flags, expected) in [
        (["--norm", "xn"], "unknown normalisation 'xn'"),
        (["--order", "conv"], "unknown order 'conv'"),
        (["--eps", "-1"], "eps: -1"),
        (["--epochs", "0"], "epochs: 0"),
        (["--batch", "0"], "batch: 0"),
        (["--training-images", "0"], "training-images: 0"),
        (["--training-images", "5000"], "at most 1797 images"),
        (["--data", "cifar"], "unknown data 'cifar'"),
        (["--cell", "large"], "cell: 'large'"),
        (["--cell", r#"{"nodes": 4, "edges": [[3, 2]]}"#], "[3, 2]"),
        (["--label-noise", "2"], "label noise"),
        (["--theta-lr", "nan"], "theta-lr: NaN"),
        (["--channels", "0"], "channels"),
        (["--level", "bi"], "level: bi"),
        (["--unrolled", "true"], "unrolled: true; only darts with level bi"),
        (["--tau", "0"], "tau: 0; expected a positive number"),
        (["--tau-min", "2"], "tau-min: 2; expected at most tau, 1"),
        (["--paths", "1"], "paths: 1; expected 2 to 8"),
        (["--edge", "5=none"], "edges: 5; the cell has the edges 0 to 4"),
        (["--edge", "2=nothing"], "unknown operation 'nothing'"),
        (["--edge", "none"], "expected an edge's number"),
        (["--scale", "quick"], "--preset"),
        (["--preset", "fig02"], "--preset"),
        (["--threads", "0"], "--threads"),
        (["--device", "tpu"], "unknown device 'tpu'"),
        (["--norm", "group:3"], "multiple of the groups of group:3"),
    ] {
        let message = search(&flags);
        assert!(message.contains(expected), "{flags:?}: {message}");
    }
    // With it, tests/cuda.rs asks.
    #[cfg(not(feature = "cuda"))]
    assert!(search(&["--device", "cuda"]).contains("rebuild with `--features cuda`"));
}

#[test]
fn presets() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("run");
    let search = |flags: &[&str]| refused(&[&["search", "--out", out.to_str().unwrap()], flags].concat());
    assert!(search(&["--preset", "fig10"]).contains("--preset fig10: no such preset; known: fig01"));
    assert!(search(&["--preset", "fig02", "--scale", "huge"]).contains("unknown scale 'huge'"));
    assert!(search(&[]).contains("method: not given"));
    let file = folder.path().join("search.toml");
    let text = "method = \"dsnas\"\n[edges]\nfirst = [\"none\"]\n";
    fs::write(&file, text).unwrap();
    let message = search(&["--config", file.to_str().unwrap()]);
    assert!(message.contains("'first' is not an edge's number") && message.contains("search.toml"), "{message}");
}

#[test]
fn a_run_to_derive_from() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("run");
    let run = out.to_str().unwrap();
    assert!(refused(&["derive", run]).contains("no such folder"));
    assert!(refused(&["derive", run, "--rule", "best"]).contains("unknown rule 'best'; known: largest"));
    let small = ["--training-images", "16", "--batch", "16", "--channels", "2", "--data", "synthetic"];
    let search = [&["search", "--quiet", "--method", "random", "--epochs", "1", "--out", run][..], &small].concat();
    assert!(Command::new(env!("CARGO_BIN_EXE_wirecost")).args(search).status().unwrap().success());
    assert!(refused(&["derive", run, "--epoch", "2"]).contains("--epoch 2: "));
}

#[test]
fn an_output_that_exists_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("tensors.safetensors");
    fs::write(&out, "mine").unwrap();
    let message = refused(&["cost", "--case", CASE, "--quiet", "--out", out.to_str().unwrap()]);
    assert!(message.contains("choose another --out"), "{message}");
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine");
}

#[test]
fn a_diverging_run_stops_with_its_step() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("run");
    let flags = ["--method", "dsnas", "--data", "synthetic", "--training-images", "64", "--batch", "16"];
    let rates = ["--theta-lr", "1e38", "--clip", "1e38", "--norm", "none"];
    let out = out.to_str().unwrap();
    let message = refused(&[&["search", "--quiet", "--out", out], &flags[..], &rates[..]].concat());
    assert!(message.contains("epoch 0, step") && message.contains("the loss is"), "{message}");
}

#[test]
fn report_folders() {
    let folder = TempDir::new().unwrap();
    let mine = folder.path().join("mine");
    fs::write(&mine, "mine").unwrap();
    // Where a folder cannot be made, also for somebody who may write everywhere.
    let below = mine.join("page");
    let message = refused(&["--out", below.to_str().unwrap()]);
    assert!(message.contains("cannot write") && message.contains(mine.to_str().unwrap()), "{message}");
    let message = refused(&["--out", mine.to_str().unwrap()]);
    assert!(message.contains("not a report that wirecost wrote"), "{message}");
    assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");

    let page = folder.path().join("page");
    let none = folder.path().join("none");
    let message = refused(&["report", none.to_str().unwrap(), "--out", page.to_str().unwrap()]);
    assert!(message.contains(none.to_str().unwrap()) && message.contains("No such file"), "{message}");
    assert!(refused(&["report", "--out", page.to_str().unwrap()]).contains("nothing to report; give at least one run"));
    assert!(!page.exists());
}

#[test]
fn claims() {
    assert!(refused(&["verify", "eq99"]).contains("unknown claim 'eq99'"));
    assert!(refused(&["verify", "--cases", "few"]).contains("--cases"));
    assert!(refused(&["verify", "--runs", "no-such-folder"]).contains("no-such-folder"));
    assert!(
        refused(&["verify", "--runs", env!("CARGO_MANIFEST_DIR")])
            .contains("neither a run folder nor a folder of them")
    );
    assert!(refused(&["verify", "--replay", "none.safetensors"]).contains("none.safetensors: file: No such file"));
}
