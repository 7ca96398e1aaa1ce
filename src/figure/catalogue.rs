//! Which figures there are, and which runs each is about.

use super::{Figure, Group, Result, list};
use crate::{
    run::RunFolder,
    search::preset::{self, Scale, preset},
    trend,
};
use serde_json::Value;

/// A figure of the paper, or the phase diagram.
#[derive(Debug)]
pub struct Entry {
    /// `fig01` to `fig21`, or `phase`; the names of the presets that make its runs begin with it.
    pub name: &'static str,
    /// Its file name's start.
    pub(super) stem: &'static str,
    /// What is drawn.
    pub title: &'static str,
    /// How to read it.
    pub caption: &'static str,
    /// Where it stands.
    pub section: Section,
    pub(super) needs: Needs,
    pub(super) draw: fn(&Figure) -> Result<Vec<u8>>,
}

/// The parts of a report, in the paper's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Figures 1–4.
    Evolution,
    /// Figures 5, 6.
    Stacked,
    /// Figures 7–9.
    IntermediateEdge,
    /// Figures 10–16.
    OutputEdge,
    /// Figures 17, 18.
    Ablation,
    /// Figures 19–21.
    Variants,
    /// Not in the paper.
    Beyond,
}

impl Section {
    /// The heading, with the supplement's section.
    pub fn title(self) -> &'static str {
        match self {
            Section::Evolution => "Evolution of the wiring (section 1)",
            Section::Stacked => "Costs in stacked cells (section 3)",
            Section::IntermediateEdge => "Costs of intermediate edges (sections 4 and 5)",
            Section::OutputEdge => "Cost of the output edges (section 6)",
            Section::Ablation => "What makes the intermediate edge different (section 7)",
            Section::Variants => "Other norms and stacking orders (section 8)",
            Section::Beyond => "What drives the trends (not in the paper)",
        }
    }
}

/// The runs that a figure is drawn from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Needs {
    /// None.
    Nothing,
    /// A picture for each group whose runs have its numbers.
    EachGroup(fn(&RunFolder) -> bool),
    /// One picture of all groups whose runs belong to it, if they are enough.
    AllGroups(fn(&RunFolder) -> bool, fn(&[Group]) -> bool),
}

impl Entry {
    /// The paper's number.
    pub fn number(&self) -> Option<u8> {
        self.name.strip_prefix("fig")?.parse().ok()
    }

    /// As `--figure` has it: `2`, or `phase`.
    pub fn key(&self) -> String {
        self.number().map_or_else(|| self.name.into(), |number| number.to_string())
    }

    /// "Figure 2".
    pub fn heading(&self) -> String {
        self.number().map_or_else(|| "Phase diagram".into(), |number| format!("Figure {number}"))
    }

    /// Names of the presets that make its runs.
    pub fn presets(&self) -> Vec<String> {
        preset::names().into_iter().filter(|name| name.starts_with(self.name)).collect()
    }

    /// What makes runs that it can be drawn from.
    pub fn command(&self) -> String {
        let presets = self.presets();
        match &presets[..] {
            [one] => format!("wirecost search --preset {one} --out runs/{one}"),
            [first, others @ ..] if others.len() < 9 => {
                format!("wirecost search --preset {first} --out runs/{first}, and the same for {}", others.join(", "))
            }
            _ => format!("wirecost reproduce --only {}", self.name),
        }
    }

    /// The pictures that `groups` fill: from the runs of its presets; where there are none, from runs that
    /// the figure is about; where there are none either, from any that have its numbers.
    pub(super) fn figures<'a>(&'static self, groups: &[Group<'a>]) -> Vec<Figure<'a>> {
        let fits = match self.needs {
            Needs::Nothing => return vec![Figure { entry: self, groups: vec![], suffix: None }],
            Needs::EachGroup(fits) | Needs::AllGroups(fits, _) => fits,
        };
        let fitting = groups.iter().filter(|group| group.runs.iter().all(|run| fits(run)));
        let ranked: Vec<_> = fitting.map(|group| (self.rank(group.first()), group)).collect();
        let best = ranked.iter().map(|(rank, _)| *rank).max();
        let chosen: Vec<_> =
            ranked.into_iter().filter(|(rank, _)| Some(*rank) == best).map(|(_, g)| g.clone()).collect();
        match self.needs {
            Needs::AllGroups(_, enough) => match enough(&chosen) {
                true => vec![Figure { entry: self, groups: chosen, suffix: None }],
                false => vec![],
            },
            _ => {
                let several = chosen.len() > 1;
                let figure = |group: Group<'a>| {
                    let suffix = several.then(|| group.name());
                    Figure { entry: self, groups: vec![group], suffix }
                };
                chosen.into_iter().map(figure).collect()
            }
        }
    }

    fn rank(&self, run: &RunFolder) -> u8 {
        let strip = |mut config: Value| {
            let keys = config.as_object_mut();
            keys.into_iter().for_each(|keys| ["seed", "data"].iter().for_each(|key| drop(keys.shift_remove(*key))));
            config
        };
        let ours = strip(run.manifest.config.clone());
        let is = |name: &String| {
            let configs = Scale::ALL.into_iter().filter_map(|scale| preset(name, scale));
            configs.into_iter().any(|config| serde_json::to_value(config).is_ok_and(|config| strip(config) == ours))
        };
        let about =
            || trend::all().iter().any(|trend| Some(trend.figure) == self.number() && (trend.see)(run).is_some());
        match self.presets().iter().any(is) {
            true => 2,
            false => u8::from(about()),
        }
    }
}

/// All of them, in the paper's order.
pub fn catalogue() -> &'static [Entry] {
    &list::ALL
}
