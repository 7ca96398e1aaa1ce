//! The `wirecost` program; everything is in [`wirecost::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    wirecost::cli::run(std::env::args_os())
}
