//! A run folder: what is written is read back; what is damaged is named in one line.

use ndarray::{Array2, array};
use serde_json::json;
use std::{fs, path::Path};
use wirecost::run::{
    CellSummary, CostAccumulator, CostRecord, DataSummary, EpochMetrics, Error, Manifest, RunFolder, RunWriter, Split,
};

fn manifest() -> Manifest {
    Manifest {
        version: "0.1.0".into(),
        command: "wirecost search --method dsnas --seed 7".into(),
        seed: 7,
        config: json!({"method": "dsnas", "epochs": 2}),
        data: DataSummary {
            name: "digits".into(),
            sha256: "00".into(),
            classes: 10,
            image: [8, 8, 1],
            sets: [("training".to_string(), 4)].into(),
        },
        cell: CellSummary { cells: 1, nodes: 3, inputs: 1, edges: vec![[0, 1], [1, 2]], output: vec![1, 2] },
        operations: vec!["none".into(), "skip_connect".into()],
        title: "DSNAS".into(),
        note: String::new(),
    }
}

fn metrics(epoch: usize) -> EpochMetrics {
    EpochMetrics {
        epoch,
        set: "training".into(),
        loss: 0.1 + 0.2,
        entropy: 2.0 / 3.0,
        cost: 0.1 + 0.2 - 2.0 / 3.0,
        accuracy: 0.75,
        images: 4,
        correct: Split { count: 3, loss: 0.2, entropy: 0.9, cost: -0.7 },
        wrong: Split { count: 1, loss: 1.5, entropy: 0.4, cost: 1.1 },
        learning_rate: 0.025,
    }
}

fn alpha(shift: f64) -> Array2<f64> {
    array![[0.0, 1.0], [f64::ln(3.0), 0.0]] + shift
}

fn costs(epoch: usize) -> Vec<CostRecord> {
    let mut all = CostAccumulator::new(1, 2, 2);
    [1.0, 2.0, 4.0].into_iter().for_each(|cost| all.push(0, 1, 1, cost));
    all.push(0, 0, 1, -0.5);
    all.take(epoch)
}

fn write(dir: &Path) {
    let mut run = RunWriter::create(dir, &manifest(), json!({"threads": 2})).unwrap();
    run.alpha(alpha(0.0).view()).unwrap();
    for epoch in 0..2 {
        run.metrics(&metrics(epoch)).unwrap();
        run.costs(&costs(epoch)).unwrap();
        run.alpha(alpha(epoch as f64).view()).unwrap();
        run.timing(epoch, 0.5).unwrap();
    }
    run.finish().unwrap();
}

#[test]
fn reads_back_what_was_written() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("runs/a");
    write(&dir);
    let run = RunFolder::open(&dir).unwrap();
    assert_eq!(run.manifest, manifest());
    assert_eq!(run.metrics, [metrics(0), metrics(1)]);
    assert_eq!(run.costs, [costs(0), costs(1)].concat());
    assert_eq!(run.alpha.dim(), (3, 2, 2));
    assert_eq!((run.name().as_str(), run.epochs()), ("a", 2));
    // softmax(ln 3, 0) = (3/4, 1/4); one rounding each for exp, sum and quotient.
    let p = run.probabilities(2);
    assert!((p[[1, 0]] - 0.75).abs() <= 4.0 * f64::EPSILON);
    assert!(!dir.join("alpha.npy.part").exists());
}

#[test]
fn costs_are_mean_and_sample_deviation() {
    let records = costs(3);
    let exact = |value: f64, want: f64| assert!((value - want).abs() <= 8.0 * f64::EPSILON * want.abs());
    assert_eq!(records.len(), 2, "what never occurred is not written");
    assert_eq!((records[0].edge, records[0].count, records[0].mean, records[0].std), (0, 1, -0.5, 0.0));
    assert_eq!((records[1].epoch, records[1].edge, records[1].operation, records[1].count), (3, 1, 1, 3));
    exact(records[1].mean, 7.0 / 3.0);
    exact(records[1].std, (7.0f64 / 3.0).sqrt());
    exact(records[1].stderr, (7.0f64 / 9.0).sqrt());
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let temp = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| temp.path().join(name));
    write(&a);
    write(&b);
    for file in ["manifest.json", "metrics.jsonl", "costs.jsonl", "alpha.npy"] {
        assert_eq!(fs::read(a.join(file)).unwrap(), fs::read(b.join(file)).unwrap(), "{file}");
    }
}

