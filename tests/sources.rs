//! The walls of the design, read off the sources: who names dfdx, where unsafe code stands, which way
//! imports run, how long a file is. Each rule returns its violations and is tried on a bad example.

#[path = "sources/scan.rs"]
mod scan;

use scan::{Source, after, imports, words};
use std::path::Path;

/// Imports run leftwards in this list only.
const LINE: [&str; 13] = [
    "tensor",
    "normalisation",
    "operation",
    "cell",
    "architecture",
    "network",
    "cost",
    "run",
    "trend",
    "search",
    "figure",
    "report",
    "cli",
];

const LONGEST: usize = 300;

fn may_import(from: &str, to: &str) -> bool {
    // None, beside the line, is less than every place on it.
    let place = |module: &str| LINE.iter().position(|m| *m == module);
    match (from, to) {
        _ if from == to => true,
        ("seed", _) => false,
        (_, "seed") => true,
        ("data" | "theorem", _) => false,
        (_, "data") => place(from) >= place("search"),
        ("claim", "theorem") | ("report" | "cli", "claim") => true,
        ("claim", _) => place(to).is_some() && place(to) <= place("trend"),
        _ => place(to).is_some() && place(to) < place(from),
    }
}

/// Imports against the direction, and modules that the design does not know.
fn direction(sources: &[Source]) -> Vec<String> {
    let known = |module: &str| LINE.contains(&module) || ["seed", "data", "theorem", "claim"].contains(&module);
    let mut found = Vec::new();
    for source in sources.iter().filter(|s| !["lib.rs", "main.rs"].contains(&s.path.as_str())) {
        if !known(source.module()) {
            found.push(format!("{}: the design has no such module", source.path));
            continue;
        }
        for to in imports(source).into_iter().filter(|to| known(to)) {
            if !may_import(source.module(), &to) {
                found.push(format!("{}: imports {to}", source.path));
            }
        }
    }
    found
}

/// Places outside `inside` that use one of the words `forbidden` in code.
fn outside(sources: &[Source], inside: &str, forbidden: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|s| !s.path.starts_with(inside)) {
        let code = words(&source.code);
        found.extend(forbidden.iter().filter(|f| code.contains(f)).map(|f| format!("{}: {f}", source.path)));
    }
    found
}

fn foreign_names(sources: &[Source]) -> Vec<String> {
    outside(sources, "tensor/", &["dfdx", "cudarc"])
}

fn unsafe_code(sources: &[Source]) -> Vec<String> {
    let intrinsics = |s: &&Source| ["std::", "core::"].iter().any(|root| after(&s.code, root).contains(&"arch".into()));
    let elsewhere = sources.iter().filter(|s| !s.path.starts_with("tensor/kernel/")).filter(intrinsics);
    let mut found = outside(sources, "tensor/kernel/", &["unsafe"]);
    found.extend(elsewhere.map(|s| format!("{}: arch", s.path)));
    found
}

fn unfinished(sources: &[Source]) -> Vec<String> {
    let found = |s: &Source| ["todo!", "unimplemented!", "dbg!"].iter().any(|m| s.code.contains(m));
    sources.iter().filter(|s| found(s)).map(|s| s.path.clone()).collect()
}

fn long(sources: &[Source]) -> Vec<String> {
    let lines = |s: &Source| s.text.lines().count();
    let found = sources.iter().filter(|s| lines(s) > LONGEST);
    found.map(|s| format!("{}: {} lines", s.path, lines(s))).collect()
}

/// Files that no module above them names: nothing compiles them.
fn left_over(sources: &[Source]) -> Vec<String> {
    let named = |s: &&Source| {
        let path = s.path.strip_suffix("/mod.rs").or(s.path.strip_suffix(".rs")).unwrap_or(&s.path);
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let above = match folder {
            "" => ["lib.rs".into(), "main.rs".into()],
            _ => [format!("{folder}/mod.rs"), format!("{folder}.rs")],
        };
        ["lib", "main"].contains(&path)
            || sources.iter().any(|s| above.contains(&s.path) && after(&s.code, "mod ").contains(&name.into()))
    };
    sources.iter().filter(|s| !named(s)).map(|s| s.path.clone()).collect()
}

