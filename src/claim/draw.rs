//! Case number so and so of a kind: drawn, judged, made small.

use super::{Judge, observe::Subject, tally::worst};
use crate::{seed::stream, tensor::Backend};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use rand::Rng;

/// Attempts to make a failing case smaller.
const SHRINKING: usize = 300;

/// Case number `index` of a kind, as a tree that shrinks.
fn tree<S: Subject>(seed: u64, index: u64) -> Box<dyn ValueTree<Value = S::Case>> {
    let mut key = [0; 32];
    stream(seed, &format!("{} {index}", S::NAME)).fill_bytes(&mut key);
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &key));
    Box::new(S::strategy().new_tree(&mut runner).expect("a strategy that rejects nothing"))
}

/// Case number `index` of a kind.
pub fn draw<S: Subject>(seed: u64, index: u64) -> S::Case {
    tree::<S>(seed, index).current()
}

/// Whether the claim is violated, under its condition, by an observation.
pub fn judge<S>(judge: Judge<S>, observation: &S) -> bool {
    worst(&judge(observation))[0].is_some_and(|ratio| ratio > 1.0)
}

/// The smallest case on the way down that still violates the claim.
pub(super) fn shrink<S: Subject, D: Backend<S::Element>>(
    seed: u64,
    index: u64,
    judge: Judge<S>,
    device: &D,
) -> S::Case {
    let violates =
        |case: &S::Case| S::observe_on(case, device).is_ok_and(|observation| self::judge(judge, &observation));
    let mut tree = tree::<S>(seed, index);
    let mut best = tree.current();
    let mut moved = tree.simplify();
    for _ in 0..SHRINKING {
        if !moved {
            break;
        }
        let case = tree.current();
        moved = match violates(&case) {
            true => {
                best = case;
                tree.simplify()
            }
            false => tree.complicate(),
        };
    }
    best
}
