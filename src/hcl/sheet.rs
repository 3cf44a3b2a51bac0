//! A text as rows of cells: what stands left of `=`, `=` with its value, and the comment at the end of the line.
//! `terraform fmt` aligns the second and the third cell over consecutive rows; a row here is what it takes for one.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

use super::{Kind, Lexer, Span, SyntaxError, Token};

/// One row: a line, or the lines of a heredoc together.
#[derive(Debug)]
pub(super) struct Row {
    /// The byte at which its first line begins.
    pub start: usize,
    /// Which tokens it has, without the newline at its end.
    pub tokens: Range<usize>,
    /// Its first `=`.
    pub equal: Option<usize>,
    /// As many brackets are closed as are opened after that `=`: the value is whole.
    pub whole: bool,
    /// The comment after something else.
    pub comment: Option<usize>,
}

impl Row {
    /// Whether it has a value that is whole, so that its `=` is aligned.
    pub fn assigns(&self) -> bool {
        self.equal.is_some() && self.whole
    }
}

/// White space before a cell, and how many spaces `terraform fmt` would have there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    /// Where the white space is.
    pub span: Span,
    /// How wide it should be.
    pub wanted: usize,
}

/// Which of the two aligned columns is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Value,
    Comment,
}

/// The rows of a text.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    pub text: &'a str,
    pub tokens: Vec<Token>,
    pub rows: Vec<Row>,
}

impl<'a> Sheet<'a> {
    pub fn new(text: &'a str) -> Result<Self, SyntaxError> {
        let tokens = Lexer::new(text, 0..text.len()).collect::<Result<Vec<_>, _>>()?;
        let mut rows = Vec::new();
        let mut first = 0;
        let mut start = 0;
        for (index, token) in tokens.iter().enumerate() {
            if token.kind == Kind::Newline {
                rows.push(row(&tokens, start, first..index));
                start = token.end;
                first = index + 1;
            }
        }
        rows.push(row(&tokens, start, first..tokens.len()));
        Ok(Self { text, tokens, rows })
    }

    /// Runs of consecutive rows that have the cell.
    pub fn runs(&self, column: Column) -> Vec<Range<usize>> {
        let has = |row: &Row| match column {
            Column::Value => row.assigns(),
            Column::Comment => row.comment.is_some(),
        };
        let mut runs: Vec<Range<usize>> = Vec::new();
        for (index, row) in self.rows.iter().enumerate().filter(|(_, row)| has(row)) {
            match runs.last_mut() {
                Some(run) if run.end == index => run.end = index + 1,
                _ => runs.push(index..index + 1),
            }
            debug_assert!(!row.tokens.is_empty(), "a row with a cell has tokens");
        }
        runs
    }

    /// The gaps before the cells of a run.
    pub fn gaps(&self, column: Column, run: &Range<usize>) -> Vec<Gap> {
        let cells: Vec<(Span, usize)> =
            self.rows[run.clone()].iter().filter_map(|row| self.cell(column, row)).collect();
        let widest = cells.iter().map(|(_, width)| *width).max().unwrap_or(0);
        cells.into_iter().map(|(span, width)| Gap { span, wanted: widest - width + 1 }).collect()
    }

    /// The gap before the `=` of a row whose value goes on in the next row: always one space.
    pub fn opener(&self, row: &Row) -> Option<Gap> {
        let equal = row.equal.filter(|_| !row.whole)?;
        Some(Gap { span: self.tokens[equal - 1].end..self.tokens[equal].start, wanted: 1 })
    }

    /// Whether the gap is as wide as it should be.
    pub fn is_right(&self, gap: &Gap) -> bool {
        let space = &self.text[gap.span.clone()];
        space.len() == gap.wanted && space.bytes().all(|byte| byte == b' ')
    }

    /// The rows that the bytes touch.
    pub fn touched(&self, span: &Span) -> Range<usize> {
        let of = |offset: usize| self.rows.partition_point(|row| row.start <= offset).saturating_sub(1);
        of(span.start)..of(span.end) + 1
    }

    fn cell(&self, column: Column, row: &Row) -> Option<(Span, usize)> {
        let index = match column {
            Column::Value => row.equal?,
            Column::Comment => row.comment?,
        };
        let before = self.tokens[index - 1].end;
        let width = columns(self.text[row.start..before].trim_start_matches('\u{feff}'));
        Some((before..self.tokens[index].start, width))
    }
}

fn row(tokens: &[Token], start: usize, range: Range<usize>) -> Row {
    let comment = range.clone().next_back().filter(|last| range.len() > 1 && tokens[*last].kind == Kind::LineComment);
    let end = comment.unwrap_or(range.end);
    let equal = (range.start + 1..end).find(|index| tokens[*index].kind == Kind::Equal);
    let whole = equal.is_some_and(|equal| net(&tokens[equal..end]) == 0);
    Row { start, tokens: range, equal, whole, comment }
}

/// How many columns a text takes for `terraform fmt`: one for each character that a reader sees, however many code points
/// it is made of, and however wide it is.
pub(super) fn columns(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).count() }
}

/// How many more brackets the tokens open than they close.
pub(super) fn net(tokens: &[Token]) -> isize {
    tokens.iter().map(|token| bracket(token.kind)).sum()
}

/// 1 for what opens, -1 for what closes.
pub(super) fn bracket(kind: Kind) -> isize {
    match kind {
        Kind::OpenBrace | Kind::OpenBracket | Kind::OpenParenthesis | Kind::Interpolation | Kind::Directive => 1,
        Kind::CloseBrace | Kind::CloseBracket | Kind::CloseParenthesis | Kind::TemplateEnd => -1,
        _ => 0,
    }
}
