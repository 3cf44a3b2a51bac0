//! Texts made short enough for a line, without losing where they differ.

/// The characters of a value that are shown.
const SHOWN: usize = 40;
/// The characters before the first difference that are shown.
const CONTEXT: usize = 12;

/// A text in quotes, cut at its end.
pub(super) fn one(text: &str) -> String {
    quoted(&text.chars().collect::<Vec<_>>(), 0)
}

/// Two texts that differ: of long ones the part is shown in which they do.
pub(super) fn both(before: &str, after: &str) -> (String, String) {
    let (before, after): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
    let same = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let long = before.len().max(after.len()) > SHOWN;
    let start = if long && same > CONTEXT + 1 { same - CONTEXT } else { 0 };
    (quoted(&before, start), quoted(&after, start))
}

/// From there on, in quotes and with whatever a terminal would take for a command spelt out.
fn quoted(text: &[char], start: usize) -> String {
    let shown: String = text.iter().skip(start).take(SHOWN).collect();
    let (first, last) = (if start > 0 { "…" } else { "" }, if text.len() > start + SHOWN { "…" } else { "" });
    let spelt: String =
        shown.chars().map(|c| if is_command(c) { c.escape_unicode().to_string() } else { escaped(c) }).collect();
    format!("\"{first}{spelt}{last}\"")
}

fn is_command(character: char) -> bool {
    character.is_control() && !matches!(character, '\n' | '\t' | '\r')
}

fn escaped(character: char) -> String {
    match character {
        '\n' => "\\n".to_owned(),
        '\t' => "\\t".to_owned(),
        '\r' => "\\r".to_owned(),
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        other => other.to_string(),
    }
}

/// The path of an entry: `tags.Name`, `tags["a.b"]`.
pub(super) fn step(path: &str, name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    match (path.is_empty(), plain) {
        (true, true) => name.to_owned(),
        (false, true) => format!("{path}.{name}"),
        (_, false) => format!("{path}[{}]", one(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_show_where_they_differ() {
        let image = |tag: &str| format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/weco/id_minter:{tag}");
        let (before, after) = both(&image("2022-08-31"), &image("2022-10-14"));
        assert_eq!((before.as_str(), after.as_str()), (r#""…minter:2022-08-31""#, r#""…minter:2022-10-14""#));
        assert_eq!(both("short", "shorter"), (r#""short""#.to_owned(), r#""shorter""#.to_owned()));
        let (before, after) = both(&"x".repeat(5_000), "");
        assert_eq!((before.chars().count(), after.as_str()), (SHOWN + 3, "\"\""));
    }

    #[test]
    fn nothing_speaks_to_the_terminal() {
        assert_eq!(one("a\u{1b}[2J\n\"é\""), r#""a\u{1b}[2J\n\"é\"""#);
        assert_eq!(step("tags", "a\u{7}"), r#"tags["a\u{7}"]"#);
    }
}
