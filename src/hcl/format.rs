//! Spacing of new text as `terraform fmt` would have it. Never used on text that the user wrote into a file.

use super::sheet::{Row, Sheet, bracket, columns, net};
use super::{Kind, Splice, SyntaxError, Token, splice};

/// `text` spaced and indented as `terraform fmt` does. `base` spaces stand before each line but the first.
pub fn format(text: &str, base: usize) -> Result<String, SyntaxError> {
    let sheet = Sheet::new(text)?;
    let mut spaces = vec![0; sheet.tokens.len()];
    set_indents(&sheet, base, &mut spaces);
    for row in &sheet.rows {
        let end = row.comment.unwrap_or(row.tokens.end);
        let cell = row.equal.filter(|_| row.whole).unwrap_or(end);
        set_spaces(&sheet, row.tokens.start..cell, &mut spaces);
        set_spaces(&sheet, cell..end, &mut spaces);
    }
    align(&sheet, &mut spaces, |row| row.equal.filter(|_| row.whole));
    align(&sheet, &mut spaces, |row| row.comment);
    let mut result = String::with_capacity(text.len() * 2);
    for (token, width) in sheet.tokens.iter().zip(spaces) {
        result.extend(std::iter::repeat_n(' ', width));
        result.push_str(&text[token.span()]);
    }
    Ok(result)
}

/// `after`, with each line indented as `terraform fmt` does where each line of `before` was: what an edit puts into a line
/// can move all of it, as the second brace does in `}, {`.
pub(super) fn keep_indents(before: &str, after: String) -> Result<String, SyntaxError> {
    if !wrong_indents(before)?.is_empty() {
        return Ok(after);
    }
    Ok(splice(&after, &wrong_indents(&after)?))
}

/// What is to be replaced so that each line is indented as `terraform fmt` does.
fn wrong_indents(text: &str) -> Result<Vec<Splice>, SyntaxError> {
    let sheet = Sheet::new(text)?;
    let mut spaces = vec![0; sheet.tokens.len()];
    set_indents(&sheet, 0, &mut spaces);
    let rows = sheet.rows.iter().filter(|row| !row.tokens.is_empty());
    let splices = rows.map(|row| {
        let first = row.tokens.start;
        Splice::new(row.start..sheet.tokens[first].start, " ".repeat(spaces[first]))
    });
    Ok(splices.filter(|splice| text[splice.span.clone()] != splice.text).collect())
}

fn set_indents(sheet: &Sheet<'_>, base: usize, spaces: &mut [usize]) {
    let mut open: Vec<isize> = Vec::new();
    for (index, row) in sheet.rows.iter().enumerate() {
        if row.tokens.is_empty() {
            continue;
        }
        let tokens = &sheet.tokens[row.tokens.clone()];
        let code = tokens.iter().position(|token| token.kind == Kind::OpenHeredoc).map_or(tokens, |at| &tokens[..at]);
        let net = net(code);
        let mut closed = -net;
        while closed > 0
            && let Some(last) = open.last_mut()
        {
            let taken = closed.min(*last);
            *last -= taken;
            closed -= taken;
            if *last == 0 {
                open.pop();
            }
        }
        spaces[row.tokens.start] = 2 * open.len() + if index == 0 { 0 } else { base };
        if net > 0 {
            open.push(net);
        }
    }
}

fn set_spaces(sheet: &Sheet<'_>, range: std::ops::Range<usize>, spaces: &mut [usize]) {
    for index in range.clone().skip(1) {
        let before = index.checked_sub(2).filter(|at| *at >= range.start).map(|at| sheet.tokens[at]);
        let apart = is_apart(sheet.text, before, sheet.tokens[index - 1], sheet.tokens[index]);
        spaces[index] = usize::from(apart);
    }
}

fn align(sheet: &Sheet<'_>, spaces: &mut [usize], cell: impl Fn(&Row) -> Option<usize>) {
    let width = |row: &Row, cell: usize, spaces: &[usize]| -> usize {
        (row.tokens.start..cell).map(|at| spaces[at] + columns(&sheet.text[sheet.tokens[at].span()])).sum()
    };
    for run in sheet.rows.chunk_by(|one, next| cell(one).is_some() && cell(next).is_some()) {
        let cells: Vec<(usize, usize)> =
            run.iter().filter_map(|row| cell(row).map(|at| (at, width(row, at, spaces)))).collect();
        let widest = cells.iter().map(|(_, width)| *width).max().unwrap_or(0);
        for (at, width) in cells {
            spaces[at] = widest - width + 1;
        }
    }
}

/// Whether a space stands between `left` and `right`. `before` is what stands left of `left` in the same cell.
fn is_apart(text: &str, before: Option<Token>, left: Token, right: Token) -> bool {
    use Kind::{
        Bang, CloseBrace, CloseHeredoc, CloseQuote, Comma, Directive, Dot, DoubleColon, Ellipsis, Identifier,
        Interpolation, Literal, Minus, Number, OpenBrace, OpenBracket, OpenHeredoc, OpenParenthesis, OpenQuote,
        TemplateEnd,
    };
    match (left.kind, right.kind) {
        (Comma, right) => !matches!(right, Comma | Ellipsis | Dot),
        (Identifier, OpenBracket) => &text[left.span()] == "in" && before.is_some_and(|token| token.kind == Identifier),
        (Identifier, OpenParenthesis | DoubleColon)
        | (DoubleColon, Identifier)
        | (Dot | Literal | OpenQuote | OpenHeredoc | Bang, _)
        | (_, Dot | Comma | Ellipsis | Literal | CloseQuote | CloseHeredoc)
        | (Number, OpenBracket)
        | (OpenBrace, CloseBrace)
        | (TemplateEnd, Interpolation | Directive) => false,
        (left, OpenBracket) if bracket(left) < 0 => false,
        (Minus, _) => before.is_some_and(|token| ends_a_value(token.kind)),
        (OpenBrace, _) | (_, CloseBrace) | (Interpolation | Directive, OpenBrace) | (CloseBrace, TemplateEnd) => true,
        (left, right) => bracket(left) <= 0 && bracket(right) >= 0,
    }
}

/// Whether a minus after it takes away; otherwise it is the sign of what follows.
fn ends_a_value(kind: Kind) -> bool {
    use Kind::{Bang, Colon, Comma, Equal, Minus, OpenBrace, OpenBracket, OpenParenthesis, Operator, Question};
    !matches!(
        kind,
        Bang | Colon | Comma | Equal | Minus | OpenBrace | OpenBracket | OpenParenthesis | Operator | Question
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_values() {
        let cases = [
            ("x={a=1,b=[ 1,2 ]}", "x = { a = 1, b = [1, 2] }"),
            ("x=-1+ - 2", "x = -1 + -2"),
            ("x = {}", "x = {}"),
            ("x=[for a in[1]:a if! b]", "x = [for a in [1] : a if !b]"),
            ("x=f( a.b [ 0 ], c... )", "x = f(a.b[0], c...)"),
            ("x=\"a${ b }c\"", "x = \"a${b}c\""),
        ];
        for (given, wanted) in cases {
            assert_eq!(format(given, 0).expect(given), wanted);
        }
    }

    #[test]
    fn indents_and_aligns() {
        let given = "x={\na=1 # one\nlonger=[\n1,\n]\nb=2\nlong=3 # three\nc=4 # four\n}";
        let wanted = "x = {\n    a = 1 # one\n    longer = [\n      1,\n    ]\n    b    = 2\n    long = 3 # three\n    c    = 4 # four\n  }";
        assert_eq!(format(given, 2).expect("HCL"), wanted);
    }
}
