//! `wirecost report`: a page with every figure that the given runs support.

use super::Shared;
use crate::{claim::record::Verdicts, report, run::RunFolder};
use anyhow::Context;
use clap::Args;
use std::{path::PathBuf, process::ExitCode};

/// Draw the figures of one or more run folders and write a page that shows them
#[derive(Args)]
pub struct Arguments {
    /// Run folders, as `wirecost search` made them
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// The folder to write; an earlier report there is replaced, anything else is left alone
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Verdicts to show as well, as `wirecost verify --json` prints them
    #[arg(long, value_name = "FILE.json")]
    claims: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, shared: &Shared) -> anyhow::Result<ExitCode> {
    let runs = arguments.runs.iter().map(|path| RunFolder::open(path)).collect::<Result<Vec<_>, _>>()?;
    let claims = arguments.claims.as_ref().map(|path| -> anyhow::Result<Verdicts> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        serde_json::from_str(&text).with_context(|| format!("{}: not what verify --json prints", path.display()))
    });
    let paths: Vec<_> = arguments.runs.iter().map(|path| path.display().to_string()).collect();
    let claims_flag = arguments.claims.as_ref().map(|path| format!(" --claims {}", path.display()));
    let command = format!(
        "wirecost report {} --out {}{}",
        paths.join(" "),
        arguments.out.display(),
        claims_flag.unwrap_or_default()
    );
    let page = report::write(&arguments.out, &runs, claims.transpose()?.as_ref(), &command)?;
    if !shared.quiet {
        println!("wrote {} files; open {}", page.files.len(), page.index.display());
    }
    Ok(ExitCode::SUCCESS)
}
