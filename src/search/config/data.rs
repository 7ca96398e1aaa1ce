//! What a search's settings have to do with its data.

use super::{Config, Level};
use crate::{
    data::{self, Augmentation, Dataset},
    search::Error,
    seed,
};

impl Config {
    /// The same on other data, in the protocol's sizes: all images that are there to train on, in a
    /// bi-level search one half for each level, C = 16; and the augmentation that is usual for them.
    pub fn on(self, data: &str) -> Self {
        let (images, crop, flip) = match data {
            "fashion-mnist" => (60_000, 0, false),
            "cifar-10" => (50_000, 4, true),
            _ => return Config { data: data.into(), ..self },
        };
        let training_images = if self.level == Level::Bi { images / 2 } else { images };
        let sizes = Config { training_images, search_images: images / 2, channels: 16, stem_channels: 48, ..self };
        Config { data: data.into(), crop, flip, ..sizes }
    }

    /// The images that the settings name.
    pub fn dataset(&self) -> Result<Dataset, Error> {
        let folder = self.data_dir.as_deref();
        let alone = |training| Dataset { training, test: None };
        Ok(match self.data.as_str() {
            "digits" => alone(data::digits()),
            "fashion-mnist" => data::fashion_mnist(folder)?,
            "cifar-10" => data::cifar10(folder)?,
            "synthetic" => {
                let images = self.training_images + self.search_images + self.test_images;
                alone(data::synthetic(self.seed, images, [6, 6, 2], 4)?)
            }
            other => {
                let problem = format!("unknown data '{other}'; known: digits, fashion-mnist, cifar-10, synthetic");
                return Err(Error::Config { field: "data", problem });
            }
        })
    }

    /// What is done to images that train.
    pub fn augmentation(&self) -> Augmentation {
        Augmentation { crop: self.crop, flip: self.flip }
    }

    /// The seed of the streams that a repetition draws anew: all but those of the split, of label noise
    /// and of synthetic images.
    pub fn training_seed(&self) -> u64 {
        match self.repeat {
            0 => self.seed,
            n => seed::derived(self.seed, &format!("repeat {n}")),
        }
    }
}
