//! An entry taken out, with its comma and one of its blank gaps.

use crate::hcl::{Element, Kind, Lexer, Span, Splice, line_end, line_start};
use crate::pipeline::Namespace;

use super::super::{Edit, LayoutError, SourceFile};
use super::MapEntries;
use super::entry::{extent, is_alone};
use super::place::gap;

impl MapEntries<'_> {
    /// The text of the file, as it is after an edit, without the entry of a pipeline.
    pub(super) fn without(&self, namespace: &Namespace, text: &str) -> Result<String, LayoutError> {
        let own = self.map.file;
        let changed = |(index, file): (usize, &SourceFile)| {
            if index == own { SourceFile::new(file.path.clone(), text) } else { file.clone() }
        };
        let files: Vec<SourceFile> = self.files.iter().enumerate().map(changed).collect();
        let edits = MapEntries::read(&files, self.rules)?.remove(namespace)?;
        match edits.into_iter().next() {
            Some(Edit::Write { after, .. }) => Ok(after),
            _ => Err(self.wrong("the entry is not there")),
        }
    }

    /// Works out the edit that removes a pipeline's entry, and checks it. Nothing is written.
    pub fn remove(&self, namespace: &Namespace) -> Result<Vec<Edit>, LayoutError> {
        let index = self.index_of(self.pipeline(namespace)?);
        let text = &self.file().text;
        let splices = taken_out(text, &self.map.inside, &self.elements, index);
        let after = self.spliced(&splices)?;
        let (map, found) = self.read_again(&after)?;
        self.check_rest(Some(index), &after, &map, &found, None)?;
        Ok(vec![Edit::Write { path: self.file().path.clone(), before: text.clone(), after }])
    }
}

fn taken_out(text: &str, inside: &Span, elements: &[Element], index: usize) -> Vec<Splice> {
    let element = &elements[index];
    let (first, last) = (index == 0, index + 1 == elements.len());
    if first && last && !has_comment(text, inside, &extent(text, inside, elements, index)) {
        return vec![Splice::new(inside.clone(), "")];
    }
    if !is_alone(text, inside, elements, index) {
        return from_a_line(text, elements, index);
    }
    let mut splices = Vec::new();
    let own = extent(text, inside, elements, index);
    let above = (!first).then(|| gap(text, inside, elements, index)).filter(|gap| text[gap.clone()].trim().is_empty());
    let below = (!last).then(|| gap(text, inside, elements, index + 1));
    if last
        && !first
        && element.comma.is_none()
        && let Some(comma) = elements[index - 1].comma
    {
        splices.push(Splice::new(comma..comma + 1, ""));
    }
    splices.push(match (above, below) {
        (Some(above), _) => Splice::new(above.start..own.end, ""),
        (None, Some(below)) if text[below.clone()].trim().is_empty() => Splice::new(own.start..below.end, ""),
        _ => Splice::new(lines_with_blank(text, inside, &own), ""),
    });
    splices
}

/// An entry that shares a line: it goes with the comma that parted it, and all other ends of lines and comments stay.
fn from_a_line(text: &str, elements: &[Element], index: usize) -> Vec<Splice> {
    let end_of = |element: &Element| element.comma.map_or(element.value.end, |comma| comma + 1);
    let touch = |span: Span| text[span].trim_matches([' ', '\t']).is_empty();
    let element = &elements[index];
    let (start, end) = (element.key.start, end_of(element));
    let before = index.checked_sub(1).map(|before| &elements[before]);
    // The last entry takes the comma before it along, unless it has one of its own.
    let comma = before.filter(|_| index + 1 == elements.len() && element.comma.is_none()).and_then(|it| it.comma);
    if let Some(next) = elements.get(index + 1)
        && touch(end..next.key.start)
    {
        return vec![Splice::new(start..next.key.start, "")];
    }
    if let Some(before) = before.filter(|before| touch(end_of(before)..start)) {
        return vec![Splice::new(comma.unwrap_or(end_of(before))..end, "")];
    }
    let rest = text[end..].trim_start_matches([' ', '\t']);
    let own = if rest.starts_with(['\n', '\r']) {
        Splice::new(text[..start].trim_end_matches([' ', '\t']).len()..end, "")
    } else {
        Splice::new(start..text.len() - rest.len(), "")
    };
    comma.map(|comma| Splice::new(comma..comma + 1, "")).into_iter().chain([own]).collect()
}

