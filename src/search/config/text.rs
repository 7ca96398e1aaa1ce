//! Settings as text: the command that makes a search, and values by name.

use super::{CellChoice, Config, Evaluation, Level, Method};
use std::str::FromStr;

impl Method {
    /// The name used everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Method::Dsnas => "dsnas",
            Method::Darts => "darts",
            Method::Snas => "snas",
            Method::ProxylessNas => "proxylessnas",
            Method::Random => "random",
        }
    }
}

impl Config {
    /// The command that makes this search again: what differs from the method's defaults.
    pub fn command(&self) -> String {
        let defaults = Config::new(self.method).on(&self.data);
        format!("wirecost search{}", self.flags(&defaults, &["method", "data", "seed"]))
    }

    /// The flags for what differs from `defaults`, and those of the keys `always`.
    pub fn flags(&self, defaults: &Config, always: &[&str]) -> String {
        let keys = |config: &Config| match serde_json::to_value(config) {
            Ok(serde_json::Value::Object(keys)) => keys,
            _ => unreachable!("settings are an object"),
        };
        let (defaults, mut flags) = (keys(defaults), String::new());
        for (key, value) in keys(self).into_iter().filter(|(key, _)| key != "edges") {
            if always.contains(&key.as_str()) || defaults[&key] != value {
                let value = match value {
                    serde_json::Value::String(text) => text,
                    serde_json::Value::Array(items) => {
                        items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
                    }
                    other => other.to_string(),
                };
                let quoted = if value.starts_with('{') { format!("'{value}'") } else { value };
                flags += &format!(" --{key} {quoted}");
            }
        }
        for (edge, operations) in &self.edges.0 {
            let names: Vec<_> = operations.iter().map(|operation| operation.name()).collect();
            flags += &format!(" --edge {edge}={}", names.join(","));
        }
        flags
    }
}

macro_rules! by_name {
    ($type:ty: $what:literal, $($name:literal => $value:expr),+) => {
        impl FromStr for $type {
            type Err = String;

            fn from_str(name: &str) -> Result<Self, String> {
                match name {
                    $($name => Ok($value),)+
                    _ => Err(format!("unknown {} '{name}'; known: {}", $what, [$($name),+].join(", "))),
                }
            }
        }
    };
}

by_name!(
    Method: "method",
    "dsnas" => Method::Dsnas,
    "darts" => Method::Darts,
    "snas" => Method::Snas,
    "proxylessnas" => Method::ProxylessNas,
    "random" => Method::Random
);
by_name!(Level: "level", "single" => Level::Single, "bi" => Level::Bi);
by_name!(Evaluation: "evaluation", "batch" => Evaluation::Batch, "moving" => Evaluation::Moving);

impl FromStr for CellChoice {
    type Err = String;

    /// A name, or a graph as JSON.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim_start().starts_with('{') {
            true => serde_json::from_str(text).map(CellChoice::Graph).map_err(|problem| problem.to_string()),
            false => Ok(CellChoice::Name(text.into())),
        }
    }
}
