//! `wirecost cost`: the costs of one network, from a case file.

use super::{Shared, style};
use crate::{
    cell::Role,
    cost::{
        case::{Case, Evaluation, to_safetensors},
        cell_costs, edge_costs, node_costs,
    },
    tensor::{Both, Error, OnDevice},
};
use anyhow::Context;
use clap::Args;
use ndarray::ArrayD;
use serde_json::{Map, Value, json};
use std::{path::PathBuf, process::ExitCode};

/// Largest |ours − expected| ÷ (1 + max |expected|) of a tensor, as the case format suggests.
const TOLERANCE: f64 = 1e-10;

/// Compute loss, entropy and the cost of every edge, operation, node and cell of a network
///
/// Reads a case file (format wiring-cost-golden-1), recomputes every number in f64, and, where the
/// file carries expectations, shows how far each tensor is from them; exit status 1 if one is further
/// than 1e-10 · (1 + its largest expected value).
#[derive(Args)]
pub struct Arguments {
    /// The case
    #[arg(long, value_name = "FILE.safetensors")]
    case: PathBuf,
    /// Print every expect.* and grad.* tensor as JSON instead of a table
    #[arg(long)]
    json: bool,
    /// Also write those tensors to a new safetensors file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, shared: &Shared) -> anyhow::Result<ExitCode> {
    let case = Case::read(&arguments.case)?;
    let evaluation = shared.device.run(Task(&case)).with_context(|| arguments.case.display().to_string())?;
    let tensors = evaluation.tensors(&case);
    if let Some(out) = &arguments.out {
        let remedy = || format!("{}: cannot be written; choose another --out", out.display());
        to_safetensors(out, &tensors, None).with_context(remedy)?;
    }
    let compared = evaluation.compare(&case);
    let agrees = compared.iter().all(|tensor| tensor.difference <= TOLERANCE);
    if arguments.json {
        println!("{}", json(&case, &tensors));
    } else if !shared.quiet {
        println!("{}: {}", case.name, case.note);
        print_losses(&evaluation);
        print_costs(&case, &evaluation);
        if !compared.is_empty() {
            let mut table = style::table(&["tensor", "difference from the file"]);
            for tensor in &compared {
                let mark = if tensor.difference <= TOLERANCE { "" } else { "  too far" };
                table.add_row(vec![tensor.name.clone(), format!("{:.1e}{mark}", tensor.difference)]);
            }
            println!("{table}");
        }
    }
    if !agrees {
        let worst = compared.iter().max_by(|a, b| a.difference.total_cmp(&b.difference)).expect("one is too far");
        eprintln!("{}: {} differs by {:.1e}", arguments.case.display(), worst.name, worst.difference);
    }
    Ok(ExitCode::from(u8::from(!agrees)))
}

/// The case, on any device.
struct Task<'a>(&'a Case);

impl OnDevice for Task<'_> {
    type Output = Result<Evaluation, Error>;

    fn run<D: Both>(self, open: impl Fn() -> Result<D, Error> + Sync) -> Self::Output {
        Evaluation::new::<f64, D>(self.0, &open()?)
    }
}

fn json(case: &Case, tensors: &[(String, ArrayD<f64>)]) -> Value {
    let tensor = |tensor: &ArrayD<f64>| json!({"shape": tensor.shape(), "data": tensor.iter().collect::<Vec<_>>()});
    let tensors: Map<_, _> = tensors.iter().map(|(name, values)| (name.clone(), tensor(values))).collect();
    json!({"name": case.name, "tensors": tensors})
}

fn print_losses(evaluation: &Evaluation) {
    let [l, h, c] = evaluation.losses.means();
    println!("batch means in nats: L = {l:.6}, H = {h:.6}, C = L − H = {}", style::signed(c));
    let mut table = style::table(&["sample", "L", "H", "C = L − H", "bias term"]);
    let samples = evaluation.losses.loss.iter().zip(&evaluation.losses.entropy).zip(&evaluation.bias_terms);
    for (n, ((l, h), bias)) in samples.enumerate() {
        let row = [format!("{l:.6}"), format!("{h:.6}"), style::signed(l - h), style::signed(*bias)];
        table.add_row([vec![n.to_string()], row.to_vec()].concat());
    }
    println!("{table}");
}

fn print_costs(case: &Case, evaluation: &Evaluation) {
    let topology = &case.settings.topology;
    let edges = edge_costs(&evaluation.operation_costs);
    let nodes = node_costs(edges.view(), topology);
    for (t, cell) in cell_costs(edges.view()).iter().enumerate() {
        println!("cell {t}: sum of edge costs {}", style::signed(*cell));
        let mut table = style::table(&["edge", "role", "operation", "cost"]);
        for (edge, [i, j]) in topology.edges().iter().enumerate() {
            let role = if topology.role(edge) == Role::Input { "input" } else { "intermediate" };
            for operation in case.present(t, edge) {
                let cost = evaluation.operation_costs[[t, edge, operation.index()]];
                let row = [format!("{edge}: {i}→{j}"), role.into(), operation.to_string(), style::signed(cost)];
                table.add_row(row);
            }
            if case.present(t, edge).len() > 1 {
                table.add_row([format!("{edge}: {i}→{j}"), role.into(), "all".into(), style::signed(edges[[t, edge]])]);
            }
        }
        println!("{table}");
        let nodes: Vec<_> = (crate::cell::INPUTS..topology.nodes())
            .map(|j| format!("node {j}: {}", style::signed(nodes[[t, j]])))
            .collect();
        println!("{}", nodes.join("   "));
    }
}