fn read(folder: &Path, root: &Path, into: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, root, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            into.push(Source::new(&name, &std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    read(&root, &root, &mut all);
    assert!(all.iter().any(|s| s.path == "tensor/kernel/cpu/normalise.rs"), "the sources were found");
    all
}

fn clean(rule: fn(&[Source]) -> Vec<String>) {
    let found = rule(&sources());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn only_the_tensor_layer_names_dfdx() {
    clean(foreign_names);
}

#[test]
fn unsafe_code_stands_in_kernels_only() {
    clean(unsafe_code);
}

#[test]
fn imports_run_leftwards() {
    clean(direction);
}

#[test]
fn no_file_is_long() {
    clean(long);
}

#[test]
fn nothing_is_unfinished() {
    clean(unfinished);
}

#[test]
fn nothing_is_left_over() {
    clean(left_over);
}

#[test]
fn the_rules_find_bad_examples() {
    let found = |rule: fn(&[Source]) -> Vec<String>, path: &str, text: &str| rule(&[Source::new(path, text)]).len();
    assert_eq!(found(foreign_names, "cost/mod.rs", "use dfdx::prelude::*;"), 1);
    assert_eq!(found(foreign_names, "cost/mod.rs", "// dfdx\nlet s = \"dfdx\"; /* cudarc */ let dfdx_like = 1;"), 0);
    assert_eq!(found(foreign_names, "tensor/var.rs", "use dfdx::prelude::*;"), 0);
    assert_eq!(found(unsafe_code, "tensor/var.rs", "let x = unsafe { *p };"), 1);
    assert_eq!(found(unsafe_code, "cell/mod.rs", "use core::arch::x86_64::*;"), 1);
    assert_eq!(found(unsafe_code, "cell/mod.rs", "use std::{arch, fs}; let x = core :: arch::asm!();"), 1);
    assert_eq!(found(unsafe_code, "cell/mod.rs", "let arch = std::fs::read(arch)?;"), 0);
    assert_eq!(found(unsafe_code, "cell/mod.rs", "#![forbid(unsafe_code)] use crate::architecture;"), 0);
    assert_eq!(found(unfinished, "cell/mod.rs", "fn f() { todo!() }"), 1);
    assert_eq!(found(unfinished, "cell/mod.rs", "fn f() { todo() } // todo!"), 0);
    let [above, below] = ["cell/mod.rs", "cell/graph.rs"];
    let both =
        |text: &str| left_over(&[Source::new("lib.rs", "mod cell;"), Source::new(above, text), Source::new(below, "")]);
    assert_eq!(both("pub(super) mod graph;"), Vec::<String>::new());
    assert_eq!(both("mod graphs; // mod graph;"), [below]);
    assert_eq!(found(long, "cell/mod.rs", &"\n".repeat(LONGEST + 1)), 1);
    assert_eq!(found(long, "cell/mod.rs", &"\n".repeat(LONGEST)), 0);
}

#[test]
fn the_direction_finds_bad_imports() {
    let found = |path: &str, text: &str| direction(&[Source::new(path, text)]).len();
    assert_eq!(found("network/head.rs", "use crate::cost::Table;"), 1);
    assert_eq!(found("network/head.rs", "use crate::{cell::Cell, tensor::{Var, op::Pool}, seed};"), 0);
    assert_eq!(
        found("network/head.rs", "use crate::{\n    tensor::{Var, cost},\n    run::{self, Run},\n    cli,\n};"),
        2
    );
    assert_eq!(found("network/head.rs", "fn f() { super::super::search::go(); super::search(); }"), 1);
    assert_eq!(found("network/mod.rs", "use super::{cell, figure};"), 1);
    assert_eq!(found("theorem/norm.rs", "use crate::tensor::Var;"), 1);
    assert_eq!(found("data/mod.rs", "use crate::{seed::stream, network::Network};"), 1);
    assert_eq!(found("seed.rs", "use crate::tensor::Cpu;"), 1);
    assert_eq!(found("claim/mod.rs", "use crate::{theorem::norm, cost, cell, seed};"), 0);
    assert_eq!(found("claim/mod.rs", "use crate::{data, figure, search};"), 3);
    assert_eq!(found("run/mod.rs", "use crate::{data, claim, theorem};"), 3);
    assert_eq!(found("report/mod.rs", "use crate::{data, claim::Record, run};"), 0);
    assert_eq!(found("util/mod.rs", ""), 1);
}
