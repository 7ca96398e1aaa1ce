//! Every claim of the registry, judged on drawn cases; that its bound is neither violated nor idle; and
//! that verify gives the same answer whatever the number of threads.

use std::sync::atomic::{AtomicU64, Ordering};
use wirecost::{
    claim::{
        Check, Options, draw,
        observe::{Subject, network::NetworkObservation},
        record::Verdict,
        registry, replay, verify,
    },
    cost::case::{Case, Evaluation},
    tensor::Cpu,
};

const OPTIONS: Options = Options { cases: 150, seed: 1, save: None, runs: &[] };

#[test]
fn every_claim_gets_the_verdict_that_it_deserves() {
    let done = AtomicU64::new(0);
    let outcome = verify(&registry(), OPTIONS, |_, total| {
        done.fetch_add(1, Ordering::Relaxed);
        assert!(total > OPTIONS.cases);
    });
    assert!(outcome.failures.is_empty(), "{:#?}", outcome.failures);
    for record in &outcome.verdicts.claims {
        println!(
            "{:34} {:11} {:>6} {:9.1e}",
            record.id,
            record.verdict,
            record.cases,
            record.worst_ratio.unwrap_or(0.0)
        );
        assert!(!record.deviates(), "{record:#?}");
        assert_eq!(record.verdict == Verdict::NotRun, record.is_trend(), "{record:#?}");
        let needs_witness = record.verdict == Verdict::Refuted;
        assert!(!needs_witness || record.reading.is_some(), "{}: refuted, and no reading that is true", record.id);
    }
    assert_eq!(done.into_inner(), outcome.drawn.iter().map(|drawn| drawn.cases).sum::<u64>());
}

#[test]
fn the_registry_names_sixty_claims_and_more_each_once() {
    let claims = registry();
    assert!(claims.len() >= 60);
    for (i, claim) in claims.iter().enumerate() {
        assert!(claims[..i].iter().all(|other| other.id != claim.id), "{} twice", claim.id);
        assert!(claim.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{}", claim.id);
    }
}

/// Each witness is a violation, and where it is a network it can be written, read and replayed.
#[test]
fn witnesses_violate_and_can_be_replayed() {
    let folder = tempfile::tempdir().unwrap();
    for claim in registry() {
        let Some(witness) = claim.witness.map(|witness| witness()) else { continue };
        assert!(witness.ratio > 1.0, "{}: {}", claim.id, witness.shown);
        let Some(case) = witness.case else { continue };
        let path = folder.path().join(format!("{}.safetensors", claim.id));
        case.write(&path, &Evaluation::new::<f64, Cpu>(&case, &Cpu::default()).unwrap()).unwrap();
        let replayed = replay(std::slice::from_ref(&claim), Case::read(&path).unwrap()).unwrap();
        if claim.expected == Verdict::Refuted {
            assert_eq!(replayed.claims[0].verdict, Verdict::Refuted, "{}", claim.id);
        }
    }
}

/// Over many cases the worst residual comes within four orders of magnitude of the bound.
#[test]
fn bounds_are_tight() {
    let claims: Vec<_> = registry().into_iter().filter(|claim| claim.expected != Verdict::Refuted).collect();
    let outcome = verify(&claims, Options { cases: 400, seed: 2, save: None, runs: &[] }, |_, _| ());
    // Exact by construction: no rounding takes part, or an inequality holds with room.
    let exact = [
        "eq4-relu",
        "eq4-skip",
        "eq4-homogeneous",
        "eq10-constant-group",
        "eq6-scale-invariance",
        "thm1-none-edge",
        "search-path-logits",
    ];
    let with_room = ["thm2-wrong-positive-two-classes", "thm2-confident-wrong"];
    for (claim, record) in claims.iter().zip(&outcome.verdicts.claims) {
        if matches!(claim.check, Check::Statistic { .. } | Check::Trend(_))
            || exact.contains(&claim.id)
            || with_room.contains(&claim.id)
        {
            continue;
        }
        let worst = record.worst_ratio.unwrap_or(0.0);
        assert!((1e-4..=1.0).contains(&worst), "{}: worst residual ÷ bound {worst:e}", claim.id);
    }
}

#[test]
fn verdicts_do_not_depend_on_the_number_of_threads() {
    let claims: Vec<_> =
        registry().into_iter().filter(|claim| !matches!(claim.check, Check::Statistic { .. })).collect();
    let options = Options { cases: 20, seed: 3, save: None, runs: &[] };
    let with_threads = |n: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| verify(&claims, options, |_, _| ())).verdicts
    };
    assert_eq!(with_threads(1), with_threads(3));
}

/// A claim with the wrong expectation is seen, its counterexample made small and saved.
#[test]
fn an_unexpected_violation_is_shrunk_and_saved() {
    let folder = tempfile::tempdir().unwrap();
    let mut claims = registry();
    claims.retain(|claim| claim.id == "thm1-literal");
    claims[0].expected = Verdict::Holds;
    let outcome = verify(&claims, Options { cases: 60, seed: 1, save: Some(folder.path()), runs: &[] }, |_, _| ());
    assert_eq!(outcome.verdicts.claims[0].verdict, Verdict::Refuted);
    let [failure, in_f32] = &outcome.failures[..] else { panic!("one failure in each type") };
    let [case, _] = [failure, in_f32].map(|failure| Case::read(failure.saved.as_ref().unwrap()).unwrap());
    assert_eq!(replay(&claims, case.clone()).unwrap().claims[0].verdict, Verdict::Refuted);
    let drawn = |i| <NetworkObservation as Subject>::size(&draw::<NetworkObservation>(1, i));
    let median = {
        let mut sizes: Vec<_> = (0..60).map(drawn).collect();
        sizes.sort();
        sizes[30]
    };
    assert!(<NetworkObservation as Subject>::size(&case.into()) < median, "no smaller than what was drawn");
}

/// What the strategies cover, counted.
#[test]
fn every_feature_is_drawn() {
    let outcome = verify(&registry(), Options { cases: 300, seed: 4, save: None, runs: &[] }, |_, _| ());
    let histogram = &outcome.drawn.iter().find(|drawn| drawn.kind == "network").unwrap().histogram;
    let expected = [
        "norm batch",
        "norm layer",
        "norm instance",
        "norm group",
        "norm none",
        "eps 0",
        "affine off",
        "affine channel",
        "affine element",
        "affine sample",
        "cell minimal",
        "cell original",
        "cell other",
        "cells 4",
        "image 1x1",
        "batch 1",
        "batch 8",
        "channels 9",
        "classes 2",
        "classes 12",
        "bias true",
        "stem false",
        "order conv_norm_relu",
        "order conv_relu_norm",
        "architecture mixture",
        "operation none",
        "operation skip_connect",
        "operation sep_conv_5x5",
        "intermediate nodes 1",
        "intermediate nodes 4",
    ];
    for feature in expected {
        assert!(histogram.contains_key(feature), "{feature} was not drawn: {histogram:?}");
    }
}
