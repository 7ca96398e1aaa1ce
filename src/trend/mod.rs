//! What the paper's figures show, as statistics of run folders.
//!
//! A [`Trend`] says what one should see, and decides for one run whether it is seen ([`Sighting`]);
//! [`Trend::find`] counts over runs that differ in their seed alone. It is *reproduced* where at least
//! four runs of five show it.
//!
//! | file | figures |
//! | --- | --- |
//! | `wiring` | 1–4: which edges none comes to dominate |
//! | `costs` | 5, 6, 9, 17–21: which edges cost most |
//! | `curves` | 11–16: the sign of C |
//! | [`statistic`] | the numbers, for captions too |

mod costs;
mod curves;
mod estimate;
mod finding;
mod setting;
pub mod statistic;
mod wiring;

pub use estimate::Estimate;
pub use finding::{Finding, Group};
pub use setting::Setting;

use crate::run::RunFolder;

/// What a figure shows.
#[derive(Debug, Clone, Copy)]
pub struct Trend {
    /// Stable name in kebab-case; also the claim's.
    pub id: &'static str,
    /// The paper's figure.
    pub figure: u8,
    /// What the paper says that one sees.
    pub statement: &'static str,
    /// What decides it in one run.
    pub decided: &'static str,
    /// Over which runs it is counted.
    pub across: Across,
    /// Looks at one run; `None` if the run is none of those that the figure is about.
    pub see: fn(&RunFolder) -> Option<Sighting>,
}

/// Over which runs a trend is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Across {
    /// Over seeds: the setting that shows it best decides, the others are named.
    OneSetting,
    /// Over seeds and settings together.
    AllSettings,
}

/// What one run shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// Whether it is what the paper says.
    pub appeared: bool,
    /// The numbers that decided, in words.
    pub numbers: String,
}

impl std::fmt::Display for Sighting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", if self.appeared { "yes" } else { "no" }, self.numbers)
    }
}

/// Every trend, in the paper's order.
pub fn all() -> Vec<Trend> {
    let mut trends: Vec<_> = wiring::TRENDS.into_iter().chain(costs::TRENDS).chain(curves::TRENDS).collect();
    trends.sort_by_key(|trend| trend.figure);
    trends
}
