//! What a dry run says of a search's memory, against what the search then takes.
#![cfg(target_os = "linux")]

use std::{
    fs,
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

/// By how much the two may differ, of what was taken.
const TOLERANCE: f64 = 0.2;

/// "# memory: up to 12 MiB, …", and "…; 11 MiB in the steps …".
fn said(flags: &[&str]) -> [f64; 2] {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirecost"));
    let output = command.args(["search", "--dry-run", "--out", "nowhere"]).args(flags).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find(|line| line.starts_with("# memory:")).unwrap_or_else(|| panic!("{text}"));
    let words: Vec<_> = line.split_whitespace().collect();
    let before = |n: usize| words.iter().enumerate().filter(|(_, word)| word.starts_with("MiB")).nth(n).unwrap().0 - 1;
    [0, 1].map(|n| words[before(n)].parse().unwrap())
}

/// The most memory, in MiB, that the search had, as the system saw it while it ran.
fn taken(flags: &[&str]) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirecost"));
    command.args(["search", "--quiet", "--out"]).arg(folder.path().join("run")).args(flags).stderr(Stdio::inherit());
    let mut search = command.spawn().unwrap();
    let status = format!("/proc/{}/status", search.id());
    let mut most: f64 = 0.0;
    while search.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let kib = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        most = most.max(kib.unwrap_or(0.0) / 1024.0);
        sleep(Duration::from_millis(2));
    }
    assert!(search.wait().unwrap().success());
    most
}

fn agrees(threads: &str, flags: &[&str]) {
    let common = ["--data", "digits", "--epochs", "1", "--batch", "128", "--channels", "24", "--threads", threads];
    let flags = [&common, flags].concat();
    let ([estimate, counted], taken) = (said(&flags), taken(&flags));
    for said in [estimate, counted] {
        let off = (said - taken).abs() / taken;
        assert!(off <= TOLERANCE, "{flags:?}: said {said} MiB, took {taken:.0} MiB");
    }
}

/// Every edge has the operation that keeps most: otherwise what is taken depends on what is drawn.
const LARGEST: [&str; 10] = [
    "--edge",
    "0=sep_conv_5x5",
    "--edge",
    "1=sep_conv_5x5",
    "--edge",
    "2=sep_conv_5x5",
    "--edge",
    "3=sep_conv_5x5",
    "--edge",
    "4=sep_conv_5x5",
];

#[test]
fn one_path() {
    agrees("2", &[&["--method", "dsnas", "--training-images", "384"][..], &LARGEST].concat());
}

#[test]
fn one_path_in_stacked_cells_with_affine_norms_on_one_thread() {
    let flags = ["--method", "dsnas", "--training-images", "384", "--cells", "3", "--affine", "true"];
    agrees("1", &[&flags[..], &LARGEST].concat());
}

#[test]
fn a_mixture() {
    agrees("2", &["--method", "darts", "--training-images", "384", "--search-images", "384"]);
}

#[test]
fn a_mixture_a_step_ahead() {
    agrees("2", &["--method", "darts", "--unrolled", "true", "--training-images", "256", "--search-images", "256"]);
}

#[test]
fn a_relaxed_sample_in_another_order() {
    agrees("2", &["--method", "snas", "--training-images", "384", "--order", "conv_relu_norm"]);
}
