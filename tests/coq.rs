//! All of `proofs/check.sh`, where there is a Coq. Without one it says that nothing was checked, and
//! fails if `WIRECOST_REQUIRE_PROOFS=1` asks for it.

use std::{
    env,
    path::Path,
    process::{Command, ExitCode},
};

const NAME: &str = "coq_accepts_the_proofs";
const REQUIRE: &str = "WIRECOST_REQUIRE_PROOFS";

/// The options of libtest whose value may be an argument of its own.
const WITH_VALUE: [&str; 7] = ["--test-threads", "--skip", "--format", "--color", "--logfile", "--shuffle-seed", "-Z"];

/// Whether libtest would run this test: named by a filter, if there is one, and by no `--skip`.
fn is_wanted(arguments: &[String]) -> bool {
    let (mut filters, mut skipped, mut rest) = (Vec::new(), Vec::new(), arguments.iter().map(String::as_str));
    while let Some(argument) = rest.next() {
        match argument {
            "--skip" => skipped.extend(rest.next()),
            option if WITH_VALUE.contains(&option) => drop(rest.next()),
            option if option.starts_with('-') => skipped.extend(option.strip_prefix("--skip=")),
            filter => filters.push(filter),
        }
    }
    let exact = arguments.iter().any(|argument| argument == "--exact");
    let names = |filter: &&str| if exact { NAME == *filter } else { NAME.contains(*filter) };
    (filters.is_empty() || filters.iter().any(&names)) && !skipped.iter().any(&names)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        println!("{NAME}: test");
        return ExitCode::SUCCESS;
    }
    if !is_wanted(&arguments) {
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
