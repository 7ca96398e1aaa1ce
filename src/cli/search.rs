//! `wirecost search`: α and θ trained on images, everything written to a run folder.

use super::{
    Shared, doctor, interrupt, progress,
    settings::{Settings, recorded},
    train::train,
};
use crate::{
    data,
    run::Manifest,
    search::{
        Config, Ended, Error, Size, memory,
        preset::{self, Scale, preset},
        size,
    },
    tensor::{self, Both, Device, OnDevice},
};
use anyhow::{Context, bail};
use clap::Args;
use std::{path::PathBuf, process::ExitCode};

/// Search an architecture and write everything a figure needs to a run folder
///
/// Settings come from the method's defaults (the paper's protocol at digits scale), then from
/// --config, then from the flags. The same settings and seed give the same files, byte for byte, at
/// any number of threads; only timing.jsonl and machine.json depend on the machine.
///
/// Ctrl-C finishes the step, saves and stops; --resume goes on from there, or from the last checkpoint
/// of a search that was killed, and ends with the same files.
#[derive(Args)]
#[command(allow_negative_numbers = true)]
pub struct Arguments {
    /// The run folder to make; one that exists is only touched by --resume
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Go on with the run in --out, if there is one, with its recorded settings
    #[arg(long)]
    resume: bool,
    /// Start from the settings for a figure of the paper: fig01, fig02, … fig21
    #[arg(long, value_name = "FIGURE", conflicts_with = "method")]
    preset: Option<String>,
    /// How long the preset may take: quick (seconds), standard (minutes), hours (the protocol's sizes on
    /// Fashion-MNIST), or paper (the protocol in full, on CIFAR-10: days) [default: quick]
    #[arg(long, value_name = "NAME")]
    scale: Option<Scale>,
    /// Run a few steps, print the resolved settings as TOML with size, time and memory, and stop
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    settings: Settings,
}

pub fn run(arguments: &Arguments, shared: &Shared) -> anyhow::Result<ExitCode> {
    let config = resolve(arguments)?;
    config.check()?;
    if arguments.dry_run {
        let sized = match shared.device.run(DryRun { config: &config, device: shared.device }) {
            Err(Error::Data(missing @ data::Error::Missing { .. })) => format!("# not measured: {missing}"),
            sized => sized?,
        };
        print!("{sized}\n{}", toml::to_string(&config)?);
        return Ok(ExitCode::SUCCESS);
    }
    let mut observer = progress::observer(config.method.name(), shared.quiet);
    let mut observer = interrupt::Signals::listen()?.over(&mut *observer);
    let out = arguments.out.display();
    match train(shared.device, &config, &arguments.out, arguments.resume, &mut observer)? {
        Ended::Done => {
            if !shared.quiet {
                println!("{out}: done; see it with wirecost report {out} --out FOLDER");
            }
            Ok(ExitCode::SUCCESS)
        }
        Ended::Stopped { epoch, step } => {
            eprintln!(
                "{out}: saved in epoch {epoch} after step {step}; go on with wirecost search --out {out} --resume"
            );
            Ok(ExitCode::from(interrupt::STATUS))
        }
    }
}

/// What a dry run says of size, time and memory, as comments of TOML.
struct DryRun<'a> {
    config: &'a Config,
    device: Device,
}

impl OnDevice for DryRun<'_> {
    type Output = Result<String, Error>;

    fn run<D: Both>(self, open: impl Fn() -> Result<D, tensor::Error> + Sync) -> Self::Output {
        // On the processor, what the program takes itself comes in addition: before, and what it has run at the end.
        let before = doctor::data();
        let program = || if self.device == Device::Cpu { before + doctor::code() } else { 0.0 };
        let mib = |bytes: usize| program() + bytes as f64 / f64::from(1 << 20);
        let estimate = mib(memory::<f32, D>(self.config, &open)?);
        if self.device == Device::Cpu && doctor::free().is_some_and(|free| free < estimate) {
            return Ok(format!("# memory: up to {estimate:.0} MiB, which is more than is free; no steps were run"));
        }
        let Size { theta, alpha, steps, step, peak } = size::<f32, D>(self.config, open()?)?;
        let (epochs, ms) = (self.config.epochs, 1e3 * step.as_secs_f64());
        let minutes = step.as_secs_f64() * (steps * epochs) as f64 / 60.0;
        Ok(format!(
            "# parameters: θ {theta}, α {alpha}; steps: {steps} in each of {epochs} epochs\n\
             # memory: up to {estimate:.0} MiB, concluded from small batches; {:.0} MiB in the steps that were timed\n\
             # measured on {}: {ms:.3} ms a step, so about {minutes:.1} minutes in all",
            mib(peak),
            self.device
        ))
    }
}

/// The defaults of the method or preset, overlaid with the file's keys, then with the flags.
///
/// A run that is resumed without any settings has its own.
fn resolve(arguments: &Arguments) -> anyhow::Result<Config> {
    let given = arguments.settings.read()?;
    if arguments.resume && given.is_empty() && arguments.preset.is_none() && arguments.out.exists() {
        let config = recorded(&Manifest::read(&arguments.out)?, &arguments.out)?;
        return Ok(Config { data_dir: given.data_dir, ..config });
    }
    given.over(match &arguments.preset {
        Some(name) => preset(name, arguments.scale.unwrap_or(Scale::Quick))
            .with_context(|| format!("--preset {name}: no such preset; known: {}", preset::names().join(", ")))?,
        None if arguments.scale.is_some() => bail!("--scale: is that of a preset; add a --preset such as fig02"),
        None => {
            let known = "dsnas, darts, snas, proxylessnas or random, or a --preset";
            let method = given.text("method")?.with_context(|| format!("method: not given; add --method {known}"))?;
            let config = Config::new(method.parse().map_err(anyhow::Error::msg)?);
            let data = given.text("data")?.unwrap_or(&config.data).to_string();
            config.on(&data)
        }
    })
}
