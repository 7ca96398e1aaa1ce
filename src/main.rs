//! The `wirecost` program; everything is in [`wirecost::cli`].

use std::process::ExitCode;
use wirecost::tensor::Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

fn main() -> ExitCode {
    wirecost::cli::run(std::env::args_os())
}
