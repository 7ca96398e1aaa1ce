//! Every kernel of the device near the scalar reference.

use crate::kernel;
use wirecost::tensor::Cuda;

/// Of each check.
const CASES: u32 = 48;

#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn relu_and_pools_agree() {
    kernel::relu_and_pools_agree::<Cuda>(CASES);
}

#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn convolutions_agree() {
    kernel::convolutions_agree::<Cuda>(CASES);
}

#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn norms_agree() {
    kernel::norms_agree::<Cuda>(CASES);
}

#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn averages_follow() {
    kernel::averages_follow::<Cuda>(CASES);
}

#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn affine_agrees() {
    kernel::affine_agrees::<Cuda>(CASES);
}

#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn weighted_sums_agree() {
    kernel::weighted_sums_agree::<Cuda>(CASES);
}

#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn concatenations_agree() {
    kernel::concatenations_agree::<Cuda>(CASES);
}

#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn batches_agree() {
    kernel::batches_agree::<Cuda>(CASES);
}

#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn an_edge_in_one_step_is_its_parts() {
    kernel::an_edge_in_one_step_is_its_parts::<Cuda>(CASES);
}

#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn a_node_in_one_step_is_its_parts() {
    // Each runs the kernels of a dozen edges, both ways.
    kernel::a_node_in_one_step_is_its_parts::<Cuda>(CASES / 4);
}

#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn heads_agree() {
    kernel::heads_agree::<Cuda>(CASES);
}

#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn optimisers_agree() {
    kernel::optimisers_agree::<Cuda>(CASES);
}

#[test]
#[ignore = "needs a CUDA device; `emulated` runs it without one"]
fn a_single_number_will_do() {
    kernel::a_single_number_will_do::<Cuda>();
}
