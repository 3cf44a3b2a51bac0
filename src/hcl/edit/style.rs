//! How a file writes its comments.

use super::super::{Kind, Lexer, items, list_items};

/// How code is made a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Style {
    /// A mark before each line: `#` or `//`, and whether a space follows it.
    Line(&'static str, bool),
    /// `/*` and `*/` around, and whether spaces are inside.
    Block(bool),
}

impl Style {
    /// What stands before the code.
    pub fn open(self) -> &'static str {
        match self {
            Self::Line("//", true) => "// ",
            Self::Line("//", false) => "//",
            Self::Line(_, true) => "# ",
            Self::Line(_, false) => "#",
            Self::Block(true) => "/* ",
            Self::Block(false) => "/*",
        }
    }
}

/// The style in which most code of the file is made a comment; else that of most of its comments; else `# `.
/// `lines` count before the rest of the file.
pub(super) fn style(lines: &str, file: &str) -> Style {
    let (near, near_prose) = count(lines);
    let (far, far_prose) = count(file);
    let prose = |styles: Vec<(Style, usize)>| {
        styles.into_iter().filter(|(style, _)| matches!(style, Style::Line(..))).collect()
    };
    most(near)
        .or_else(|| most(far))
        .or_else(|| most(prose(near_prose)))
        .or_else(|| most(prose(far_prose)))
        .unwrap_or(Style::Line("#", true))
}

fn most(styles: Vec<(Style, usize)>) -> Option<Style> {
    let most = styles.iter().map(|(_, count)| *count).max()?;
    styles.into_iter().find(|(_, count)| *count == most).map(|(style, _)| style)
}

type Counts = Vec<(Style, usize)>;

/// How often each style holds code, and how often anything.
fn count(text: &str) -> (Counts, Counts) {
    let (mut code, mut all) = (Counts::new(), Counts::new());
    for token in Lexer::new(text, 0..text.len()).map_while(Result::ok) {
        let Some((style, inside)) = read(token.kind, &text[token.span()]) else { continue };
        if is_code(inside) {
            add(&mut code, style);
        }
        add(&mut all, style);
    }
    (code, all)
}

fn add(counts: &mut Counts, style: Style) {
    match counts.iter_mut().find(|(known, _)| *known == style) {
        Some((_, count)) => *count += 1,
        None => counts.push((style, 1)),
    }
}

/// The style of a comment, and what it holds.
pub(super) fn read(kind: Kind, comment: &str) -> Option<(Style, &str)> {
    match kind {
        Kind::LineComment => {
            let (mark, inside) = match comment.strip_prefix("//") {
                Some(inside) => ("//", inside),
                None => ("#", comment.strip_prefix('#')?),
            };
            if inside.starts_with(['#', '/']) {
                return None;
            }
            Some((Style::Line(mark, inside.is_empty() || inside.starts_with(' ')), inside.trim_end_matches('\r')))
        }
        Kind::BlockComment => {
            let inside = comment.strip_prefix("/*")?.strip_suffix("*/")?;
            if inside.contains('\n') || inside.starts_with('*') {
                return None;
            }
            Some((Style::Block(inside.starts_with(' ')), inside))
        }
        _ => None,
    }
}

/// Whether a comment holds a value or begins one, and not words.
pub(super) fn is_code(inside: &str) -> bool {
    let inside = inside.trim();
    if inside.is_empty() {
        return false;
    }
    let whole = items(&format!("{inside}\n")).is_ok_and(|items| items.len() == 1);
    let opens = inside.ends_with(['{', '[', '(']) && inside.contains('=');
    let item = |inside: &str| {
        list_items(inside, 0..inside.len()).is_ok_and(|items| items.len() == 1) && is_reference_or_literal(inside)
    };
    whole || opens || item(inside)
}

fn is_reference_or_literal(text: &str) -> bool {
    let text = text.trim_end_matches(',');
    let quoted = text.len() > 1 && text.starts_with('"') && text.ends_with('"');
    let reference =
        text.contains(['.', '_']) && !text.contains(' ') && text.starts_with(|c: char| c.is_ascii_alphabetic());
    quoted || reference
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_file() {
        let hash = Style::Line("#", true);
        assert_eq!(style("", ""), hash);
        assert_eq!(style("", "// words\n// more\n# one\n"), Style::Line("//", true));
        assert_eq!(style("", "// words\n// more\n#a = 1\n"), Style::Line("#", false));
        assert_eq!(style("x = [\n  /*local.a,*/\n]\n", "# a = 1\n# b = 2\n"), Style::Block(false));
        assert_eq!(style("# words /* a = 1 */\n", "/* words */"), hash);
        assert_eq!(style("  # key = {\n  #   a = 1\n", "// a = 1"), hash);
    }
}
