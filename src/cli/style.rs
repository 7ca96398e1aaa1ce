//! How tables and numbers are printed.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// A table with these headings, everything but the first column aligned to the right.
pub fn table(headings: &[&str]) -> Table {
    let mut table = left_table(headings);
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}

/// A table with these headings, all aligned to the left.
pub fn left_table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(headings.to_vec());
    table
}

/// A signed number that is neither cut off nor padded with digits that say nothing.
pub fn signed(x: f64) -> String {
    match x.abs() {
        0.0 => "0".into(),
        size if (1e-4..1e5).contains(&size) => format!("{x:+.6}"),
        _ => format!("{x:+.3e}"),
    }
}
