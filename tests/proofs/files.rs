//! What stands in `proofs/`: its statements, what they rest on, and the trust table.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The statements of `proofs/`, as `Module.name`.
#[derive(Default)]
pub struct Proofs {
    /// Theorems and corollaries.
    pub theorems: BTreeSet<String>,
    /// Lemmas.
    pub lemmas: BTreeSet<String>,
    /// What `Assumptions.v` lists.
    pub listed: BTreeSet<String>,
    /// The axioms of each module, from `assumptions.expected`.
    pub axioms: BTreeMap<String, Vec<String>>,
}

/// One row of the trust table, or of the table of bounds.
pub struct Row {
    /// Claim ids, or paths in the code.
    pub ids: Vec<String>,
    /// `Module.name` of each lemma; a bare name belongs to the module before it.
    pub lemmas: Vec<String>,
    /// What else carries the claims: the last cell.
    pub carried_by: String,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("proofs")
}

pub fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below `folder` with this extension, with its text.
pub fn texts(folder: &Path, extension: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    collect(folder, extension, &mut found);
    assert!(!found.is_empty(), "no {extension} files in {}", folder.display());
    found.sort();
    found
}

fn collect(folder: &Path, extension: &str, into: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, extension, into);
        } else if path.extension().is_some_and(|e| e == extension) {
            let text = read(&path);
            into.push((path, text));
        }
    }
}

/// Coq without its comments, which nest.
pub fn code(text: &str) -> String {
    let (mut out, mut depth, mut rest) = (String::new(), 0, text);
    while let Some(c) = rest.chars().next() {
        let (length, change) = match rest.get(..2) {
            Some("(*") => (2, 1),
            Some("*)") if depth > 0 => (2, -1),
            _ => (c.len_utf8(), 0),
        };
        if depth == 0 && change == 0 || c == '\n' {
            out.push(c);
        }
        depth += change;
        rest = &rest[length..];
    }
    out
}

impl Proofs {
    pub fn read() -> Self {
        let mut proofs = Proofs::default();
        for (path, text) in texts(&folder(), "v") {
            proofs.add(path.file_stem().unwrap().to_str().unwrap(), &text);
        }
        proofs.listed = names(&read(folder().join("Assumptions.v")), '@');
        for line in read(folder().join("assumptions.expected")).lines() {
            let (module, axioms) = line.split_once(':').expect("Module: axioms");
            proofs.axioms.insert(module.into(), axioms.split_whitespace().map(String::from).collect());
        }
        proofs
    }

    /// The statements of one file.
    pub fn add(&mut self, module: &str, text: &str) {
        for line in code(text).lines() {
            let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '\''));
            let into = match words.next() {
                Some("Theorem" | "Corollary") => &mut self.theorems,
                Some("Lemma") => &mut self.lemmas,
                _ => continue,
            };
            into.insert(format!("{module}.{}", words.next().unwrap_or_default()));
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.theorems.contains(name) || self.lemmas.contains(name)
    }
}

/// Every `Module.name` in `text` that follows `mark`, closed or not by another.
pub fn names(text: &str, mark: char) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let after = |at: usize| text[at + 1..].chars().take_while(|c| is_name(*c)).collect::<String>();
    text.match_indices(mark).map(|(at, _)| after(at)).filter(|name| is_qualified(name)).collect()
}

/// Whether this reads `Module.name`: a module's name is capitalised, a statement's is not.
pub fn is_qualified(name: &str) -> bool {
    let starts = |part: &str, test: fn(&char) -> bool| part.chars().next().as_ref().is_some_and(test);
    matches!(name.split('.').collect::<Vec<_>>()[..], [module, statement]
        if starts(module, char::is_ascii_uppercase) && starts(statement, char::is_ascii_lowercase))
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(String::from).collect()
}

/// The rows of all tables whose first column has this name. Lemmas stand in a column `lemma`.
pub fn rows(readme: &str, first_column: &str) -> Vec<Row> {
    let (mut rows, mut header) = (Vec::new(), Vec::new());
    for line in readme.lines() {
        // An escaped bar is part of a cell.
        let line = line.replace("\\|", "/");
        let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| cell.trim().into()).collect();
        match &cells[..] {
            _ if !line.starts_with('|') => header.clear(),
            _ if header.is_empty() => header = cells,
            [first, .., last] if header[0] == first_column && first.starts_with('`') => {
                let lemmas = header.iter().position(|name| name == "lemma").map(|at| qualified(&cells[at]));
                let lemmas = lemmas.unwrap_or_default();
                rows.push(Row { ids: quoted(first), lemmas, carried_by: last.clone() });
            }
            _ => {}
        }
    }
    rows
}

fn qualified(cell: &str) -> Vec<String> {
    let mut module = String::new();
    let complete = |name: String| match name.split_once('.') {
        Some((before, _)) => {
            module = before.into();
            name
        }
        None => format!("{module}.{name}"),
    };
    quoted(cell).into_iter().map(complete).collect()
}
