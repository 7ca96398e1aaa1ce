//! Settings for the paper's figures: on digits, in hours on Fashion-MNIST, or in full on CIFAR-10.
//!
//! | figures | search |
//! | --- | --- |
//! | 1, 2 | DSNAS; 3, 4: DARTS, bi-level |
//! | 5, 6 | costs in a stack of 8 minimal, or original, cells; 9: the last two cells |
//! | 11, 14 | networks sampled uniformly; 12, 13, 15, 16: the uniform mixture, on both sets |
//! | 17 a–d, f, 18 a–d | the simplified cell, its edges restricted |
//! | 19, 20, 21 | costs with instance norm, and in the other two orders |
//! | `phase-…` | the grids over what drives none's dominance |
//!
//! At the scales quick and standard, sizes are those of digits and of two cores; where an effect needs it,
//! the head starts over-confident. At the scale paper everything is as in the protocol; at the scale hours too,
//! but on Fashion-MNIST, in the minimal cell where one is searched, with fewer epochs, and stacks of eight cells
//! see a part of the images.
//! Figures 17 and 18 do not say which operation an edge is fixed to: here it is sep_conv_3x3, in 18 d
//! skip_connect.

use super::{CellChoice, Config, Edges, Method, phase};
use crate::{cell::Topology, normalisation::Normalisation, operation::Operation, operation::Order};
use std::str::FromStr;

/// How long a preset may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Seconds.
    Quick,
    /// Minutes.
    Standard,
    /// The protocol's sizes on Fashion-MNIST, in as many epochs as two cores do in an hour or two.
    Hours,
    /// The protocol in full, on CIFAR-10.
    Paper,
}

/// The names of all presets: the figures', then the grids'.
pub fn names() -> Vec<String> {
    NAMES.into_iter().map(String::from).chain(phase::names()).collect()
}

/// The names of the figures' presets.
const NAMES: [&str; 25] = [
    "fig01", "fig02", "fig03", "fig04", "fig05", "fig06", "fig09", "fig11", "fig12", "fig13", "fig14", "fig15",
    "fig16", "fig17a", "fig17b", "fig17c", "fig17d", "fig17f", "fig18a", "fig18b", "fig18c", "fig18d", "fig19",
    "fig20", "fig21",
];

const NOT_CONV: [Operation; 4] =
    [Operation::None, Operation::SkipConnect, Operation::MaxPool3x3, Operation::AvgPool3x3];
const NONE_OR_CONV: [Operation; 5] =
    [Operation::None, Operation::SepConv3x3, Operation::DilConv3x3, Operation::DilConv5x5, Operation::SepConv5x5];
const FIXED: [Operation; 1] = [Operation::SepConv3x3];

/// The settings of the preset `name`; `None` if there is none of that name.
pub fn preset(name: &str, scale: Scale) -> Option<Config> {
    let quick = scale == Scale::Quick;
    match scale {
        Scale::Quick | Scale::Standard => {}
        Scale::Hours => return preset(name, Scale::Standard).map(in_hours),
        Scale::Paper => return preset(name, Scale::Standard).map(|digits| in_full(digits, "cifar-10")),
    }
    let epochs = |short: usize, long: usize| if quick { short } else { long };
    let original = |config: Config| if quick { config } else { Config { cell: named("original"), ..config } };
    // Uniform sampling: α is 0 and stays so.
    let uniform =
        |short, long| Config { alpha_mean: 0.0, alpha_std: 0.0, alpha_lr: 0.0, ..confident(epochs(short, long)) };
    let stacked = |cells, cell| Config {
        cells,
        cell: named(cell),
        training_images: if quick { 192 } else { 1440 },
        ..uniform(2, 20)
    };
    let simplified = |config: Config, output: &[usize], edges: &[(usize, &[Operation])]| Config {
        cell: CellChoice::Graph(
            Topology::new(4, vec![[0, 2], [0, 3], [2, 3]], output.to_vec()).expect("the simplified cell"),
        ),
        edges: Edges(edges.iter().map(|(edge, operations)| (*edge, operations.to_vec())).collect()),
        ..config
    };
    // Edges 0, 1, 2 are the paper's edge(0,1), edge(0,2), edge(1,2).
    let fig17 = |edges: &[(usize, &[Operation])]| simplified(uniform(8, 30), &[2, 3], edges);
    let fig18 = |edges: &[(usize, &[Operation])]| simplified(uniform(8, 30), &[3], edges);
    Some(match name {
        "fig01" | "fig02" => original(Config { epochs: epochs(40, 60), ..Config::quick_dsnas() }),
        "fig03" | "fig04" => original(Config { epochs: epochs(30, 60), ..Config::quick_darts() }),
        "fig05" => stacked(8, "minimal"),
        "fig06" => stacked(8, "original"),
        "fig09" => stacked(if quick { 2 } else { 3 }, "minimal"),
        "fig11" | "fig14" => uniform(15, 60),
        "fig12" | "fig13" | "fig15" | "fig16" => Config {
            epochs: epochs(10, 40),
            training_images: 192,
            label_noise: 0.3,
            head_gain: 8.0,
            alpha_std: 0.0,
            alpha_lr: 0.0,
            ..Config::new(Method::Darts)
        },
        "fig17a" => fig17(&[]),
        "fig17b" => fig17(&[(2, &NOT_CONV)]),
        "fig17c" => fig17(&[(2, &NONE_OR_CONV)]),
        "fig17d" => fig17(&[(0, &NONE_OR_CONV)]),
        "fig17f" => fig17(&[(0, &FIXED), (1, &FIXED)]),
        "fig18a" => fig18(&[]),
        "fig18b" => fig18(&[(0, &Operation::ALL[1..])]),
        "fig18c" => fig18(&[(0, &FIXED)]),
        "fig18d" => fig18(&[(0, &[Operation::SkipConnect])]),
        "fig19" => Config { norm: Normalisation::Instance, ..uniform(8, 30) },
        "fig20" => Config { order: Order::ConvReluNorm, ..uniform(8, 30) },
        "fig21" => Config { order: Order::ConvNormRelu, ..uniform(8, 30) },
        _ => return phase::preset(name, quick),
    })
}

