//! The same numbers from the proof and from the program: every quantity that Coq computed over the
//! rationals (`tests/testdata/proofs/instances.txt`), from the tape and from the closed forms.
//!
//! Each may differ from p/q by rounding only, by no more than `near` derives along the computation: u
//! for a product, γ_n for a sum of n. An entry takes 16 roundings in a norm and 14 in its backward pass;
//! with two of either on the longest path through a cell, and the products and sums between, it is some
//! 80. The numbers are small and every σ is rational, so no other rational of the same denominator fits.

#[path = "instances/formulas.rs"]
mod formulas;
#[path = "instances/near.rs"]
mod near;
#[path = "instances/tape.rs"]
mod tape;

use formulas::{Given, Quantities};
use ndarray::Array4;
use near::Near;
use std::collections::BTreeMap;

/// What instances are given as, and not computed.
const GIVEN: [&str; 16] = [
    "a",
    "b",
    "weight",
    "eps",
    "x",
    "gamma",
    "beta",
    "output-gradient",
    "node-0",
    "node-1",
    "edge-4-weights",
    "edge-2-norm",
    "edge-4-norm",
    "unit-norm",
    "unit-weights",
    "target",
];
/// What a normalisation on the tape keeps to itself.
const NOT_ON_TAPE: [&str; 2] = ["mean", "variance"];

const LINES: &str = include_str!("testdata/proofs/instances.txt");

/// p/q.
#[derive(Debug, Clone, Copy)]
struct Rational {
    p: f64,
    q: f64,
}

impl Rational {
    fn parse(text: &str) -> Self {
        let whole = |text: &str| text.parse::<i32>().unwrap_or_else(|_| panic!("'{text}' is no number")).into();
        let (p, q) = text.split_once('/').unwrap_or((text, "1"));
        Rational { p: whole(p), q: whole(q) }
    }

    fn value(self) -> f64 {
        self.p / self.q
    }
}

type Instance = BTreeMap<String, Vec<Rational>>;

fn instances() -> BTreeMap<String, Instance> {
    let mut instances: BTreeMap<String, Instance> = BTreeMap::new();
    for line in LINES.lines().filter(|line| !line.starts_with("roundings ")) {
        let [instance, quantity, numbers @ ..] = &line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("not 'instance quantity numbers': {line}");
        };
        let numbers = numbers.iter().map(|number| Rational::parse(number)).collect();
        let before = instances.entry(instance.to_string()).or_default().insert(quantity.to_string(), numbers);
        assert!(before.is_none(), "{instance} {quantity} twice");
    }
    instances
}

/// One instance, computed in each way.
struct Computed {
    bounded: Quantities<Near>,
    closed: Quantities<f64>,
    tape: Quantities<f64>,
}

fn compute(name: &str, instance: &Instance) -> Computed {
    let values = instance.iter().map(|(name, v)| (name.clone(), v.iter().map(|r| r.value()).collect())).collect();
    let given = Given(&values);
    match name {
        "four-numbers" => Computed {
            bounded: formulas::four_numbers::<Vec<Near>>(&given),
            closed: formulas::four_numbers::<Array4<f64>>(&given),
            tape: tape::four_numbers(&given),
        },
        "norm" | "norm-eps" => Computed {
            bounded: formulas::norm::<Vec<Near>>(&given),
            closed: formulas::norm::<Array4<f64>>(&given),
            tape: tape::norm(&given),
        },
        cell if cell.starts_with("cell-") => Computed {
            bounded: formulas::cell::<Vec<Near>>(&given),
            closed: formulas::cell::<Array4<f64>>(&given),
            tape: tape::cell(&given),
        },
        _ => panic!("no way to compute {name}"),
    }
}

/// The quantities that differ from what Coq has, or that were not computed.
fn disagreements(instance: &Instance, computed: &Computed) -> Vec<String> {
    let mut found = Vec::new();
    for (quantity, expected) in instance.iter().filter(|(quantity, _)| !GIVEN.contains(&quantity.as_str())) {
        let bounds = computed.bounded.get(quantity.as_str());
        let mut judge = |way: &str, numbers: Option<&Vec<f64>>| match (numbers, bounds) {
            (Some(numbers), Some(bounds)) if numbers.len() == expected.len() && bounds.len() == expected.len() => {
                for ((number, near), expected) in numbers.iter().zip(bounds).zip(expected) {
                    let agree = (number - expected.value()).abs() <= near.bound(); // NaN does not
                    if !agree {
                        let Rational { p, q } = expected;
                        found.push(format!("{quantity}, {way}: {number}, not {p}/{q}, within {:e}", near.bound()));
                    }
                }
            }
            _ => found.push(format!("{quantity}, {way}: not computed")),
        };
        judge("closed form", computed.closed.get(quantity.as_str()));
        if !NOT_ON_TAPE.contains(&quantity.as_str()) {
            judge("tape", computed.tape.get(quantity.as_str()));
        }
    }
    found
}

#[test]
fn proof_and_program_have_the_same_numbers() {
    let instances = instances();
    let names: Vec<&str> = instances.keys().map(String::as_str).collect();
    assert_eq!(names, ["cell-eps", "cell-mixture", "cell-plain", "cell-skip", "four-numbers", "norm", "norm-eps"]);
    for (name, instance) in &instances {
        let found = disagreements(instance, &compute(name, instance));
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

/// The bounds leave room for no other rational of the same denominator.
#[test]
fn a_numerator_off_by_one_is_rejected_wherever_it_stands() {
    let mut tried = 0;
    for (name, instance) in &instances() {
        let computed = compute(name, instance);
        for (quantity, numbers) in instance.iter().filter(|(quantity, _)| !GIVEN.contains(&quantity.as_str())) {
            for (i, step) in (0..numbers.len()).flat_map(|i| [(i, -1.0), (i, 1.0)]) {
                let mut perturbed = instance.clone();
                perturbed.get_mut(quantity).unwrap()[i].p += step;
                let ways = 2 - usize::from(NOT_ON_TAPE.contains(&quantity.as_str()));
                let found = disagreements(&perturbed, &computed);
                assert_eq!(found.len(), ways, "{name} {quantity}[{i}]: {found:#?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 300, "only {tried} perturbations");
}

#[test]
fn a_quantity_that_nobody_computes_is_reported() {
    let (name, instance) = instances().pop_first().unwrap();
    let mut longer = instance.clone();
    longer.insert("something-new".into(), vec![Rational::parse("1/2")]);
    assert_eq!(disagreements(&longer, &compute(&name, &instance)).len(), 2);
}

/// The bounds of a normalisation count as many roundings as their proof does.
#[test]
fn the_proofs_constants_are_the_codes() {
    let constants = LINES.lines().filter_map(|line| line.strip_prefix("roundings norm ")).collect::<Vec<_>>();
    assert!(!constants.is_empty());
    for constant in constants {
        let [n, roundings] = &constant.split(' ').map(|text| text.parse().unwrap()).collect::<Vec<usize>>()[..] else {
            panic!("not 'n roundings': {constant}");
        };
        assert_eq!(wirecost::theorem::rounding::norm_roundings(*n), *roundings, "{n} entries");
    }
}
