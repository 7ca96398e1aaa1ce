//! The command line: one file a subcommand, and what they share.
//!
//! Exit status 0: done, and every verdict is the recorded one. 1: done, but a number or verdict is not
//! what was expected. 2: the input was wrong; one line says which file, which field and what to do. 130: a
//! search was interrupted and saved.

mod cost;
mod derive;
mod doctor;
mod interrupt;
mod progress;
mod quick;
mod report;
mod reproduce;
mod retrain;
mod search;
mod settings;
mod style;
mod train;
mod verify;

use crate::tensor::{Device, start_threads};
use clap::{Args, Parser, Subcommand, error::ErrorKind};
use std::{ffi::OsString, num::NonZeroUsize, path::PathBuf, process::ExitCode};

/// Checks what 'Understanding the wiring evolution in differentiable NAS' (Xie et al., AISTATS 2021)
/// claims about the cost of an edge, C = ⟨∂L/∂X, X⟩, and regenerates its figures.
///
/// Without a subcommand: checks every claim, runs a short DSNAS and a short DARTS search on real
/// handwritten digits, and writes reports/quick/ with a page of figures. Takes less than a minute.
#[derive(Parser)]
#[command(name = "wirecost", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Seed of the draws and the searches, where no subcommand is given [default: 0]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Folder of the page, where no subcommand is given [default: reports/quick]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    #[command(flatten)]
    shared: Shared,
}

/// What every subcommand understands.
#[derive(Args)]
struct Shared {
    /// Threads to compute with; results do not depend on it [default: all cores]
    #[arg(long, global = true, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Say only what was asked for, and errors
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Where to compute: cpu, cuda or cuda:N
    #[arg(long, global = true, default_value_t = Device::Cpu)]
    device: Device,
}

#[derive(Subcommand)]
enum Command {
    Verify(verify::Arguments),
    Cost(cost::Arguments),
    Search(Box<search::Arguments>),
    Derive(derive::Arguments),
    Retrain(Box<retrain::Arguments>),
    Report(report::Arguments),
    Reproduce(reproduce::Arguments),
    Doctor(doctor::Arguments),
}

/// Runs the program with its arguments, the first being its name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    end_with_the_reader();
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            print!("{error}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            let text = error.to_string();
            let first: Vec<_> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
            return refuse(&first.join(" "));
        }
    };
    match dispatch(&cli) {
        Ok(status) => status,
        Err(error) => refuse(&format!("error: {error:#}")),
    }
}

fn dispatch(cli: &Cli) -> anyhow::Result<ExitCode> {
    let shared = &cli.shared;
    start_threads(shared.threads)?;
    match &cli.command {
        Some(Command::Verify(arguments)) => verify::run(arguments, shared),
        Some(Command::Cost(arguments)) => cost::run(arguments, shared),
        Some(Command::Search(arguments)) => search::run(arguments, shared),
        Some(Command::Derive(arguments)) => derive::run(arguments, shared),
        Some(Command::Retrain(arguments)) => retrain::run(arguments, shared),
        Some(Command::Report(arguments)) => report::run(arguments, shared),
        Some(Command::Reproduce(arguments)) => reproduce::run(arguments, shared),
        Some(Command::Doctor(arguments)) => doctor::run(arguments),
        None => quick::run(shared, cli.seed, cli.out.as_deref()),
    }
}

/// A reader that closes its end of the pipe, as `head` does, ends the program without a complaint:
/// `println!` knows no other way to say so than a panic.
fn end_with_the_reader() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload_as_str().is_some_and(|text| text.contains("Broken pipe")) {
            std::process::exit(0);
        }
        default(panic);
    }));
}

/// Wrong input: one line on stderr, exit status 2.
fn refuse(line: &str) -> ExitCode {
    eprintln!("{} (see wirecost --help)", line.trim_end().replace('\n', " "));
    ExitCode::from(2)
}
