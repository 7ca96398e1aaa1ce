//! All of `proofs/check.sh`, where there is a Coq. Without one it says that nothing was checked, and
//! fails if `WIRECOST_REQUIRE_PROOFS=1` asks for it.

use std::{
    env,
    path::Path,
    process::{Command, ExitCode},
};

const NAME: &str = "coq_accepts_the_proofs";
const REQUIRE: &str = "WIRECOST_REQUIRE_PROOFS";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        println!("{NAME}: test");
        return ExitCode::SUCCESS;
    }
    let mut filters = arguments.iter().filter(|argument| !argument.starts_with('-')).peekable();
    if filters.peek().is_some() && !filters.any(|filter| NAME.contains(filter.as_str())) {
        println!("test {NAME} was filtered out");
        return ExitCode::SUCCESS;
    }
    let missing = |tool: &&str| Command::new(tool).arg("--version").output().is_err();
    if let Some(tool) = ["coqc", "coq_makefile", "make"].into_iter().find(|tool| missing(tool)) {
        println!("test {NAME} did NOT run: {tool} is not installed (Debian: apt-get install coq make)");
        return match env::var(REQUIRE).as_deref() {
            Ok("1") => {
                eprintln!("FAILED: {REQUIRE}=1 requires it");
                ExitCode::FAILURE
            }
            _ => ExitCode::SUCCESS,
        };
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("proofs/check.sh");
    let passed = Command::new("bash").arg(script).status().is_ok_and(|status| status.success());
    println!("test {NAME} ... {}", if passed { "ok" } else { "FAILED" });
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
