//! Every check rejects wrong implementations: at least one for each claim. The table shows which.

use wirecost::claim::{
    Check,
    observe::{
        layer::LayerObservation, logits::LogitsObservation, network::NetworkObservation, norm::NormObservation,
        relaxed::RelaxedObservation,
    },
    record::Verdict,
    registry,
    sabotage::{Row, Sabotaged, table},
};

fn each_check_has_power<S: Sabotaged>(cases: u64) {
    let rows = rows::<S>(cases);
    for (i, (name, _)) in rows[0].rejected.iter().enumerate() {
        assert!(rows.iter().any(|row| row.rejected[i].1), "{} of {}: no claim rejects it", name, S::NAME);
    }
}

/// The table of one kind: every claim accepts the honest run and rejects a wrong one.
fn rows<S: Sabotaged>(cases: u64) -> Vec<Row> {
    let claims = registry();
    let judges: Vec<_> =
        claims.iter().filter_map(|claim| Some((claim.id, claim.expected, S::judge(&claim.check)?))).collect();
    assert!(!judges.is_empty());
    let rows = table::<S>(&judges, cases, 5);
    for (i, (name, _)) in rows[0].rejected.iter().enumerate() {
        println!("{:>2} {name}", i + 1);
    }
    for row in &rows {
        let marks: String = row.rejected.iter().map(|(_, rejected)| if *rejected { " x" } else { " ." }).collect();
        println!("{:34}{marks}", row.id);
    }
    for row in &rows {
        assert!(row.accepted, "{}: the honest implementation is not accepted", row.id);
        assert!(row.rejected.iter().any(|(_, rejected)| *rejected), "{}: no sabotage is rejected", row.id);
    }
    rows
}

#[test]
fn normalisations() {
    each_check_has_power::<NormObservation>(200);
}

#[test]
fn operations() {
    each_check_has_power::<LayerObservation>(200);
}

#[test]
fn logits() {
    each_check_has_power::<LogitsObservation>(400);
}

#[test]
fn networks() {
    each_check_has_power::<NetworkObservation<f64>>(120);
}

#[test]
fn networks_in_f32() {
    // Wider bounds let some sabotages pass.
    rows::<NetworkObservation<f32>>(150);
}

/// Each statistic has a wrong implementation of its own.
#[test]
fn statistics() {
    for claim in registry() {
        let Check::Statistic { measure, sabotage } = claim.check else { continue };
        let holds = claim.expected != Verdict::Refuted;
        assert_eq!(measure(7).ratio <= 1.0, holds, "{}: the honest implementation is not accepted", claim.id);
        assert_eq!(sabotage(7).ratio > 1.0, holds, "{}: no sabotage is rejected", claim.id);
    }
}

#[test]
fn architecture_gradients() {
    each_check_has_power::<RelaxedObservation>(20);
}
