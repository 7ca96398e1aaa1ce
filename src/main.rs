//! The `wirecost` program; everything is in [`wirecost::cli`].

use std::process::ExitCode;
use wirecost::tensor::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    wirecost::cli::run(std::env::args_os())
}