#[test]
fn an_existing_folder_is_left_alone() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("mine"), "mine").unwrap();
    let error = RunWriter::create(temp.path(), &manifest(), json!({})).unwrap_err();
    assert!(matches!(error, Error::Exists(_)));
    let text = error.to_string();
    assert!(text.contains(&temp.path().display().to_string()) && text.contains("choose another --out"), "{text}");
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_that_cannot_be_made_is_one_line() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("file"), "").unwrap();
    let error = RunWriter::create(&temp.path().join("file/run"), &manifest(), json!({})).unwrap_err().to_string();
    assert!(error.contains("cannot write") && !error.contains('\n'), "{error}");
}

#[test]
fn nothing_but_finite_numbers_is_written() {
    let temp = tempfile::tempdir().unwrap();
    let mut run = RunWriter::create(&temp.path().join("a"), &manifest(), json!({})).unwrap();
    let bad = EpochMetrics { entropy: f64::NAN, ..metrics(0) };
    assert!(run.metrics(&bad).unwrap_err().to_string().contains("entropy: expected a finite number, found NaN"));
    let bad = CostRecord { mean: f64::INFINITY, ..costs(0)[0].clone() };
    assert!(run.costs(&[bad]).unwrap_err().to_string().contains("mean"));
    assert!(run.alpha(alpha(f64::NAN).view()).unwrap_err().to_string().contains("alpha"));
    assert!(run.alpha(Array2::zeros((2, 3)).view()).unwrap_err().to_string().contains("shape"));
    assert_eq!(fs::read_to_string(temp.path().join("a/metrics.jsonl")).unwrap(), "");
}

#[test]
fn damage_is_named_in_one_line() {
    let replace = |file: &Path, from: &str, to: &str| {
        let text = fs::read_to_string(file).unwrap();
        assert!(text.contains(from), "{from} in {text}");
        fs::write(file, text.replace(from, to)).unwrap();
    };
    let cut = |file: &Path, keep: fn(usize) -> usize| {
        let bytes = fs::read(file).unwrap();
        fs::write(file, &bytes[..keep(bytes.len())]).unwrap();
    };
    type Damage<'a> = &'a dyn Fn(&Path);
    let cases: [(&str, Damage, &str); 14] = [
        ("no folder", &|dir| fs::remove_dir_all(dir).unwrap(), "no such folder"),
        ("no manifest", &|dir| fs::remove_file(dir.join("manifest.json")).unwrap(), "manifest.json: cannot read"),
        ("no alpha", &|dir| fs::remove_file(dir.join("alpha.npy")).unwrap(), "alpha.npy: cannot read"),
        ("no costs", &|dir| fs::remove_file(dir.join("costs.jsonl")).unwrap(), "costs.jsonl: cannot read"),
        ("cut manifest", &|dir| cut(&dir.join("manifest.json"), |n| n / 2), "manifest.json: EOF"),
        ("cut metrics", &|dir| cut(&dir.join("metrics.jsonl"), |n| n - 1), "metrics.jsonl: line 2: cut off"),
        ("cut alpha", &|dir| cut(&dir.join("alpha.npy"), |n| n - 8), "alpha.npy: "),
        ("no field", &|dir| replace(&dir.join("metrics.jsonl"), "\"loss\"", "\"los\""), "line 1: missing field `loss`"),
        ("a word", &|dir| replace(&dir.join("costs.jsonl"), "-0.5", "\"x\""), "costs.jsonl: line 1: invalid type"),
        (
            "operation",
            &|dir| replace(&dir.join("costs.jsonl"), "\"operation\":1", "\"operation\":2"),
            "line 1: operation",
        ),
        (
            "fewer edges",
            &|dir| replace(&dir.join("manifest.json"), "\"skip_connect\"", "\"a\",\"b\""),
            "alpha.npy: shape",
        ),
        ("bad edge", &|dir| replace(&dir.join("manifest.json"), "\"nodes\": 3", "\"nodes\": 2"), "cell.edges"),
        ("images", &|dir| replace(&dir.join("metrics.jsonl"), "\"images\":4", "\"images\":5"), "line 1: images"),
        ("unfinished", &|dir| fs::write(dir.join("metrics.jsonl"), "").unwrap(), "expected 2 epochs"),
    ];
    for (name, damage, message) in cases {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("a");
        write(&dir);
        damage(&dir);
        let error = RunFolder::open(&dir).unwrap_err().to_string();
        assert!(error.contains(message), "{name}: {error}");
        assert!(error.starts_with(&dir.display().to_string()) && !error.contains('\n'), "{name}: {error}");
    }
}
