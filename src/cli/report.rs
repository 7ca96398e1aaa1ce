//! `wirecost report`: a page with every figure that the given runs support, or with one.

use super::{Shared, verify::verdicts};
use crate::{
    figure::{self, Entry, catalogue},
    report::{self, Content, Copies},
    run::RunFolder,
};
use anyhow::Context;
use clap::Args;
use std::{path::PathBuf, process::ExitCode};

/// Draw the figures of run folders and write a page that shows them
///
/// Runs that differ in their seed alone are shown together, as a mean with its standard error. A figure is
/// drawn from the runs of its presets where there are some, otherwise from all runs that have its numbers.
#[derive(Args)]
pub struct Arguments {
    /// Run folders, as `wirecost search` made them, or folders of run folders
    #[arg(value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Only this figure of the paper: 1 to 21, or phase
    #[arg(long, value_name = "N")]
    figure: Option<String>,
    /// The folder to write; an earlier report there is replaced, anything else is left alone
    #[arg(long, value_name = "FOLDER", default_value = "reports/latest")]
    out: PathBuf,
    /// Verdicts to show as well, as `wirecost verify --json` prints them
    #[arg(long, value_name = "FILE.json")]
    claims: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, shared: &Shared) -> anyhow::Result<ExitCode> {
    let only = arguments.figure.as_deref().map(entry).transpose()?;
    let runs = RunFolder::open_all(&arguments.runs)?;
    let claims = arguments.claims.as_deref().map(verdicts).transpose()?;
    let content =
        Content { runs: &runs, claims: claims.as_ref(), command: &command(arguments), only, copies: Copies::Whole };
    let page = report::write(&arguments.out, &content)?;
    if !shared.quiet {
        println!("wrote {} files; open {}", page.files.len(), page.index.display());
        if only.is_none() {
            say_missing(&runs);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The figures that the runs cannot fill, with what would make their runs.
pub fn say_missing(runs: &[RunFolder]) {
    for (index, entry) in figure::missing(runs).into_iter().enumerate() {
        if index == 0 {
            println!("Not among these runs:");
        }
        println!("  {}: {}", entry.heading(), entry.command());
    }
}

fn command(arguments: &Arguments) -> String {
    let paths = arguments.runs.iter().map(|path| format!(" {}", path.display())).collect::<String>();
    let figure = arguments.figure.as_ref().map_or(String::new(), |figure| format!(" --figure {figure}"));
    let claims = arguments.claims.as_ref().map_or(String::new(), |path| format!(" --claims {}", path.display()));
    format!("wirecost report{figure}{paths} --out {}{claims}", arguments.out.display())
}

fn entry(key: &str) -> anyhow::Result<&'static Entry> {
    let found = catalogue().iter().find(|entry| entry.key() == key);
    found.with_context(|| format!("--figure {key}: no such figure; expected 1 to 21, or phase"))
}
