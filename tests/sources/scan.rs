//! Enough of Rust's lexical structure to find words and imports in code.

use std::iter::repeat_n;

/// A file under `src/`.
pub struct Source {
    /// Relative to `src/`.
    pub path: String,
    /// As written.
    pub text: String,
    /// Comments and what strings contain replaced by spaces.
    pub code: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        Source { path: path.into(), text: text.into(), code: code(text) }
    }

    /// The top module that the file belongs to.
    pub fn module(&self) -> &str {
        let first = self.path.split('/').next().expect("a path has a part");
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many `super` lead from the file's module to the crate root.
    fn depth(&self) -> usize {
        let parts: Vec<&str> = self.path.split('/').collect();
        parts.len() - usize::from(parts.last() == Some(&"mod.rs"))
    }
}

/// `text` without comments, strings and character literals.
fn code(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skip = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => string(rest),
            'r' if !out.ends_with(is_word) => raw_string(rest),
            '\'' => character(rest),
            _ => 0,
        };
        if skip == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            out.extend(repeat_n(' ', skip));
            rest = &rest[skip..];
        }
    }
    out
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        let tail = &rest[at..];
        let step = match tail.chars().next() {
            None => return at,
            Some(_) if tail.starts_with("/*") => {
                depth += 1;
                2
            }
            Some(_) if tail.starts_with("*/") => {
                depth -= 1;
                2
            }
            Some(c) => c.len_utf8(),
        };
        at += step;
        if depth == 0 {
            return at;
        }
    }
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (i, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaped => return i + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> usize {
    let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
    if !rest[1 + hashes..].starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let start = hashes + 2;
    rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len())
}

/// `'x'` or `'\n'`; a lifetime is left alone.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => rest[3..].find('\'').map_or(0, |at| at + 4),
        Some(_) => chars.next().filter(|(_, c)| *c == '\'').map_or(0, |(i, _)| i + 1),
        None => 0,
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The identifiers and keywords.
pub fn words(code: &str) -> Vec<&str> {
    code.split(|c| !is_word(c)).filter(|word| !word.is_empty()).collect()
}

/// What stands right after the crate root in any path: after `crate::`, or after as many `super::` as
/// lead there.
pub fn imports(source: &Source) -> Vec<String> {
    let mut found = after(&source.code, "crate::");
    found.extend(after(&source.code, &"super::".repeat(source.depth())));
    found
}

/// The names right after `root`, a path's beginning, wherever it stands in `code`.
pub fn after(code: &str, root: &str) -> Vec<String> {
    let line = code.split_whitespace().collect::<Vec<_>>().join(" ").replace(":: ", "::").replace(" ::", "::");
    let paths = line.match_indices(root).filter(|(at, _)| !line[..*at].ends_with(is_word));
    paths.flat_map(|(at, _)| heads(line[at + root.len()..].trim_start_matches("super::"))).collect()
}

/// The first names of a path tree: `a` of `a::b`, and `a`, `d` of `{a::{b, c}, d}`.
fn heads(tree: &str) -> Vec<String> {
    let first = |part: &str| words(part).first().map(ToString::to_string);
    let Some(inner) = tree.strip_prefix('{') else {
        return first(tree.split("::").next().unwrap_or("")).into_iter().collect();
    };
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (i, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                found.extend(first(&inner[start..i]));
                start = i + 1;
                if c == '}' {
                    return found;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    found
}
