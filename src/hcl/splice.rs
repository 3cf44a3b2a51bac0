//! Replacing bytes, and keeping aligned what was aligned.

use std::ops::Range;

use super::sheet::{Column, Gap, Sheet};
use super::{Span, SyntaxError};

/// One replacement of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// The bytes that go. Empty: something is put in.
    pub span: Span,
    /// What comes in their place.
    pub text: String,
}

impl Splice {
    /// A replacement of `span` by `text`.
    pub fn new(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }
}

/// `text` with each replacement made. They are in order and do not overlap.
pub fn splice(text: &str, splices: &[Splice]) -> String {
    let added: usize = splices.iter().map(|splice| splice.text.len()).sum();
    let mut result = String::with_capacity(text.len() + added);
    let mut from = 0;
    for splice in splices {
        result.push_str(&text[from..splice.span.start]);
        result.push_str(&splice.text);
        from = splice.span.end;
    }
    result.push_str(&text[from..]);
    result
}

/// As [`splice`], and the runs of aligned `=` and of aligned comments that a replacement touches are aligned anew,
/// when they were aligned as `terraform fmt` does before.
///
/// Reads all of `text`: give it the lines of one block, not a whole file.
pub fn splice_aligned(text: &str, splices: &[Splice]) -> Result<String, SyntaxError> {
    aligned(text, splices, true)
}

/// As [`splice_aligned`], where what is put in was written by a user: on its own it keeps its spacing, and gets another
/// one only in a run that was aligned before.
pub(super) fn splice_kept(text: &str, splices: &[Splice]) -> Result<String, SyntaxError> {
    aligned(text, splices, false)
}

fn aligned(text: &str, splices: &[Splice], is_ours: bool) -> Result<String, SyntaxError> {
    if splices.is_empty() {
        return Ok(text.to_owned());
    }
    let before = Sheet::new(text)?;
    let mut result = splice(text, splices);
    // Aligning moves bytes but no rows: the windows hold for both columns.
    let mut windows = windows(&before, &Sheet::new(&result)?, splices);
    if let (false, [(before, after), .., (last_before, last_after)]) = (is_ours, windows.as_slice()) {
        // What a user wrote on several lines is put in as one.
        windows = vec![(before.start..last_before.end, after.start..last_after.end)];
    }
    let mut reach = windows.clone();
    for column in [Column::Value, Column::Comment] {
        let after = Sheet::new(&result)?;
        let gaps = wrong_gaps(&before, &after, column, (&windows, &reach), is_ours);
        if !gaps.is_empty() && column == Column::Value {
            // Where values move, the comments beside them do.
            for window in &mut reach {
                window.0 = with_runs(&before, &window.0);
                window.1 = with_runs(&after, &window.1);
            }
        }
        let gaps: Vec<Splice> = gaps.into_iter().map(|gap| Splice::new(gap.span, " ".repeat(gap.wanted))).collect();
        result = splice(&result, &gaps);
    }
    Ok(result)
}

/// The rows with those of the runs of values that they touch.
fn with_runs(sheet: &Sheet<'_>, rows: &Range<usize>) -> Range<usize> {
    let near = sheet.runs(Column::Value).into_iter().filter(|run| is_near(run, rows));
    near.fold(rows.clone(), |all, run| all.start.min(run.start)..all.end.max(run.end))
}

/// The rows each replacement touches: before and after.
type Window = (Range<usize>, Range<usize>);

fn windows(before: &Sheet<'_>, after: &Sheet<'_>, splices: &[Splice]) -> Vec<Window> {
    let mut shift: isize = 0;
    let window = |splice: &Splice| {
        let start = splice.span.start.saturating_add_signed(shift);
        shift += splice.text.len().cast_signed() - splice.span.len().cast_signed();
        (before.touched(&splice.span), after.touched(&(start..start + splice.text.len())))
    };
    splices.iter().map(window).collect()
}

/// The gaps of `after` that are to change: of the runs next to a replacement whose runs were right `before`.
///
/// `reach` are the windows with the rows beside them that move as well.
fn wrong_gaps(
    before: &Sheet<'_>,
    after: &Sheet<'_>,
    column: Column,
    (windows, reach): (&[Window], &[Window]),
    is_ours: bool,
) -> Vec<Gap> {
    let runs_before = before.runs(column);
    let is_aligned = |run: &Range<usize>| before.gaps(column, run).iter().all(|gap| before.is_right(gap));
    let were_right: Vec<bool> =
        windows.iter().map(|(rows, _)| runs_before.iter().filter(|run| is_near(run, rows)).all(is_aligned)).collect();
    let mut gaps = Vec::new();
    for run in after.runs(column) {
        let near = windows.iter().zip(reach).filter(|(_, (_, rows))| is_near(&run, rows));
        let mut near = near.map(|(window, _)| window).peekable();
        if near.peek().is_none() {
            continue;
        }
        // The runs whose rows it has: what else was near keeps its own spacing.
        let mut had =
            near.flat_map(|window| runs_before.iter().filter(|old| has_rows_of(&run, old, window))).peekable();
        if (is_ours || had.peek().is_some()) && had.all(is_aligned) {
            gaps.extend(after.gaps(column, &run));
        }
    }
    if column == Column::Value {
        for ((old, rows), right) in windows.iter().zip(&were_right) {
            // What a user wrote keeps its spacing, but for what was whole before and opens now.
            if !is_ours && !before.rows[old.start].assigns() {
                continue;
            }
            // What opened before and was spaced otherwise stays so.
            let is_odd = |row: usize| before.opener(&before.rows[row]).is_some_and(|gap| !before.is_right(&gap));
            let first = rows.start + usize::from(is_odd(old.start));
            let last = if is_ours { rows.end - usize::from(is_odd(old.end - 1)) } else { rows.start + 1 };
            if *right && first < last {
                gaps.extend(after.rows[first..last].iter().filter_map(|row| after.opener(row)));
            }
        }
    }
    gaps.retain(|gap| !after.is_right(gap));
    gaps.sort_by_key(|gap| gap.span.start);
    gaps.dedup();
    gaps
}

/// Whether a run has rows that were those of the run `old`, above or below what a replacement put in.
fn has_rows_of(run: &Range<usize>, old: &Range<usize>, (before, after): &Window) -> bool {
    let overlap = |rows: Range<usize>, from: usize, to: usize| {
        // Rows are counted anew below what was put in.
        rows.start < rows.end && rows.start + to < old.end + from && old.start + from < rows.end + to
    };
    overlap(run.start..run.end.min(after.start + 1), after.start, before.start)
        || overlap(run.start.max(after.end - 1)..run.end, after.end, before.end)
}

/// Whether they overlap or touch.
fn is_near(run: &Range<usize>, rows: &Range<usize>) -> bool {
    run.start <= rows.end && rows.start <= run.end
}
