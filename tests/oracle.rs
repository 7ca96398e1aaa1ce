//! Every number of every oracle case, gradients included, recomputed on the tape.

use std::path::PathBuf;
use wirecost::{
    cost::case::{Case, Evaluation},
    tensor::Cpu,
};

/// The two PyTorch implementations that made the cases agree to 2e-14; their format suggests 1e-10.
const TOLERANCE: f64 = 1e-10;

fn cases() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testdata/cases");
    let mut cases: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

#[test]
fn every_case_agrees_in_every_number() {
    let cases = cases();
    assert_eq!(cases.len(), 14);
    for path in cases {
        let case = Case::read(&path).unwrap();
        let evaluation = Evaluation::new::<f64, Cpu>(&case, &Cpu::default()).unwrap();
        let compared = evaluation.compare(&case);
        assert!(compared.len() > 13 + case.parameters.len(), "{}: {} tensors", case.name, compared.len());
        for tensor in compared {
            assert!(tensor.difference <= TOLERANCE, "{}: {} off by {:e}", case.name, tensor.name, tensor.difference);
        }
    }
}
