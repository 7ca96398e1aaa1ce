//! The CUDA kernels against the scalar reference, and what is said where they cannot run.
//!
//! On a machine with a GPU, `cargo test --features cuda --test cuda -- --ignored` runs them there. Without
//! one, [`emulated`] compiles the same sources as C++ into a driver of one emulated device (tests/cuda/), and
//! runs them on that.
#![cfg(feature = "cuda")]

mod kernel;
#[path = "cuda/operations.rs"]
mod operations;
mod reference;
#[path = "cuda/whole.rs"]
mod whole;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

const CASE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testdata/cases/p01_thm1_single_input_bn_eps0.safetensors");

/// The folder of the emulating driver, built once.
fn emulator() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("emulator");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cuda/build.sh");
        let built = Command::new("bash").arg(script).arg(&folder).status();
        assert!(built.is_ok_and(|status| status.success()), "the emulator needs bash and a C++ compiler (Debian: g++)");
        folder
    })
}

/// All other tests of this program, on the emulated device; with threads and blocks in either order the
/// bits are the same.
#[test]
fn emulated() {
    let bits = ["forward", "reverse"].map(|order| {
        let path = emulator().join(order);
        let mut run = Command::new(std::env::current_exe().unwrap());
        run.args(["--ignored", "--test-threads=2"]).env("LD_LIBRARY_PATH", emulator());
        let status = run.env("EMULATED_ORDER", order).env("WIRECOST_BITS", &path).status().unwrap();
        assert!(status.success(), "{order} order");
        std::fs::read_to_string(path).unwrap()
    });
    assert!(bits[0] == bits[1], "results depend on the order of threads or blocks");
}

fn wirecost(folder: &Path, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirecost"));
    command.env("LD_LIBRARY_PATH", folder).envs(environment.iter().copied()).args(arguments).output().unwrap()
}

/// One line, exit status 2.
fn refused(folder: &Path, environment: &[(&str, &str)], arguments: &[&str], said: &str) {
    let output = wirecost(folder, environment, arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.lines().count() == 1 && text.contains(said), "{text}");
}

#[test]
fn what_is_missing_is_said_in_a_line() {
    let cost = ["cost", "--case", CASE, "--device", "cuda"];
    let nowhere = tempfile::tempdir().unwrap();
    std::fs::write(nowhere.path().join("libcuda.so.1"), "not a library").unwrap();
    refused(nowhere.path(), &[], &cost, "install an NVIDIA driver for CUDA 13");
    let fault = |fault, said| refused(emulator(), &[("EMULATED_FAULT", fault)], &cost, said);
    fault("no-device", "finds no device; see nvidia-smi");
    fault("old-driver", "driver is too old: it supports CUDA 13.0");
    fault("old-device", "has compute capability 7.0; the kernels need 8.0");
    refused(
        emulator(),
        &[],
        &["cost", "--case", CASE, "--device", "cuda:3"],
        "no such device; this machine has cuda:0",
    );
    refused(emulator(), &[("EMULATED_MEMORY", "20000")], &cost, "out of memory");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let search = ["search", "--method", "dsnas", "--device", "cuda", "--out", out.to_str().unwrap()];
    refused(emulator(), &[("EMULATED_MEMORY", "4000000")], &search, "the search takes about");
    let doctor = wirecost(emulator(), &[], &["doctor", "--json"]);
    assert!(String::from_utf8(doctor.stdout).unwrap().contains("emulated device"));
}

/// What small batches predict of the device's memory is what its allocator counts in a step.
#[test]
fn the_memory_of_a_search_is_known_beforehand() {
    let edges: Vec<String> = (0..5).flat_map(|edge| ["--edge".into(), format!("{edge}=sep_conv_5x5")]).collect();
    let edges: Vec<&str> = edges.iter().map(String::as_str).collect();
    for method in [&["--method", "darts", "--search-images", "16"][..], &[&["--method", "dsnas"], &edges[..]].concat()]
    {
        let flags = ["search", "--dry-run", "--device", "cuda", "--data", "digits", "--training-images", "16"];
        let flags = [&flags[..], &["--batch", "16", "--out", "nowhere"], method].concat();
        let output = wirecost(emulator(), &[], &flags);
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find(|line| line.starts_with("# memory:")).unwrap_or_else(|| panic!("{text}"));
        let numbers: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [estimate, counted] = numbers[..] else { panic!("{line}") };
        assert!((estimate - counted).abs() <= 0.2 * counted, "{line}");
    }
}

#[test]
fn claims_and_searches_run_on_the_device() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| folder.path().join(name));
    for out in [&a, &b] {
        let flags = ["--data", "synthetic", "--epochs", "1", "--training-images", "8", "--batch", "4", "--quiet"];
        let out = out.to_str().unwrap();
        let search = [&["search", "--method", "dsnas", "--device", "cuda", "--out", out][..], &flags].concat();
        let output = wirecost(emulator(), &[], &search);
        assert!(output.status.success(), "{output:?}");
    }
    let bytes = |out: &Path| std::fs::read(out.join("checkpoint.safetensors")).unwrap();
    assert!(bytes(&a) == bytes(&b), "the same seed gives the same run");
    let output =
        wirecost(emulator(), &[], &["verify", "--cases", "4", "--quiet", "--device", "cuda", "eq10-bn-zero-cost"]);
    let known = String::from_utf8_lossy(&output.stderr).contains("unknown claim");
    assert!(output.status.success() && !known, "{output:?}");
}
