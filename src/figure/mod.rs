//! The paper's figures, drawn from run folders alone.
//!
//! The [`catalogue()`] has an [`Entry`] for each: its panels' file, the runs that it needs, the presets that
//! make them. Runs that differ in their seed alone are one [`Group`], shown as a mean with its standard
//! error. [`supported`] gives the figures that runs can fill, [`Figure::png`] draws. The font is embedded,
//! so a PNG is the same on every machine.
//!
//! | file | figures of the paper |
//! | --- | --- |
//! | `wiring` | 1, 3: the wiring with the largest probability, as a graph |
//! | `probability` | 2, 4: p_α on each edge |
//! | `cost_map` | 5, 6, 19–21: mean cost of each operation on each edge |
//! | `diagram` | 7, 8, 10: the cell, the operations, the head, from the code's own data |
//! | `cell_sum` | 9: costs of the second-last and the last cell |
//! | `curves` | 11–13: C, L and H over epochs |
//! | `split` | 14–16: the same for correct and wrong predictions |
//! | `restricted` | 17, 18: cost of each edge where operations are restricted |
//! | `phase` | none's probability over the settings that drive it; not in the paper |

mod axes;
mod catalogue;
mod cell_sum;
mod cost_map;
mod curves;
mod diagram;
mod graph;
mod group;
mod lines;
mod list;
mod phase;
mod probability;
mod restricted;
mod sheet;
mod split;
mod style;
mod wiring;

pub use catalogue::{Entry, Section, catalogue};
pub use group::Group;

use crate::{
    run::RunFolder,
    trend::{self, Estimate, Finding, Trend},
};
use plotters::drawing::DrawingAreaErrorKind;
use thiserror::Error;

/// What can go wrong with a figure; the text is one line.
#[derive(Debug, Error)]
pub enum Error {
    /// The drawing library refused.
    #[error("cannot draw the figure: {0}; look for extreme values in the run folder")]
    Draw(String),
    /// The image could not be encoded.
    #[error("cannot encode the figure: {0}")]
    Encode(#[from] png::EncodingError),
}

impl<E: std::error::Error + Send + Sync> From<DrawingAreaErrorKind<E>> for Error {
    fn from(error: DrawingAreaErrorKind<E>) -> Self {
        Error::Draw(error.to_string())
    }
}

/// The result of drawing.
pub type Result<T> = std::result::Result<T, Error>;

/// A figure with the runs that fill it.
#[derive(Debug, Clone)]
pub struct Figure<'a> {
    /// Which one.
    pub entry: &'static Entry,
    /// The runs: none for a diagram, one group for most, several where settings are compared.
    pub groups: Vec<Group<'a>>,
    /// What tells it from the same figure of other runs.
    suffix: Option<String>,
}

impl<'a> Figure<'a> {
    /// Its file name, `fig02-p-alpha.png`.
    pub fn file(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
        let suffix = self.suffix.iter().map(|name| format!("-{}", name.chars().map(plain).collect::<String>()));
        format!("{}{}.png", self.entry.stem, suffix.collect::<String>())
    }

    /// Its runs.
    pub fn runs(&self) -> impl Iterator<Item = &'a RunFolder> {
        self.groups.iter().flat_map(|group| group.runs.iter().copied())
    }

    /// What the paper says that one sees in it, and what its runs show; nothing found where the figure is
    /// about none of them.
    pub fn findings(&self) -> Vec<(Trend, Option<Finding>)> {
        let number = self.entry.number();
        let trends = trend::all().into_iter().filter(|trend| Some(trend.figure) == number);
        trends.map(|trend| (trend, trend.find(self.runs()))).collect()
    }

    /// Draws it.
    ///
    /// # Errors
    /// If the runs' numbers cannot be drawn.
    pub fn png(&self) -> Result<Vec<u8>> {
        (self.entry.draw)(self)
    }

    /// The only group of a figure that has one.
    fn group(&self) -> &Group<'a> {
        &self.groups[0]
    }
}

/// All figures that `runs` can fill, in the paper's order.
pub fn supported(runs: &[RunFolder]) -> Vec<Figure<'_>> {
    let groups = Group::all(runs);
    catalogue().iter().flat_map(|entry| entry.figures(&groups)).collect()
}

/// Those that they cannot.
pub fn missing(runs: &[RunFolder]) -> Vec<&'static Entry> {
    let groups = Group::all(runs);
    catalogue().iter().filter(|entry| entry.figures(&groups).is_empty()).collect()
}
