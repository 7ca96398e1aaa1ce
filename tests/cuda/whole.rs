//! Everything at once: the oracle's networks, and the same bits each time.

use super::check::{device, draw, elements};
use std::{fmt::Write, path::Path};
use wirecost::{
    cost::case::{Case, Evaluation},
    tensor::{
        Cuda, Tape, Var,
        op::{AffineLayout, Grouping, PoolKind},
    },
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
        let evaluation = Evaluation::new::<f64, Cuda>(&case, &device()).unwrap();
        for tensor in evaluation.compare(&case) {
            assert!(tensor.difference <= TOLERANCE, "{}: {} off by {:e}", case.name, tensor.name, tensor.difference);
        }
        count += 1;
    }
    assert_eq!(count, 14);
}

/// Forward and gradients of every operation on several blocks of every kernel.
fn everything() -> String {
    let (shape, device, tape) = ([5, 19, 17, 24], device(), Tape::recording());
    let leaf = |name, shape: &[usize]| {
        let host = elements::<f32>(&draw(1, name, shape.iter().product()));
        Var::new(&device, shape, &host).unwrap().on(&tape)
    };
    let x = leaf("x", &shape);
    let (dw, pw, dense) = (leaf("dw", &[5, 5, 24]), leaf("pw", &[1, 1, 24, 24]), leaf("dense", &[3, 3, 24, 24]));
    let (gamma, z, bias) = (leaf("gamma", &[24]), leaf("z", &[4]), leaf("bias", &[24]));
    let edge = x.separable(&dw, 2, &pw, Grouping { per_sample: false, channels: 4 }, 1e-5).unwrap();
    let edge = edge.affine(AffineLayout::Channel, &gamma, &gamma).unwrap();
    let conv = x.convolution(&dense).unwrap();
    let (max, average) = (x.pool(PoolKind::Max).unwrap(), x.pool(PoolKind::Average).unwrap());
    let sum = z.weighted_sum(&[(0, &edge), (1, &max), (2, &average), (3, &conv)]).unwrap();
    let y = Var::concatenate(&[&sum, &x]).unwrap().global_average_pool().unwrap();
    let y = y.reshape(&[10, 24]).unwrap().bias(&bias).unwrap().softmax().unwrap();
    let mut results = y.to_host().unwrap();
    y.backward_from(&y.to_host().unwrap()).unwrap();
    for leaf in [&x, &dw, &pw, &dense, &gamma, &z, &bias] {
        results.extend(leaf.take_gradient().unwrap().expect("every leaf is used"));
    }
    results.into_iter().fold(String::new(), |mut text, x| {
        writeln!(text, "{:08x}", x.to_bits()).unwrap();
        text
    })
}

/// Twice in this process; and the bits go to the file that WIRECOST_BITS names, for who compares runs.
#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn the_same_bits_each_time() {
    let bits = everything();
    assert_eq!(bits, everything());
    if let Ok(path) = std::env::var("WIRECOST_BITS") {
        std::fs::write(path, bits).unwrap();
    }
}
