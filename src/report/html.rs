//! Text that is safe inside HTML.

use crate::trend::statistic;

/// Escapes `text` for content and for quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A page complete in itself.
pub(super) fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{}</title>\
         <style>\n{}</style></head><body>\n{body}</body></html>\n",
        escape(title),
        include_str!("page.css")
    )
}

/// A value folded away under `summary`, as indented JSON.
pub(super) fn folded(summary: &str, value: &serde_json::Value) -> String {
    let text = serde_json::to_string_pretty(value).expect("a JSON value");
    format!("<details><summary>{}</summary><pre>{}</pre></details>", escape(summary), escape(&text))
}

/// A table row of named cells; on a narrow page each cell carries its column's name.
pub(super) fn row(id: &str, cells: &[(&str, String)]) -> String {
    let cells = cells.iter().map(|(name, html)| format!("<td data-name=\"{name}\"><div>{html}</div></td>"));
    let id = if id.is_empty() { String::new() } else { format!(" id=\"{}\"", escape(id)) };
    format!("<tr{id}>{}</tr>\n", cells.collect::<String>())
}

/// The head of a table with these columns.
pub(super) fn table(class: &str, columns: &[&str]) -> String {
    let columns: String = columns.iter().map(|name| format!("<th>{name}</th>")).collect();
    format!("<table class=\"{class}\"><thead><tr>{columns}</tr></thead><tbody>\n")
}

/// "no cases", "1 case", "200 cases": `n` of `thing`.
pub(super) fn count(n: usize, thing: &str) -> String {
    match n {
        0 => format!("no {thing}s"),
        n => statistic::counted(n, thing),
    }
}
