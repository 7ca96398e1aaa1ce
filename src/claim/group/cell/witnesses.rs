//! Minimal cells to redo by hand.

use super::judges::{node_total, per_sample, single_edge};
use crate::{
    claim::{observe::network::NetworkObservation, strategy::plan::Plan, witness::Witness},
    network::consumer_key,
    operation::Operation,
    tensor::Seen,
};
use serde_json::{Value, json};

/// A minimal cell's costs through edge 4, for a reader.
pub fn through_edge_4(o: &NetworkObservation) -> Value {
    let cost = |e: usize| o.through(0, e, Some(4)).value;
    let seen = |key: &str| o.trace().at(key).map(|seen: &Seen| json!({"value": seen.value, "gradient": seen.gradient}));
    let edge = |e: usize| o.case.present(0, e).first().map_or("none", |o| o.name());
    json!({
        "operations": (0..5).map(edge).collect::<Vec<_>>(),
        "x": o.case.x, "labels": o.case.labels, "channels": o.case.settings.channels,
        "parameters": o.case.parameters.iter().collect::<std::collections::BTreeMap<_, _>>(),
        "X_0": o.outputs[0][0], "X_1": o.outputs[0][1],
        "node 2 to edge 4": seen(&consumer_key(0, 2, Some(4))),
        "C_0 through edge 4": cost(0), "C_1 through edge 4": cost(1), "sum": cost(0) + cost(1),
    })
}

/// Two live edges into node 2, both skips: each costs what the other saves. On one pixel average pooling
/// is the identity, so edge 4 is a batch norm alone.
pub fn literal() -> Witness {
    use Operation::{AvgPool3x3, None, SkipConnect};
    let plan = Plan::minimal([SkipConnect, SkipConnect, None, None, AvgPool3x3]);
    Witness::first(plan, |o| single_edge(o, |_| true), through_edge_4)
}

/// The same with a skip on edge 4.
pub fn skip_passes() -> Witness {
    use Operation::{None, SkipConnect};
    Witness::first(
        Plan::minimal([SkipConnect, SkipConnect, None, None, SkipConnect]),
        |o| node_total(o, |_| true),
        through_edge_4,
    )
}

pub fn bn_mixes_samples() -> Witness {
    use Operation::{AvgPool3x3, None, SkipConnect};
    Witness::first(Plan::minimal([SkipConnect, SkipConnect, None, None, AvgPool3x3]), per_sample, through_edge_4)
}
