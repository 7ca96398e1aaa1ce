//! The images of a search, and the order in which its steps see them.

use super::{Config, Error, Level, step::From};
use crate::{
    data::{self, Dataset, Images, batches},
    seed::stream,
};
use std::borrow::Cow;

/// The sets that train θ and α, and one to test with.
pub struct Sets {
    /// Trains θ.
    pub training: Images,
    /// In a bi-level search: trains α.
    pub search: Option<Images>,
    /// Trains nothing.
    pub test: Option<Images>,
}

impl Sets {
    /// Reads and splits the data. Labels of the test set have no noise.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let Dataset { training: images, test } = config.dataset()?;
        let second = if config.level == Level::Bi { config.search_images } else { 0 };
        let test = match (config.test_images, test) {
            (0, _) => None,
            (size, None) => Some(data::held_out(&images, config.seed, config.training_images + second, size)?),
            (size, Some(test)) => Some(data::first(&test, size)?),
        };
        let images = match config.label_noise {
            0.0 => images,
            noise => images.with_label_noise(noise, config.seed)?,
        };
        let (training, search) = match config.level {
            Level::Single => {
                let [training] = data::split(&images, config.seed, [config.training_images])?;
                (training, None)
            }
            Level::Bi => {
                let sizes = [config.training_images, config.search_images];
                let [training, search] = data::split(&images, config.seed, sizes)?;
                (training, Some(search))
            }
        };
        Ok(Sets { training, search, test })
    }

    /// Steps in an epoch: one pass over the larger set. The smaller one starts again when it ends.
    pub fn steps(&self, config: &Config) -> usize {
        let larger = self.search.iter().map(Images::len).fold(self.training.len(), usize::max);
        larger.div_ceil(config.batch)
    }

    /// The epoch's batches of both sets that train, as many as there are steps.
    pub fn batches(&self, config: &Config, epoch: usize) -> Batches {
        let seed = config.training_seed();
        let of = |name: &str, images: &Images| {
            let round = |round: usize| batches(seed, &format!("{name} {round}"), epoch, images.len(), config.batch);
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

/// One batch that trains: positions in a set, or all positions in augmented images of its own.
pub struct Drawn<'a> {
    images: Cow<'a, Images>,
    indices: Cow<'a, [usize]>,
}

impl<'a> Drawn<'a> {
    /// The images at `indices` of the set `name` in a step of an epoch.
    pub fn new(
        config: &Config,
        name: &str,
        images: &'a Images,
        indices: &'a [usize],
        (epoch, step): (usize, usize),
    ) -> Self {
        let augmentation = config.augmentation();
        if augmentation.is_none() {
            return Drawn { images: Cow::Borrowed(images), indices: Cow::Borrowed(indices) };
        }
        let mut batch = images.select(indices);
        augmentation.apply(&mut batch, &mut stream(config.training_seed(), &format!("augment {name} {epoch} {step}")));
        Drawn { images: Cow::Owned(batch), indices: (0..indices.len()).collect() }
    }

    /// What a step is given.
    pub fn from(&self) -> From<'_> {
        From { images: &self.images, indices: &self.indices }
    }
}
