//! `wirecost doctor`: what this machine can do.

use super::style;
use crate::{data, tensor::kernel};
use clap::Args;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Show what this machine can do: threads, vector width, CUDA, memory, data
#[derive(Args)]
pub struct Arguments {
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let machine = machine();
    if arguments.json {
        println!("{machine}");
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = style::left_table(&["what", "found"]);
    for (what, found) in machine.as_object().expect("an object") {
        table.add_row([what.clone(), found.as_str().map_or_else(|| found.to_string(), String::from)]);
    }
    println!("{table}");
    Ok(ExitCode::SUCCESS)
}

/// The machine, as it is also written to a run's `machine.json`.
pub fn machine() -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        "processor": processor().unwrap_or_else(|| "unknown".into()),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "threads": rayon::current_num_threads(),
        "vectors": kernel::vector_width(),
        "memory": memory().unwrap_or_else(|| "unknown".into()),
        "cuda": cuda(),
        "data": format!("digits: {} images, embedded", data::digits().len()),
    })
}

fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split(':').nth(1)?.trim().into())
}

fn memory() -> Option<String> {
    let gib = |key: &str| Some(kib("/proc/meminfo", key)? / f64::from(1 << 20));
    Some(format!("{:.1} GiB, {:.1} GiB free", gib("MemTotal:")?, gib("MemAvailable:")?))
}

/// The memory of this process now but for its code, in MiB; 0 where the system does not tell.
pub fn data() -> f64 {
    kib("/proc/self/status", "RssAnon:").unwrap_or(0.0) / 1024.0
}

/// The memory that the code takes which this process has run so far, likewise.
pub fn code() -> f64 {
    kib("/proc/self/status", "RssFile:").unwrap_or(0.0) / 1024.0
}

/// Memory that is to be had, in MiB, where the system tells.
pub fn free() -> Option<f64> {
    Some(kib("/proc/meminfo", "MemAvailable:")? / 1024.0)
}

fn kib(path: &str, key: &str) -> Option<f64> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(key))?.split_whitespace().next()?.parse().ok()
}

fn cuda() -> String {
    #[cfg(feature = "cuda")]
    return kernel::cuda::describe();
    #[cfg(not(feature = "cuda"))]
    {
        let driver = std::fs::read_to_string("/proc/driver/nvidia/version");
        let driver = driver.ok().and_then(|text| text.lines().next().map(String::from));
        let driver = driver.unwrap_or_else(|| "none found".into());
        format!("not in this build; rebuild with --features cuda; driver: {driver}")
    }
}
