//! The metadata of a case file.

use crate::{
    cell::Topology,
    network::Settings,
    normalisation::{AffineLayout, NormSettings, Normalisation},
    operation::Order,
    tensor::op::Image,
};
use serde::{Deserialize, Serialize};

/// The `config` entry. `nodes` and `output` are given for cells that are neither minimal nor original.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    pub cell: String,
    pub n_cells: usize,
    pub in_ch: usize,
    pub stem_ch: usize,
    pub ch: usize,
    pub hw: [usize; 2],
    pub batch: usize,
    pub n_classes: usize,
    pub norm: String,
    #[serde(default)]
    pub gn_groups: Option<usize>,
    pub affine: bool,
    pub stem_affine: bool,
    pub affine_shape: String,
    pub eps: f64,
    pub order: String,
    pub bias: bool,
    pub stem: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Vec<usize>>,
}

impl Config {
    /// The network's settings; an error is `(field, problem)`.
    pub fn settings(&self, edges: Vec<[usize; 2]>) -> Result<Settings, (&'static str, String)> {
        let positive = [
            ("n_cells", self.n_cells),
            ("stem_ch", self.stem_ch),
            ("ch", self.ch),
            ("hw", self.hw[0].min(self.hw[1])),
            ("batch", self.batch),
            ("n_classes", self.n_classes),
            ("in_ch", if self.stem { self.in_ch } else { 1 }),
        ];
        if let Some((field, _)) = positive.into_iter().find(|(_, count)| *count == 0) {
            return Err((field, "0; expected at least 1".into()));
        }
        if !(self.eps.is_finite() && self.eps >= 0.0) {
            return Err(("eps", format!("{}; expected a finite number that is not negative", self.eps)));
        }
        let layout = match self.affine_shape.as_str() {
            "channel" => AffineLayout::Channel,
            "element" => AffineLayout::Element,
            "sample" => AffineLayout::Sample,
            other => return Err(("affine_shape", format!("'{other}'; expected channel, element or sample"))),
        };
        let kind = match (self.norm.as_str(), self.gn_groups) {
            ("gn", Some(groups)) => Normalisation::Group(groups),
            ("gn", None) => return Err(("gn_groups", "missing; gn needs the number of groups".into())),
            (name, _) => name.parse().map_err(|problem| ("norm", problem))?,
        };
        let norm = |affine: bool| NormSettings { kind, eps: self.eps, affine: affine.then_some(layout) };
        let channels = if self.stem { self.in_ch } else { self.stem_ch };
        let settings = Settings {
            input: Image { n: self.batch, h: self.hw[0], w: self.hw[1], c: channels },
            stem: self.stem.then(|| (self.stem_ch, norm(self.stem_affine))),
            topology: self.topology(edges)?,
            cells: self.n_cells,
            channels: self.ch,
            norm: norm(self.affine),
            order: self.order.parse::<Order>().map_err(|problem| ("order", problem))?,
            classes: self.n_classes,
            bias: self.bias,
        };
        settings.check().map_err(|problem| ("config", problem.to_string()))?;
        Ok(settings)
    }

    fn topology(&self, edges: Vec<[usize; 2]>) -> Result<Topology, (&'static str, String)> {
        let named = match self.cell.as_str() {
            "minimal" => Topology::minimal(),
            "original" => Topology::original(),
            "custom" => {
                let nodes = self.nodes.ok_or(("nodes", "missing; a custom cell needs it".to_string()))?;
                let output = self.output.clone().unwrap_or_default();
                return Topology::new(nodes, edges, output).map_err(|problem| ("edges", problem));
            }
            other => return Err(("cell", format!("'{other}'; expected minimal, original or custom"))),
        };
        match named.edges() == edges {
            true => Ok(named),
            false => Err(("edges", format!("not those of the {} cell: {:?}", self.cell, named.edges()))),
        }
    }

    /// The entry for a network.
    pub fn of(settings: &Settings) -> Self {
        let topology = &settings.topology;
        let cell = match topology {
            t if *t == Topology::minimal() => "minimal",
            t if *t == Topology::original() => "original",
            _ => "custom",
        };
        let stem_norm = settings.stem.map(|(_, norm)| norm);
        let layout = settings.norm.affine.or(stem_norm.and_then(|norm| norm.affine));
        let (norm, gn_groups) = match settings.norm.kind {
            Normalisation::Batch => ("bn", None),
            Normalisation::Layer => ("ln", None),
            Normalisation::Instance => ("in", None),
            Normalisation::Group(groups) => ("gn", Some(groups)),
            Normalisation::None => ("none", None),
        };
        Config {
            cell: cell.into(),
            n_cells: settings.cells,
            in_ch: settings.input.c,
            stem_ch: settings.stem.map_or(settings.input.c, |(channels, _)| channels),
            ch: settings.channels,
            hw: [settings.input.h, settings.input.w],
            batch: settings.input.n,
            n_classes: settings.classes,
            norm: norm.into(),
            gn_groups,
            affine: settings.norm.affine.is_some(),
            stem_affine: stem_norm.is_some_and(|norm| norm.affine.is_some()),
            affine_shape: match layout {
                None | Some(AffineLayout::Channel) => "channel",
                Some(AffineLayout::Element) => "element",
                Some(AffineLayout::Sample) => "sample",
            }
            .into(),
            eps: settings.norm.eps,
            order: settings.order.name().into(),
            bias: settings.bias,
            stem: settings.stem.is_some(),
            nodes: (cell == "custom").then(|| topology.nodes()),
            output: (cell == "custom").then(|| topology.output().to_vec()),
        }
    }
}
