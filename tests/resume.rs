//! A search that was killed, interrupted or stopped and then resumed ends like one left alone; a
//! folder that cannot be resumed is refused in one line and left as it is.

use rand::RngExt;
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};
use wirecost::{
    search::{Config, Ended, Evaluation, Level, Method, Observer, Progress, Silent, resume, search},
    seed::stream,
    tensor::Cpu,
};

const SMALL: [&str; 10] =
    ["--data", "synthetic", "--training-images", "64", "--search-images", "48", "--batch", "16", "--channels", "2"];

fn command(out: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wirecost"));
    command.args(["search", "--quiet", "--threads", "1", "--out"]).arg(out).args(flags);
    command.stdout(Stdio::null());
    command
}

/// Every file but the two that tell of the clock and the machine.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_string(), fs::read(&path).unwrap()));
    named.filter(|(name, _)| name != "timing.jsonl" && name != "machine.json").collect()
}

fn assert_same(a: &Path, b: &Path, what: &str) {
    let (a, b) = (files(a), files(b));
    assert!(a.keys().eq(b.keys()), "{what}: {:?} and {:?}", a.keys(), b.keys());
    a.iter().for_each(|(name, bytes)| assert!(*bytes == b[name], "{what}: {name} differs"));
}

#[test]
fn killed_at_twenty_random_moments() {
    let folder = tempfile::tempdir().unwrap();
    let mut moments = stream(7, "moments of death");
    let mut kills = 0;
    for (method, epochs) in [("dsnas", "40"), ("darts", "8")] {
        let flags = [&["--method", method, "--epochs", epochs][..], &SMALL].concat();
        let whole = folder.path().join(method);
        let start = Instant::now();
        assert!(command(&whole, &flags).status().unwrap().success());
        let seconds = start.elapsed().as_secs_f64();
        for round in 0.. {
            // Killed and resumed until one is quick enough to end.
            let out = folder.path().join(format!("{method}-{round}"));
            loop {
                let mut child = command(&out, &[&flags[..], &["--resume"]].concat()).spawn().unwrap();
                std::thread::sleep(Duration::from_secs_f64(moments.random_range(0.0..1.1 * seconds)));
                if let Some(status) = child.try_wait().unwrap() {
                    assert!(status.success());
                    break;
                }
                child.kill().unwrap();
                child.wait().unwrap();
                kills += 1;
            }
            assert_same(&whole, &out, method);
            if kills >= if method == "dsnas" { 10 } else { 20 } {
                break;
            }
        }
    }
}

/// Asks for a stop after a number of steps.
struct StopAfter(usize);

impl Observer for StopAfter {
    fn step(&mut self, _: &Progress) {
        self.0 = self.0.saturating_sub(1);
    }

    fn epoch(&mut self, _: &Progress) {}

    fn stop(&self) -> bool {
        self.0 == 0
    }
}

#[test]
fn stopped_after_any_step() {
    let folder = tempfile::tempdir().unwrap();
    let plain = Config {
        data: "synthetic".into(),
        epochs: 2,
        batch: 8,
        training_images: 16,
        search_images: 24,
        channels: 2,
        level: Level::Bi,
        ..Config::new(Method::Darts)
    };
    // Augmented images, and averages of the norms that go on moving.
    let augmented = Config { crop: 1, flip: true, test_images: 12, evaluation: Evaluation::Moving, ..plain.clone() };
    let (device, machine) = (Cpu::default(), serde_json::Value::Null);
    for (name, config) in [("plain", plain), ("augmented", augmented)] {
        let whole = folder.path().join(name);
        search::<f32, Cpu>(&config, device.clone(), &whole, machine.clone(), &mut Silent).unwrap();
        for steps in 1..=6 {
            let out = folder.path().join(format!("{name}-{steps}"));
            let go = |observer: &mut dyn Observer| {
                resume::<f32, Cpu>(&config, device.clone(), &out, machine.clone(), observer).unwrap()
            };
            let (epoch, step) = ((steps - 1) / 3, (steps - 1) % 3 + 1);
            assert_eq!(go(&mut StopAfter(steps)), Ended::Stopped { epoch, step });
            assert_eq!(go(&mut Silent), Ended::Done);
            assert_same(&whole, &out, &format!("{name}, stopped after {steps} steps"));
        }
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_saves_and_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let flags = [&["--method", "dsnas", "--epochs", "100000"][..], &SMALL].concat();
    let child = command(&out, &flags).stderr(Stdio::piped()).spawn().unwrap();
    while !out.join("checkpoint.safetensors").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{message}");
    assert!(message.contains("saved in epoch") && message.contains("--resume"), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
}

fn refused(out: &Path, flags: &[&str]) -> String {
    let before = files(out);
    let Output { status, stderr, .. } = command(out, flags).stderr(Stdio::piped()).output().unwrap();
    let message = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{flags:?}: {message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(files(out) == before, "{message}: something was changed");
    message
}

#[test]
fn what_cannot_be_resumed_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let [out, other] = ["run", "other"].map(|name| folder.path().join(name));
    let flags = [&["--method", "dsnas", "--epochs", "2"][..], &SMALL].concat();
    assert!(command(&out, &flags).status().unwrap().success());
    assert!(command(&other, &[&flags[..], &["--seed", "1"]].concat()).status().unwrap().success());
    let again = [&flags[..], &["--resume"]].concat();

    for (more, expected) in [
        (["--seed", "1"], "seed: 1, but the run was recorded with 0"),
        (["--head-gain", "8"], "head-gain: 8.0, but the run was recorded with 1.0"),
    ] {
        let message = refused(&out, &[&again[..], &more].concat());
        assert!(message.contains(expected), "{message}");
    }

    let file = out.join("checkpoint.safetensors");
    let whole = fs::read(&file).unwrap();
    let refused_with = |bytes: &[u8], expected: &str| {
        fs::write(&file, bytes).unwrap();
        let message = refused(&out, &again);
        assert!(message.contains(file.to_str().unwrap()) && message.contains(expected), "{message}");
        fs::write(&file, &whole).unwrap();
    };
    for length in [0, 7, 100, whole.len() / 2, whole.len() - 1] {
        refused_with(&whole[..length], "not a whole safetensors file");
    }
    refused_with(&fs::read(other.join("checkpoint.safetensors")).unwrap(), "the checkpoint of another run");
    let case = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testdata/cases/p02_thm1_two_inputs_bn_eps0.safetensors");
    refused_with(&fs::read(case).unwrap(), "this is no checkpoint");

    fs::remove_file(&file).unwrap();
    assert!(refused(&out, &again).contains("missing, though epochs of the run were written"));
    fs::write(&file, &whole).unwrap();

    let metrics = fs::read(out.join("metrics.jsonl")).unwrap();
    fs::write(out.join("metrics.jsonl"), &metrics[..metrics.len() - 1]).unwrap();
    assert!(refused(&out, &again).contains("metrics.jsonl: epoch: expected all 2 epochs"));
    fs::write(out.join("metrics.jsonl"), &metrics).unwrap();

    // Without settings, those recorded; a run that has ended stays as it is.
    let before = files(&out);
    assert!(command(&out, &["--resume"]).status().unwrap().success());
    assert!(files(&out) == before);
}
