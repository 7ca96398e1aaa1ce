//! The paper's figures, each drawn from a run folder alone.
//!
//! A figure is one file with one function `figure(run) -> Option<Figure>`; [`supported`] asks them
//! all. [`Figure::png`] draws. The font is embedded, so a PNG is the same on every machine.
//!
//! | file | figures of the paper |
//! | --- | --- |
//! | `wiring` | 1, 3: the wiring with the largest probability, as a graph |
//! | `probability` | 2, 4: p_α on each edge |
//! | `cost_map` | 5, 6: mean cost of each operation on each edge |
//! | `curves` | 11–13: C, L and H over epochs |
//! | `split` | 14–16: the same for correct and wrong predictions |

mod axes;
mod cost_map;
mod curves;
mod graph;
mod probability;
mod sheet;
mod split;
pub mod statistic;
mod style;
mod wiring;

use crate::run::RunFolder;
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

/// A figure that a run supports.
#[derive(Debug, Clone)]
pub struct Figure<'a> {
    /// The run.
    pub run: &'a RunFolder,
    /// The paper's name for it, for instance "Figure 2".
    pub paper: &'static str,
    /// Start of its file name, for instance `fig02-p-alpha`.
    pub stem: &'static str,
    /// What is drawn.
    pub title: String,
    /// What the paper's figure shows.
    pub shows: &'static str,
    /// What this run's files give, with the numbers.
    pub found: String,
    draw: fn(&Figure) -> Result<Vec<u8>>,
}

impl Figure<'_> {
    /// Its file name, `STEM-RUN.png`.
    pub fn file(&self) -> String {
        let name = self.run.name();
        let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
        format!("{}-{}.png", self.stem, name.chars().map(plain).collect::<String>())
    }

    /// Draws it.
    ///
    /// # Errors
    /// If the run's numbers cannot be drawn.
    pub fn png(&self) -> Result<Vec<u8>> {
        (self.draw)(self)
    }
}

/// All figures that `run` has the numbers for, in the paper's order.
pub fn supported(run: &RunFolder) -> Vec<Figure<'_>> {
    let all = [wiring::figure, probability::figure, cost_map::figure, curves::figure, split::figure];
    all.iter().filter_map(|figure| figure(run)).collect()
}

/// The two families that the paper draws apart.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Family {
    /// One sampled operation per edge (DSNAS).
    Dsnas,
    /// A mixture of all operations (DARTS).
    Darts,
    /// Another method.
    Other,
}

impl Family {
    fn of(run: &RunFolder) -> Family {
        match run.manifest.config.get("method").and_then(serde_json::Value::as_str) {
            Some("dsnas") => Family::Dsnas,
            Some("darts") => Family::Darts,
            _ => Family::Other,
        }
    }
}
