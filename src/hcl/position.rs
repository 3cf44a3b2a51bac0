//! Where a byte stands: line, column, and the ends of its line.

/// A place as people and editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// The line, from 1, of the byte at `offset`.
pub fn line_of(text: &str, offset: usize) -> usize {
    position_of(text, offset).line
}

/// Line and column of the byte at `offset`. A byte-order mark takes no column.
pub fn position_of(text: &str, offset: usize) -> Position {
    let before = &text[..floor(text, offset)];
    let start = line_start(before, before.len());
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    Position { line, column: before[start..].trim_start_matches('\u{feff}').chars().count() + 1 }
}

/// Where the line of the byte at `offset` begins.
pub fn line_start(text: &str, offset: usize) -> usize {
    text[..floor(text, offset)].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where the line of the byte at `offset` ends: before its `\n` or `\r\n`.
pub fn line_end(text: &str, offset: usize) -> usize {
    let offset = floor(text, offset);
    let end = text[offset..].find('\n').map_or(text.len(), |newline| offset + newline);
    if end > offset && text[..end].ends_with('\r') && end < text.len() { end - 1 } else { end }
}

/// The white space that the line of the byte at `offset` begins with.
pub fn indentation(text: &str, offset: usize) -> &str {
    let start = line_start(text, offset);
    let line = &text[start..];
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// How lines end in `text`: as its first line does, `\n` where there is none.
pub fn newline_of(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// How the line of the byte at `offset` ends; the last one as the file's first line does.
pub fn newline_at(text: &str, offset: usize) -> &'static str {
    let end = line_end(text, offset);
    match text[end..].chars().next() {
        Some('\r') => "\r\n",
        Some('\n') => "\n",
        _ => newline_of(text),
    }
}

/// Counts lines over offsets that only grow: each byte is looked at once.
#[derive(Debug, Default)]
pub struct LineCounter {
    offset: usize,
    newlines: usize,
}

impl LineCounter {
    /// The line, from 1, of the byte at `offset`, which is not before that of the last call.
    pub fn line_of(&mut self, text: &str, offset: usize) -> usize {
        self.newlines += text[self.offset..offset].matches('\n').count();
        self.offset = offset;
        self.newlines + 1
    }
}

fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_columns() {
        let text = "\u{feff}a\r\néb\n";
        assert_eq!(position_of(text, 3), Position { line: 1, column: 1 });
        assert_eq!(position_of(text, text.find('b').expect("b")), Position { line: 2, column: 2 });
        assert_eq!(position_of(text, 999), Position { line: 3, column: 1 });
        assert_eq!(&text[line_start(text, 8)..line_end(text, 8)], "éb");
        assert_eq!(&text[line_start(text, 3)..line_end(text, 3)], "\u{feff}a");
        assert_eq!(newline_of(text), "\r\n");
    }
}