/// Whole lines, and the blank lines above them where nothing but the end of the map comes below.
fn lines_with_blank(text: &str, inside: &Span, own: &Span) -> Span {
    let end = text[own.end..].find('\n').map_or(text.len(), |newline| own.end + newline + 1);
    let closes = text[end.min(inside.end)..inside.end].trim().is_empty();
    let above = text[..own.start].trim_end_matches(['\n', '\r', ' ', '\t']);
    let start = if closes { line_end(text, above.len()) } else { own.start };
    if closes && start < own.start { start..own.end } else { line_start(text, own.start).max(start)..end }
}

/// Whether there is a comment in the map outside these lines.
fn has_comment(text: &str, inside: &Span, lines: &Span) -> bool {
    let comment = |kind| matches!(kind, Kind::LineComment | Kind::BlockComment);
    Lexer::new(text, inside.clone())
        .map_while(Result::ok)
        .any(|token| comment(token.kind) && (token.start < lines.start || lines.end < token.end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hcl::{elements, object_inside, splice};

    fn without(text: &str, index: usize) -> String {
        let inside = object_inside(text, &(0..text.len())).expect("an object");
        let elements = elements(text, inside.clone()).expect("entries");
        splice(text, &taken_out(text, &inside, &elements, index))
    }

    #[test]
    fn takes_comma_comment_and_gap() {
        let text = "{\n  # of a\n  a = 1,\n\n  b = 2\n}";
        assert_eq!(without(text, 0), "{\n  b = 2\n}");
        assert_eq!(without(text, 1), "{\n  # of a\n  a = 1\n}");
        assert_eq!(without("{\n  a = 1,\n  b = 2,\n}", 1), "{\n  a = 1,\n}");
        assert_eq!(without("{\n  a = 1\n\n  # apart\n\n  b = 2\n}", 1), "{\n  a = 1\n\n  # apart\n}");
        assert_eq!(
            without("{\n  a = 1\n\n  # apart\n\n  b = 2\n\n  c = 3\n}", 1),
            "{\n  a = 1\n\n  # apart\n\n  c = 3\n}"
        );
        assert_eq!(without("{\n\n  a = 1\n\n  b = 2\n}", 0), "{\n\n  b = 2\n}");
    }

    #[test]
    fn closes_what_gets_empty() {
        assert_eq!(without("{\n  # of a\n  a = {\n  }\n}", 0), "{}");
        assert_eq!(without("{\n  # of the map\n\n  a = 1\n}", 0), "{\n  # of the map\n}");
        assert_eq!(without("{ a = 1, b = 2 }", 0), "{ b = 2 }");
        assert_eq!(without("{ a = 1, b = 2 }", 1), "{ a = 1 }");
        assert_eq!(without("{ a = 1 }", 0), "{}");
    }

    #[test]
    fn leaves_what_shares_a_line() {
        let text =
            "{\n  a = 1, b = 2, # of both\n  # more\n  c = 3, /* of d */ d = 4,\n  # of e\n  e = {\n  }, f = 5\n}";
        let rest = "\n  # more\n  c = 3, /* of d */ d = 4,\n  # of e\n  e = {\n  }, f = 5\n}";
        assert_eq!(without(text, 0), format!("{{\n  b = 2, # of both{rest}"));
        assert_eq!(without(text, 1), format!("{{\n  a = 1, # of both{rest}"));
        assert_eq!(without(text, 2), text.replace("c = 3, ", ""));
        assert_eq!(without(text, 3), text.replace(" d = 4,", ""));
        assert_eq!(without(text, 4), text.replace("e = {\n  }, ", ""));
        assert_eq!(without(text, 5), text.replace(", f = 5", ""));
        assert_eq!(without("{ a = 1,\n  # of b\n  b = 2 }", 0), "{\n  # of b\n  b = 2 }");
        assert_eq!(without("{ a = 1, # of a\n  b = 2 }", 1), "{ a = 1 # of a\n  }");
        assert_eq!(without("{ a = 1,\n  # of b\n  b = 2,\n  c = 3 }", 1), "{ a = 1,\n  c = 3 }");
    }
}
