//! Every kernel of the processor: near the scalar reference, and the same on any number of threads.

mod kernel;
mod reference;

use kernel::check::Device;
use wirecost::tensor::{Cpu, kernel::Vectors};

/// Of each check.
const CASES: u32 = 512;

#[test]
fn relu_and_pools_agree() {
    kernel::relu_and_pools_agree::<Cpu>(CASES);
}

#[test]
fn convolutions_agree() {
    kernel::convolutions_agree::<Cpu>(CASES);
}

#[test]
fn norms_agree() {
    kernel::norms_agree::<Cpu>(CASES);
}

#[test]
fn averages_follow() {
    kernel::averages_follow::<Cpu>(CASES);
}

#[test]
fn affine_agrees() {
    kernel::affine_agrees::<Cpu>(CASES);
}

#[test]
fn weighted_sums_agree() {
    kernel::weighted_sums_agree::<Cpu>(CASES);
}

#[test]
fn concatenations_agree() {
    kernel::concatenations_agree::<Cpu>(CASES);
}

#[test]
fn batches_agree() {
    kernel::batches_agree::<Cpu>(CASES);
}

#[test]
fn an_edge_in_one_step_is_its_parts() {
    kernel::an_edge_in_one_step_is_its_parts::<Cpu>(CASES);
}

#[test]
fn a_node_in_one_step_is_its_parts() {
    kernel::a_node_in_one_step_is_its_parts::<Cpu>(CASES);
}

#[test]
fn heads_agree() {
    kernel::heads_agree::<Cpu>(CASES);
}

#[test]
fn optimisers_agree() {
    kernel::optimisers_agree::<Cpu>(CASES);
}

#[test]
fn a_single_number_will_do() {
    kernel::a_single_number_will_do::<Cpu>();
}

/// Above the size from which threads share even a sum.
#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for level in Vectors::ALL.into_iter().filter(|level| level.supported()) {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Cpu::within(level, || kernel::everything::<Cpu>([10, 48, 46, 24])))
        };
        let one = with(1);
        assert_eq!(one, with(2), "{level:?}");
        assert_eq!(one, with(3), "{level:?}");
    }
}
