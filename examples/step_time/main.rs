//! Times the workloads on which PyTorch and JAX are compared with this crate; `benches/README.md` has
//! the commands.
//!
//! ```text
//! cargo run --release --example step_time -- --workload W_DSNAS --threads 2 --reps 20
//! cargo run --release --example step_time -- --check          results against the stated ones
//! cargo run --release --example step_time -- --serve          answers JSON requests, line by line
//! ```

mod expected;
mod network;
mod stream;
mod workload;

use anyhow::{Context, bail};
use clap::Parser;
use serde_json::{Value, json};
use std::{collections::HashMap, io::BufRead, num::NonZeroUsize, time::Instant};
use wirecost::tensor::{Allocator, Both, Device, Error, OnDevice, start_threads};
use workload::Workload;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Time of a step of each workload, as JSON lines.
#[derive(Parser)]
struct Arguments {
    /// Workloads by name [default: all]
    #[arg(long, num_args = 1..)]
    workload: Vec<String>,
    /// Where to compute: cpu, cuda or cuda:N; W_VERIFY is timed on the processor whatever is asked for
    #[arg(long, value_name = "DEVICE", default_value_t = Device::Cpu)]
    device: Device,
    /// Threads to compute with
    #[arg(long, default_value = "2")]
    threads: NonZeroUsize,
    /// Steps to time
    #[arg(long, default_value_t = 30)]
    reps: usize,
    /// Steps before
    #[arg(long, default_value_t = 3)]
    warmup: usize,
    /// Compare results with the stated ones instead
    #[arg(long)]
    check: bool,
    /// Answer requests {"workload", "reps", "warmup"} on standard input
    #[arg(long)]
    serve: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    start_threads(Some(arguments.threads))?;
    arguments.device.run(Task(&arguments))
}

/// What was asked for, on any device.
struct Task<'a>(&'a Arguments);

impl OnDevice for Task<'_> {
    type Output = anyhow::Result<()>;

    fn run<D: Both>(self, open: impl Fn() -> Result<D, Error> + Sync) -> Self::Output {
        let (arguments, device) = (self.0, open()?);
        let or_all = |all: Vec<String>| if arguments.workload.is_empty() { all } else { arguments.workload.clone() };
        if arguments.check {
            return check(&device, &or_all(workload::NETWORKS.map(String::from).to_vec()));
        }
        let mut bench = Bench { device, arguments, built: HashMap::new() };
        if arguments.serve {
            return bench.serve();
        }
        for name in or_all(workload::names()) {
            println!("{}", bench.timed(&name, arguments.reps, arguments.warmup)?);
            bench.built.clear();
        }
        Ok(())
    }
}

/// The workloads built so far.
struct Bench<'a, D: Both> {
    device: D,
    arguments: &'a Arguments,
    built: HashMap<String, Workload<D>>,
}

impl<D: Both> Bench<'_, D> {
    fn serve(&mut self) -> anyhow::Result<()> {
        println!("{}", json!({"ready": "rust", "version": env!("CARGO_PKG_VERSION")}));
        for line in std::io::stdin().lock().lines() {
            let asked: Value = serde_json::from_str(&line?)?;
            let count = |field: &str, default: u64| asked[field].as_u64().unwrap_or(default) as usize;
            let name = asked["workload"].as_str().unwrap_or_default();
            match self.timed(name, count("reps", 5), count("warmup", 1)) {
                Ok(record) => println!("{record}"),
                Err(error) => println!("{}", json!({"error": format!("{error:#}")})),
            }
        }
        Ok(())
    }

    /// Times a workload, built when it is first asked for.
    fn timed(&mut self, name: &str, reps: usize, warmup: usize) -> anyhow::Result<Value> {
        if !self.built.contains_key(name) {
            let new = Workload::new(&self.device, name)?.with_context(|| format!("no workload '{name}'"))?;
            self.built.insert(name.into(), new);
        }
        let workload = self.built.get_mut(name).expect("just built");
        let mut times = Vec::with_capacity(reps);
        for rep in 0..warmup + reps.max(1) {
            let start = Instant::now();
            workload.step()?;
            if rep >= warmup {
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
        times.sort_by(f64::total_cmp);
        let (middle, reps) = (times.len() / 2, times.len());
        let median = if reps % 2 == 1 { times[middle] } else { (times[middle - 1] + times[middle]) / 2.0 };
        let Arguments { threads, device, .. } = self.arguments;
        let mut record = json!({
            "peer": "rust", "variant": "wirecost", "workload": name, "device": device.to_string(), "threads": threads,
            "median_ms": median, "min_ms": times[0], "reps": reps, "version": env!("CARGO_PKG_VERSION"),
        });
        if name == "W_VERIFY" {
            record["cases_per_s"] = json!(workload::CASES as f64 / median * 1e3);
        }
        Ok(record)
    }
}

fn check<D: Both>(device: &D, names: &[String]) -> anyhow::Result<()> {
    if let Some(name) = names.iter().find(|name| !workload::NETWORKS.contains(&name.as_str())) {
        bail!("--check: no stated results for {name}; they are for {}", workload::NETWORKS.join(", "));
    }
    let mut wrong = 0;
    for name in names {
        for difference in expected::differences(device, name)? {
            println!("{difference}");
            wrong += usize::from(!difference.within());
        }
    }
    if wrong > 0 {
        bail!("{wrong} results are not the stated ones");
    }
    Ok(())
}
