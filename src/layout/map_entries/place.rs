//! Where a new entry goes, and what parts it from its siblings.

use crate::hcl::{Element, Span, Splice, newline_of};

use super::entry::{end_of, extent, with_comma};

/// Where among the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    /// Below this one.
    Below(usize),
    /// Above this one.
    Above(usize),
}

/// The replacements that put the entry of `lines` in. Every entry has lines of its own.
pub(super) fn put(text: &str, inside: &Span, elements: &[Element], spot: Spot, lines: &str) -> Vec<Splice> {
    let newline = newline_of(text);
    let between = newline.repeat(blank_lines(text, inside, elements) + 1);
    let comma = |index: usize| elements[index].comma.is_some();
    match spot {
        Spot::Above(index) => {
            let wanted = comma(index.saturating_sub(1));
            let start = extent(text, inside, elements, index).start;
            vec![Splice::new(start..start, format!("{}{between}", with_comma(lines, wanted)))]
        }
        Spot::Below(index) => {
            let end = end_of(text, inside, &elements[index]);
            let added = |wanted| Splice::new(end..end, format!("{between}{}", with_comma(lines, wanted)));
            if comma(index) || index + 1 < elements.len() || !are_parted_by_commas(elements) {
                return vec![added(comma(index))];
            }
            let value = elements[index].value.end;
            vec![Splice::new(value..value, ","), added(false)]
        }
    }
}

/// Whether most entries that are not the last have a comma. Where half of them have none, none is needed.
fn are_parted_by_commas(elements: &[Element]) -> bool {
    let parted = &elements[..elements.len().saturating_sub(1)];
    2 * parted.iter().filter(|element| element.comma.is_some()).count() > parted.len()
}

/// How many blank lines part the last two entries that nothing else stands between; none where there is but one.
fn blank_lines(text: &str, inside: &Span, elements: &[Element]) -> usize {
    (1..elements.len()).rev().find_map(|index| blank(text, inside, elements, index)).unwrap_or(0)
}

/// How many blank lines stand above the entry `index` (not the first); `None` when there is more.
fn blank(text: &str, inside: &Span, elements: &[Element], index: usize) -> Option<usize> {
    let gap = &text[gap(text, inside, elements, index)];
    gap.trim().is_empty().then(|| gap.matches('\n').count().saturating_sub(1))
}

/// What stands between the entry `index` (not the first) and the one above it.
pub(super) fn gap(text: &str, inside: &Span, elements: &[Element], index: usize) -> Span {
    end_of(text, inside, &elements[index - 1])..extent(text, inside, elements, index).start
}
