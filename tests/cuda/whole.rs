//! Everything at once: the oracle's networks, and the same bits each time.

use crate::kernel::{check::Device, everything};
use std::path::Path;
use wirecost::{
    cost::case::{Case, Evaluation},
    tensor::Cuda,
};

/// As in tests/oracle.rs.
const TOLERANCE: f64 = 1e-10;

/// Every number of every oracle case, from the folder that WIRECOST_CASES names, or the repository's.
#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn every_oracle_case_agrees_in_every_number() {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testdata/cases");
    let folder = std::env::var("WIRECOST_CASES").unwrap_or_else(|_| here.into());
    let mut count = 0;
    for entry in std::fs::read_dir(Path::new(&folder)).unwrap() {
        let case = Case::read(&entry.unwrap().path()).unwrap();
        let evaluation = Evaluation::new::<f64, Cuda>(&case, &Cuda::open()).unwrap();
        for tensor in evaluation.compare(&case) {
            assert!(tensor.difference <= TOLERANCE, "{}: {} off by {:e}", case.name, tensor.name, tensor.difference);
        }
        count += 1;
    }
    assert_eq!(count, 14);
}

/// Twice in this process; and the bits go to the file that WIRECOST_BITS names, for who compares runs.
#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn the_same_bits_each_time() {
    // Several blocks of every kernel.
    let [bits, again] = [(); 2].map(|()| everything::<Cuda>([5, 19, 17, 24]));
    assert_eq!(bits, again);
    if let Ok(path) = std::env::var("WIRECOST_BITS") {
        let text: String = bits.iter().map(|bits| format!("{bits:08x}\n")).collect();
        std::fs::write(path, text).unwrap();
    }
}
