//! The images of a search, and the order in which its steps see them.

use super::{Config, Error, Level};
use crate::data::{self, Images, batches};

/// The set that trains θ, and in a bi-level search the one that trains α.
pub struct Sets {
    /// Trains θ.
    pub training: Images,
    /// Trains α.
    pub search: Option<Images>,
}

impl Sets {
    /// Reads and splits the data.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let images = match config.data.as_str() {
            "digits" => data::digits(),
            "synthetic" => data::synthetic(config.seed, config.training_images + config.search_images, [6, 6, 2], 4)?,
            other => {
                let problem = format!("unknown data '{other}'; known: digits, synthetic");
                return Err(Error::Config { field: "data", problem });
            }
        };
        let images = images.with_label_noise(config.label_noise, config.seed)?;
        Ok(match config.level {
            Level::Single => {
                let [training] = data::split(&images, config.seed, [config.training_images])?;
                Sets { training, search: None }
            }
            Level::Bi => {
                let sizes = [config.training_images, config.search_images];
                let [training, search] = data::split(&images, config.seed, sizes)?;
                Sets { training, search: Some(search) }
            }
        })
    }

    /// Steps in an epoch: one pass over the larger set. The smaller one starts again when it ends.
    pub fn steps(&self, config: &Config) -> usize {
        let larger = self.search.iter().map(Images::len).fold(self.training.len(), usize::max);
        larger.div_ceil(config.batch)
    }

    /// The epoch's batches of both sets, as many as there are steps.
    pub fn batches(&self, config: &Config, epoch: usize) -> Batches {
        let of = |name: &str, images: &Images| {
            let round =
                |round: usize| batches(config.seed, &format!("{name} {round}"), epoch, images.len(), config.batch);
            (0..).flat_map(round).take(self.steps(config)).collect()
        };
        Batches {
            training: of("training", &self.training),
            search: self.search.as_ref().map(|images| of("search", images)),
        }
    }
}

/// Positions in the sets, by step.
pub struct Batches {
    /// In the set that trains θ.
    pub training: Vec<Vec<usize>>,
    /// In the set that trains α.
    pub search: Option<Vec<Vec<usize>>>,
}
