//! The items of a list, with their spans.

use super::{Kind, Lexer, Span, SyntaxError};

/// One item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListItem {
    /// The value, without the comment that may follow it.
    pub value: Span,
    /// The comma after the value.
    pub comma: Option<usize>,
}

/// What stands between the brackets, when `value` is a list and not made by `for`. A call that has one list among its
/// arguments, such as `toset([…])` or `concat(local.x, […])`, gives that list.
pub fn list_inside(text: &str, value: &Span) -> Option<Span> {
    let mut lexer = Lexer::new(text, value.clone());
    let first = lexer.next()?.ok()?;
    match first.kind {
        Kind::OpenBracket => {
            let inside = rest_of_list(text, &mut lexer, first.end)?;
            (inside.end + 1 == value.end).then_some(inside)
        }
        Kind::Identifier => {
            if lexer.next()?.ok()?.kind != Kind::OpenParenthesis {
                return None;
            }
            let mut found = None;
            let mut before = Kind::OpenParenthesis;
            loop {
                let token = lexer.next()?.ok()?;
                if lexer.depth() == 0 {
                    return if token.end == value.end { found } else { None };
                }
                let begins = matches!(before, Kind::OpenParenthesis | Kind::Comma);
                if !matches!(token.kind, Kind::Newline | Kind::LineComment | Kind::BlockComment) {
                    before = token.kind;
                }
                if lexer.depth() == 2 && token.kind == Kind::OpenBracket && begins {
                    let inside = rest_of_list(text, &mut lexer, token.end)?;
                    before = Kind::CloseBracket;
                    if found.replace(inside).is_some() {
                        return None;
                    }
                }
            }
        }
        _ => None,
    }
}

/// Reads to the bracket that closes the one before `start`.
fn rest_of_list(text: &str, lexer: &mut Lexer<'_>, start: usize) -> Option<Span> {
    let inside = lexer.depth();
    let mut first = None;
    loop {
        let token = lexer.next()?.ok()?;
        if lexer.depth() < inside {
            return (first != Some("for")).then_some(start..token.start);
        }
        if first.is_none() && !matches!(token.kind, Kind::Newline | Kind::LineComment | Kind::BlockComment) {
            first = Some(&text[token.span()]);
        }
    }
}

/// The items of the list whose brackets enclose `inside`.
pub fn list_items(text: &str, inside: Span) -> Result<Vec<ListItem>, SyntaxError> {
    let mut lexer = Lexer::new(text, inside);
    let mut items: Vec<ListItem> = Vec::new();
    let mut value: Option<Span> = None;
    while let Some(token) = lexer.next().transpose()? {
        match token.kind {
            Kind::Comma if lexer.depth() == 0 => match value.take() {
                Some(value) => items.push(ListItem { value, comma: Some(token.start) }),
                None => return Err(lexer.error(token.start, "an item of the list was expected before this comma")),
            },
            Kind::LineComment | Kind::BlockComment | Kind::Newline => {}
            _ => value = Some(value.map_or(token.start, |value| value.start)..token.end),
        }
    }
    items.extend(value.map(|value| ListItem { value, comma: None }));
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_items() {
        let text = "[ # one\n  local.a, # two\n  /* b */ \"x,y\", { c = [1, 2] }, f(1, 2)\n]";
        let inside = list_inside(text, &(0..text.len())).expect("a list");
        let items = list_items(text, inside).expect("HCL");
        let found: Vec<_> = items.iter().map(|item| (&text[item.value.clone()], item.comma.is_some())).collect();
        assert_eq!(found, [("local.a", true), ("\"x,y\"", true), ("{ c = [1, 2] }", true), ("f(1, 2)", false)]);
        assert_eq!(list_items("", 0..0), Ok(Vec::new()));
    }

    #[test]
    fn finds_the_list_in_a_call() {
        let inside = |text: &str| list_inside(text, &(0..text.len())).map(|span| text[span].to_owned());
        assert_eq!(inside("toset([1, 2])").as_deref(), Some("1, 2"));
        assert_eq!(inside("concat(local.x, [\n 1\n])").as_deref(), Some("\n 1\n"));
        for other in ["concat([1], [2])", "[for x in y : x]", "x[0]", "f(x[0])", "[1][0]", "f([1]).x", "{}", "local.x"]
        {
            assert_eq!(inside(other), None, "{other}");
        }
    }
}
