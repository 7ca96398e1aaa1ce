//! A trend over runs.

use super::{Across, Sighting, Trend, statistic::counted};
use crate::run::RunFolder;

/// Of five runs at least this many have to show a trend.
const OF_FIVE: usize = 4;

/// What runs show of a trend.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Whether at least four runs of five show it.
    pub reproduced: bool,
    /// Runs that do.
    pub appeared: usize,
    /// Runs that were counted.
    pub seeds: usize,
    /// The runs by setting, the one that decided first.
    pub groups: Vec<Group>,
}

/// Runs that differ in their seed alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The command that made them, without the seed.
    pub command: String,
    /// Name of each run, and what it shows.
    pub runs: Vec<(String, Sighting)>,
}

impl Group {
    /// Runs that show the trend.
    pub fn appeared(&self) -> usize {
        self.runs.iter().filter(|(_, sighting)| sighting.appeared).count()
    }
}

impl Trend {
    /// What `runs` show; `None` if the figure is about none of them.
    pub fn find<'a>(&self, runs: impl IntoIterator<Item = &'a RunFolder>) -> Option<Finding> {
        let seen = |group: Vec<&RunFolder>| {
            let runs: Vec<_> = group.iter().filter_map(|run| Some((run.name(), (self.see)(run)?))).collect();
            (!runs.is_empty()).then(|| Group { command: group[0].setting(), runs })
        };
        let mut groups: Vec<Group> = RunFolder::by_setting(runs).into_iter().filter_map(seen).collect();
        // The greatest share first; among equals the most runs, then the order given.
        groups.sort_by(|a, b| {
            let shares = (b.appeared() * a.runs.len()).cmp(&(a.appeared() * b.runs.len()));
            shares.then(b.runs.len().cmp(&a.runs.len()))
        });
        let deciding = match self.across {
            Across::OneSetting => groups.get(..1)?,
            Across::AllSettings => &groups[..],
        };
        let appeared = deciding.iter().map(Group::appeared).sum();
        let seeds: usize = deciding.iter().map(|group| group.runs.len()).sum();
        (seeds > 0).then(|| Finding { reproduced: 5 * appeared >= OF_FIVE * seeds, appeared, seeds, groups })
    }
}

impl Finding {
    /// The counts and the deciding settings, in a sentence.
    pub fn summary(&self) -> String {
        let run = |n| counted(n, "run");
        let counted: usize = self.groups.iter().map(|group| group.runs.len()).sum();
        if counted == self.seeds && self.groups.len() > 1 {
            let settings = self.groups.len();
            return format!("seen in {} of {} of {settings} settings", self.appeared, run(self.seeds));
        }
        let deciding = &self.groups[0];
        let mut text = format!("seen in {} of {}: `{}`", self.appeared, run(self.seeds), deciding.command);
        if self.groups.len() > 1 {
            let others = &self.groups[1..];
            let appeared: usize = others.iter().map(Group::appeared).sum();
            text += &format!("; in {appeared} of {} of {} other settings", run(counted - self.seeds), others.len());
        }
        text
    }
}