/// DSNAS whose head starts over-confident, so that C is positive first.
fn confident(epochs: usize) -> Config {
    Config { epochs, head_gain: 8.0, theta_lr: 0.005, ..Config::new(Method::Dsnas) }
}

/// [`in_full`] on Fashion-MNIST, as far as hours go: a step of DARTS takes three times one of DSNAS, a stack of
/// eight original cells twenty times.
fn in_hours(digits: Config) -> Config {
    let protocol = in_full(digits, "fashion-mnist");
    if protocol.cells > 1 {
        return Config { training_images: 1440, epochs: 20, ..protocol };
    }
    let cell = if protocol.cell == named("original") { named("minimal") } else { protocol.cell };
    Config { cell, epochs: if protocol.method == Method::Darts { 12 } else { 40 }, ..protocol }
}

/// The protocol on `data` for the same method, cell, edges, norm and order, with α fixed where it was.
fn in_full(digits: Config, data: &str) -> Config {
    let protocol = Config::new(digits.method).on(data);
    let Config { cell, cells, edges, norm, order, .. } = digits;
    let [alpha_lr, alpha_mean, alpha_std] = match digits.alpha_lr {
        0.0 => [0.0, digits.alpha_mean, digits.alpha_std],
        _ => [protocol.alpha_lr, protocol.alpha_mean, protocol.alpha_std],
    };
    Config { cell, cells, edges, norm, order, alpha_lr, alpha_mean, alpha_std, ..protocol }
}

fn named(cell: &str) -> CellChoice {
    CellChoice::Name(cell.into())
}

impl Scale {
    /// All of them.
    pub const ALL: [Scale; 4] = [Scale::Quick, Scale::Standard, Scale::Hours, Scale::Paper];

    /// The name used everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Scale::Quick => "quick",
            Scale::Standard => "standard",
            Scale::Hours => "hours",
            Scale::Paper => "paper",
        }
    }
}

impl FromStr for Scale {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "quick" => Ok(Scale::Quick),
            "standard" => Ok(Scale::Standard),
            "hours" => Ok(Scale::Hours),
            "paper" => Ok(Scale::Paper),
            _ => Err(format!("unknown scale '{name}'; known: quick, standard, hours, paper")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_makes_sense_at_every_scale() {
        for name in names() {
            for scale in Scale::ALL {
                let config = preset(&name, scale).expect(&name);
                config.check().unwrap_or_else(|problem| panic!("{name}: {problem}"));
            }
        }
        assert_eq!(preset("fig02", Scale::Quick), Some(Config::quick_dsnas()));
        assert_eq!(preset("fig04", Scale::Quick), Some(Config::quick_darts()));
        let in_full = Config { cell: named("original"), ..Config::new(Method::Darts).on("cifar-10") };
        assert_eq!(preset("fig04", Scale::Paper), Some(in_full));
        assert_eq!(preset("fig10", Scale::Quick), None);
    }
}
