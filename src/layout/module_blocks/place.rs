//! Where a block begins and ends with what belongs to it, and where a new one goes.

use crate::hcl::{Item, Span, Splice, line_end, line_start, newline_of};

/// The lines of the item `index`: with the comments that touch it, without the end of its last line.
pub(super) fn extent(text: &str, items: &[Item], index: usize) -> Span {
    let span = items[index].span();
    let floor = match index.checked_sub(1) {
        Some(before) => (line_end(text, items[before].span().end) + 1).min(span.start),
        None => {
            if text.starts_with('\u{feff}') {
                3
            } else {
                0
            }
        }
    };
    let start = line_start(text, span.start).max(floor);
    start_of_comments(text, floor, start)..line_end(text, span.end)
}

/// Where the comments begin that stand directly above `start`. A licence at the top of the file is not among them.
fn start_of_comments(text: &str, floor: usize, start: usize) -> usize {
    let mut first = start;
    while first > floor {
        let above = line_start(text, first - 1).max(floor);
        let line = text[above..first].trim();
        if line.starts_with('#') || line.starts_with("//") {
            first = above;
        } else if line.ends_with("*/")
            && let Some(open) = text[floor..first].rfind("/*")
            && text[line_start(text, floor + open).max(floor)..floor + open].trim().is_empty()
        {
            first = line_start(text, floor + open).max(floor);
        } else {
            break;
        }
    }
    let comments = &text[first..start];
    let is_licence = ["Copyright", "copyright", "SPDX-License-Identifier"].iter().any(|word| comments.contains(word));
    if first == floor && text[..floor].trim_start_matches('\u{feff}').is_empty() && is_licence { start } else { first }
}

/// Puts `block` below what ends at `end`, with `blank` blank lines between them.
pub(super) fn below(text: &str, end: usize, block: &str, blank: usize) -> Splice {
    let newline = newline_of(text);
    Splice::new(end..end, format!("{}{block}", newline.repeat(blank + 1)))
}

/// Puts `block` above what begins at `start`, with `blank` blank lines between them.
pub(super) fn above(text: &str, start: usize, block: &str, blank: usize) -> Splice {
    let newline = newline_of(text);
    Splice::new(start..start, format!("{block}{}", newline.repeat(blank + 1)))
}

/// Puts `block` at the end of the file, whose last line ends, or does not, as before.
pub(super) fn at_end(text: &str, block: &str) -> Splice {
    let end = text.trim_end().len();
    let is_empty = text[..end].trim_start_matches('\u{feff}').is_empty();
    if is_empty || text[end..].matches('\n').count() > 1 {
        return Splice::new(text.len()..text.len(), format!("{block}{}", newline_of(text)));
    }
    below(text, end, block, 1)
}

/// How many blank lines part the siblings (by their place in `items`): those between the last two that follow one
/// another, else those around the only one, else one.
pub(super) fn blank_lines(text: &str, items: &[Item], siblings: &[usize]) -> usize {
    let between = |first: usize| {
        let end = line_end(text, items[first].span().end);
        let start = extent(text, items, first + 1).start;
        let gap = text.get(end..start)?;
        gap.trim().is_empty().then(|| gap.matches('\n').count().saturating_sub(1))
    };
    let pair = siblings.windows(2).rev().filter(|pair| pair[1] == pair[0] + 1).find_map(|pair| between(pair[0]));
    let around = || {
        let last = *siblings.last()?;
        let above = last.checked_sub(1).and_then(between);
        above.or_else(|| if last + 1 < items.len() { between(last) } else { None })
    };
    pair.or_else(around).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hcl::items;

    #[test]
    fn takes_the_comments_that_touch() {
        let text =
            "# Copyright x\nmodule \"a\" {}\n# apart\n\n# one\n// two\n/* three\n   four */\nmodule \"b\" {} # five\n";
        let items = items(text).expect("HCL");
        assert_eq!(&text[extent(text, &items, 0)], "module \"a\" {}");
        assert_eq!(&text[extent(text, &items, 1)], "# one\n// two\n/* three\n   four */\nmodule \"b\" {} # five");
    }

    #[test]
    fn counts_blank_lines() {
        let text = "locals {}\n\n\n\nmodule \"a\" {}\nmodule \"b\" {}\n\n# x\n\nmodule \"c\" {}\n";
        let items = items(text).expect("HCL");
        assert_eq!(blank_lines(text, &items, &[1, 2]), 0);
        assert_eq!(blank_lines(text, &items, &[1]), 3);
        assert_eq!(blank_lines(text, &items, &[3]), 1);
        assert_eq!(blank_lines(text, &items, &[]), 1);
    }
}
