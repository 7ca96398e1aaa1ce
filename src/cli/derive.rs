//! `wirecost derive`: the cell that a search ended with.

use super::{Shared, style};
use crate::{
    architecture::{Rule, genotype, softmax_rows},
    cell::Topology,
    operation::Operation,
    run::{MANIFEST, RunFolder},
};
use anyhow::{anyhow, bail};
use clap::Args;
use ndarray::Axis;
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

/// Derive the cell of a run under a named rule, as a genotype in DARTS's notation
#[derive(Args)]
pub struct Arguments {
    /// A run folder, as `wirecost search` made it
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// largest (none included), largest-without-none, or darts-top-2 (without none, two edges a node)
    #[arg(long, value_name = "NAME", default_value_t = Rule::Largest)]
    rule: Rule,
    /// After this many epochs instead of all
    #[arg(long, value_name = "N")]
    epoch: Option<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments, shared: &Shared) -> anyhow::Result<ExitCode> {
    let run = RunFolder::open(&arguments.run)?;
    let manifest = arguments.run.join(MANIFEST);
    let cell = &run.manifest.cell;
    let topology = Topology::new(cell.nodes, cell.edges.clone(), cell.output.clone())
        .map_err(|problem| anyhow!("{}: cell.{problem}", manifest.display()))?;
    if run.manifest.operations != Operation::ALL.map(Operation::name) {
        bail!("{}: operations: expected {}", manifest.display(), Operation::ALL.map(Operation::name).join(", "));
    }
    let epoch = arguments.epoch.unwrap_or(run.epochs());
    if epoch > run.epochs() {
        bail!("--epoch {epoch}: {} has {} epochs", arguments.run.display(), run.epochs());
    }
    let logits = run.alpha.index_axis(Axis(0), epoch);
    let (derived, p) = (arguments.rule.derive(logits, &topology), softmax_rows(logits));
    let genotype = genotype(&derived, &topology);
    let edges = topology.edges().iter().zip(&derived).enumerate();
    if arguments.json {
        let edges: Vec<_> = edges
            .map(|(edge, ([from, to], operation))| {
                let probability = p[[edge, operation.index()]];
                json!({"edge": edge, "from": from, "to": to, "operation": operation, "probability": probability})
            })
            .collect();
        let rule = arguments.rule.name();
        println!("{}", json!({"rule": rule, "epoch": epoch, "genotype": genotype, "edges": edges}));
        return Ok(ExitCode::SUCCESS);
    }
    println!("{genotype}");
    if !shared.quiet {
        let mut table = style::table(&["edge", "operation", "p", "p(none)"]);
        for (edge, ([from, to], operation)) in edges {
            let [own, none] = [*operation, Operation::None].map(|k| format!("{:.3}", p[[edge, k.index()]]));
            table.add_row([format!("{edge}: {from} → {to}"), operation.to_string(), own, none]);
        }
        println!("{table}");
    }
    Ok(ExitCode::SUCCESS)
}
