//! A search, or a training, on whichever device was asked for.

use super::doctor;
use crate::{
    search::{self, Config, Ended, Observer, memory, resume, search},
    tensor::{Both, Device, Error, OnDevice},
};
use std::path::Path;

/// Runs `config` into `folder`; with `resuming`, what is there goes on.
pub fn train(
    device: Device,
    config: &Config,
    folder: &Path,
    resuming: bool,
    observer: &mut dyn Observer,
) -> anyhow::Result<Ended> {
    device.run(Task { config, folder, resuming, observer }).map_err(|error| with_estimate(error, device, config))
}

struct Task<'a> {
    config: &'a Config,
    folder: &'a Path,
    resuming: bool,
    observer: &'a mut dyn Observer,
}

impl OnDevice for Task<'_> {
    type Output = Result<Ended, search::Error>;

    fn run<D: Both>(self, open: impl Fn() -> Result<D, Error> + Sync) -> Self::Output {
        let run = if self.resuming { resume::<f32, D> } else { search::<f32, D> };
        run(self.config, open()?, self.folder, doctor::machine(), self.observer)
    }
}

/// Says how much memory the search takes, where there was not enough.
fn with_estimate(error: search::Error, device: Device, config: &Config) -> anyhow::Error {
    let full = matches!(
        error,
        search::Error::Step { problem: Error::OutOfMemory, .. } | search::Error::Network(Error::OutOfMemory)
    );
    match full.then(|| device.run(Estimate(config))) {
        Some(Ok(bytes)) => {
            let mib = bytes as f64 / f64::from(1 << 20);
            anyhow::Error::new(error).context(format!("the search takes about {mib:.0} MiB"))
        }
        _ => error.into(),
    }
}

struct Estimate<'a>(&'a Config);

impl OnDevice for Estimate<'_> {
    type Output = Result<usize, search::Error>;

    fn run<D: Both>(self, open: impl Fn() -> Result<D, Error> + Sync) -> Self::Output {
        memory::<f32, D>(self.0, open)
    }
}
