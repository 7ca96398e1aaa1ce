//! What a run folder says of its search.

use super::{Config, Error, Evaluation, Level, Method, sets::Sets};
use crate::{
    cell::INPUTS,
    data::Images,
    operation::Operation,
    run::{CellSummary, DataSummary, Manifest},
};
use std::collections::BTreeMap;

/// The manifest of a search.
pub fn manifest(config: &Config, sets: &Sets<Images>) -> Result<Manifest, Error> {
    let topology = config.topology()?;
    let training = &sets.training;
    let mut sizes = BTreeMap::from([("training".to_string(), training.len())]);
    sizes.extend(sets.search.iter().map(|images| ("search".to_string(), images.len())));
    sizes.extend(sets.test.iter().map(|images| ("test".to_string(), images.len())));
    Ok(Manifest {
        version: env!("CARGO_PKG_VERSION").into(),
        command: config.command(),
        seed: config.seed,
        config: serde_json::to_value(config).expect("settings are plain values"),
        data: DataSummary {
            name: training.name.clone(),
            sha256: training.sha256(),
            classes: training.classes,
            image: training.image,
            sets: sizes,
        },
        cell: CellSummary {
            cells: config.cells,
            nodes: topology.nodes(),
            inputs: INPUTS,
            edges: topology.edges().to_vec(),
            output: topology.output().to_vec(),
        },
        operations: Operation::ALL.map(|operation| operation.name().to_string()).to_vec(),
        title: format!("{}, {}", title(config), training.name),
        note: note(config),
    })
}

fn title(config: &Config) -> String {
    let one_each = config.allowed().is_ok_and(|edges| edges.iter().all(|operations| operations.len() == 1));
    let method = match config.method {
        _ if one_each => return "one fixed cell".into(),
        Method::Dsnas => "DSNAS",
        Method::Darts if config.unrolled => "DARTS, second order",
        Method::Darts => "DARTS, first order",
        Method::Snas => "SNAS",
        Method::ProxylessNas => "ProxylessNAS",
        Method::Random => "uniform sampling",
    };
    let level = match config.level {
        Level::Single => "single level",
        Level::Bi => "bi-level",
    };
    format!("{method}, {level}")
}

/// What a reader should know before comparing with the paper.
fn note(config: &Config) -> String {
    let default = Config::new(config.method).on(&config.data);
    let changed = [
        ("head gain", config.head_gain, default.head_gain),
        ("learning rate of θ", config.theta_lr, default.theta_lr),
        ("learning rate of α", config.alpha_lr, default.alpha_lr),
        ("label noise", config.label_noise, default.label_noise),
        ("training images", config.training_images as f64, default.training_images as f64),
    ];
    let changed: Vec<_> = changed
        .into_iter()
        .filter(|(_, value, default)| value != default)
        .map(|(name, value, default)| format!("{name} {value} (protocol: {default})"))
        .collect();
    // Measured for the two methods of the main job (README).
    let known = matches!(config.method, Method::Dsnas | Method::Darts) && config.data == "digits";
    let protocol = match known {
        true => " With the protocol's settings the operation none does not come to dominate an edge on digits.",
        false => "",
    };
    let settings = match changed.is_empty() {
        true => format!("the protocol's settings at {} scale", config.data),
        false => format!("other than in the protocol: {}", changed.join(", ")),
    };
    let restricted: Vec<_> = config.edges.0.keys().map(ToString::to_string).collect();
    let restricted = match restricted.is_empty() {
        true => String::new(),
        false => format!(" Operations are restricted on edge {}.", restricted.join(", ")),
    };
    let statistics = match config.evaluation {
        Evaluation::Batch => "Batch statistics throughout",
        Evaluation::Moving => "Batch statistics in training, moving averages in tests",
    };
    format!("{statistics}; {settings}.{restricted}{protocol}")
}

/// Whether `ours` is the search that was `recorded`; the error names the first key that differs.
///
/// Keys that the recording version of wirecost did not know have their defaults.
pub fn same(ours: &Manifest, recorded: &Manifest) -> Result<(), Error> {
    let mut recorded = recorded.clone();
    if let Ok(config) = serde_json::from_value::<Config>(recorded.config.clone()) {
        recorded.config = serde_json::to_value(config).expect("settings are plain values");
    }
    let keys = |manifest: &Manifest| match serde_json::to_value(manifest) {
        Ok(serde_json::Value::Object(mut keys)) => {
            let config = keys.remove("config").into_iter();
            let config = config.filter_map(|config| config.as_object().cloned()).flatten();
            // Settings first: the title, say, follows from them.
            config.chain(keys).collect::<Vec<_>>()
        }
        _ => unreachable!("a manifest is an object"),
    };
    let (ours, recorded) = (keys(ours), keys(&recorded));
    let find = |keys: &[(String, serde_json::Value)], key: &str| {
        let value = keys.iter().find(|(name, _)| name == key).map(|(_, value)| value.to_string());
        value.unwrap_or("nothing".into())
    };
    for key in ours.iter().chain(&recorded).map(|(key, _)| key) {
        let (given, recorded) = (find(&ours, key), find(&recorded, key));
        if given != recorded {
            return Err(Error::Differs { key: key.clone(), given, recorded });
        }
    }
    Ok(())
}
