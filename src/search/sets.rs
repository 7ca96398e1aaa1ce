//! The images of a search, and the order in which its steps see them.

use super::{Config, Error, Level, resident::Resident};
use crate::{
    data::{self, Dataset, Images, batches},
    seed::stream,
    tensor::{self, Backend, Cut, Element},
};

/// The sets that train θ and α, and one to test with: read, then on a device.
pub struct Sets<T> {
    /// Trains θ.
    pub training: T,
    /// In a bi-level search: trains α.
    pub search: Option<T>,
    /// Trains nothing.
    pub test: Option<T>,
}

impl Sets<Images> {
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

    /// Uploads them.
    pub fn upload<E: Element, D: Backend<E>>(self, device: &D) -> tensor::error::Result<Sets<Resident<E, D>>> {
        let upload = |images| Resident::new(device, images);
        Ok(Sets {
            training: upload(self.training)?,
            search: self.search.map(upload).transpose()?,
            test: self.test.map(upload).transpose()?,
        })
    }
}

impl<E: Element, D: Backend<E>> Sets<Resident<E, D>> {
    /// Steps in an epoch: one pass over the larger set. The smaller one starts again when it ends.
    pub fn steps(&self, config: &Config) -> usize {
        let larger = self.search.iter().map(Resident::count).fold(self.training.count(), usize::max);
        larger.div_ceil(config.batch)
    }

    /// The epoch, step by step.
    pub fn batches(&self, config: &Config, epoch: usize) -> impl Iterator<Item = Positions> + Clone + use<E, D> {
        let (seed, batch) = (config.training_seed(), config.batch);
        let of = |name: &'static str, images: &Resident<E, D>| {
            let count = images.count();
            (0..).flat_map(move |round: usize| batches(seed, &format!("{name} {round}"), epoch, count, batch))
        };
        let mut search = self.search.as_ref().map(|images| of("search", images));
        let training = of("training", &self.training).take(self.steps(config));
        training.map(move |training| Positions { training, search: search.as_mut().and_then(Iterator::next) })
    }
}

/// What one step sees, as positions in the sets.
pub struct Positions {
    /// In the set that trains θ.
    pub training: Vec<usize>,
    /// In the set that trains α.
    pub search: Option<Vec<usize>>,
}

/// The images at `positions` as the set `name` shows them in a step of an epoch.
pub fn cuts(config: &Config, name: &str, positions: &[usize], (epoch, step): (usize, usize)) -> Vec<Cut> {
    let mut stream = stream(config.training_seed(), &format!("augment {name} {epoch} {step}"));
    let mut cut = |&image: &usize| {
        let (at, reflected) = config.augmentation().draw(&mut stream);
        Cut { image, at, reflected }
    };
    positions.iter().map(&mut cut).collect()
}
