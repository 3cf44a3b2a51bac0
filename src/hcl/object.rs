//! The entries of an object, with their spans.

use super::{Kind, Lexer, Span, SyntaxError};

/// `key = value` in an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The key as it is written: a name, a string, or an expression in parentheses.
    pub key: Span,
    /// The `=` or `:` between them.
    pub separator: usize,
    /// The value, without the comment that may follow it.
    pub value: Span,
    /// The comma after the value.
    pub comma: Option<usize>,
}

/// What stands between the braces, when `value` is an object and not made by `for`.
pub fn object_inside(text: &str, value: &Span) -> Option<Span> {
    let mut lexer = Lexer::new(text, value.clone());
    let open = lexer.next()?.ok()?;
    if open.kind != Kind::OpenBrace {
        return None;
    }
    let mut words = Vec::new();
    loop {
        let token = lexer.next()?.ok()?;
        if lexer.depth() == 0 {
            let whole = token.end == value.end;
            let made = words.first() == Some(&Some("for")) && matches!(words.get(1), Some(Some(_)));
            return (whole && !made).then_some(open.end..token.start);
        }
        if words.len() < 2 && !matches!(token.kind, Kind::Newline | Kind::LineComment | Kind::BlockComment) {
            words.push((token.kind == Kind::Identifier).then(|| &text[token.span()]));
        }
    }
}

/// The entries of the object whose braces enclose `inside`.
pub fn elements(text: &str, inside: Span) -> Result<Vec<Element>, SyntaxError> {
    let mut lexer = Lexer::new(text, inside);
    let mut elements: Vec<Element> = Vec::new();
    let mut key: Option<Span> = None;
    let mut separator: Option<usize> = None;
    let mut value: Option<Span> = None;
    let extend =
        |span: &Option<Span>, start: usize, end: usize| Some(span.as_ref().map_or(start, |span| span.start)..end);
    loop {
        let token = lexer.next().transpose()?;
        let ends = match token {
            None => true,
            Some(token) => lexer.depth() == 0 && matches!(token.kind, Kind::Newline | Kind::Comma),
        };
        if ends {
            let comma = token.filter(|token| token.kind == Kind::Comma).map(|token| token.start);
            match (key.take(), separator.take(), value.take()) {
                (Some(key), Some(separator), Some(value)) => elements.push(Element { key, separator, value, comma }),
                (None, None, None) => {
                    if let (Some(comma), Some(last)) = (comma, elements.last_mut()) {
                        last.comma.get_or_insert(comma);
                    }
                }
                (key, ..) => {
                    let at = key.map_or(lexer.text().len(), |key| key.start);
                    return Err(lexer.error(at, "a key must be followed by '=' and a value"));
                }
            }
        }
        let Some(token) = token else { return Ok(elements) };
        match token.kind {
            Kind::LineComment | Kind::BlockComment | Kind::Newline => {}
            Kind::Comma if ends => {}
            Kind::Equal | Kind::Colon if lexer.depth() == 0 && separator.is_none() => separator = Some(token.start),
            _ if separator.is_none() => key = extend(&key, token.start, token.end),
            _ => value = extend(&value, token.start, token.end),
        }
    }
}
