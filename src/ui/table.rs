//! Tables without lines: a header and columns two spaces apart.

use comfy_table::{ContentArrangement, Table, presets};

use super::paint;

/// A table with these headings. Rows shorter than the headings are filled up; nothing is cut off.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings.iter().map(|heading| paint::strong(heading)));
    for row in rows {
        let missing = headings.len().saturating_sub(row.len());
        table.add_row(row.iter().cloned().chain(std::iter::repeat_n(String::new(), missing)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// How many columns of the terminal such a table takes, what follows its last column included.
pub fn width(headings: &[&str], rows: &[Vec<String>]) -> usize {
    let wide = |(column, heading): (usize, &&str)| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| characters(cell));
        cells.chain([heading.len()]).max().unwrap_or_default() + 2
    };
    headings.iter().enumerate().map(wide).sum()
}

/// The text, or its beginning where it is longer than `length`.
pub fn cut(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    let start: String = text.chars().take(length.saturating_sub(1)).collect();
    format!("{}…", start.trim_end())
}

/// Without its colours.
fn characters(cell: &str) -> usize {
    anstream::adapter::strip_str(cell).to_string().chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_whatever_the_colour() {
        let rows = [vec![paint::good("a"), "b".to_owned()], vec!["long".to_owned()]];
        let text = anstream::adapter::strip_str(&table(&["X", "Y"], &rows)).to_string();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        assert_eq!(lines, ["X     Y", "a     b", "long"]);
    }
}
