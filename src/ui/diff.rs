//! Diffs of files, short and coloured.

use similar::TextDiff;

use super::paint;

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// A unified diff of one file.
///
/// Only what lies between the common beginning and the common end is compared, so the cost follows the change and not
/// the file.
pub fn unified(path: &str, before: &str, after: &str) -> String {
    let start = lines_back(before, common_prefix(before, after), CONTEXT);
    let (before_rest, after_rest) = (&before[start..], &after[start..]);
    let same = common_suffix(before_rest, after_rest);
    let before_part = &before_rest[..lines_forward(before_rest, before_rest.len() - same, CONTEXT)];
    let after_part = &after_rest[..lines_forward(after_rest, after_rest.len() - same, CONTEXT)];
    let skipped = before[..start].bytes().filter(|byte| *byte == b'\n').count();

    let diff = TextDiff::from_lines(before_part, after_part);
    let mut text = paint::strong(&format!("--- {path}\n+++ {path}"));
    text.push('\n');
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        for (index, line) in hunk.to_string().split_inclusive('\n').enumerate() {
            let line = line.trim_end_matches(['\n', '\r']);
            let painted = match line.chars().next() {
                _ if index == 0 => paint::place(&shifted(line, skipped)),
                Some('+') => paint::good(line),
                Some('-') => paint::bad(line),
                _ => line.to_owned(),
            };
            text.push_str(&painted);
            text.push('\n');
        }
    }
    text
}

/// Adds the lines that were skipped to the numbers of a hunk's header `@@ -1,3 +1,9 @@`.
fn shifted(header: &str, skipped: usize) -> String {
    let moved = |part: &str| {
        let (sign, numbers) = part.split_at(1);
        let (line, rest) = numbers.split_once(',').map_or((numbers, String::new()), |(l, r)| (l, format!(",{r}")));
        match line.parse::<usize>() {
            Ok(line) => format!("{sign}{}{rest}", line + skipped),
            Err(_) => part.to_owned(),
        }
    };
    let words = header.split(' ').map(|word| if word.starts_with(['-', '+']) { moved(word) } else { word.to_owned() });
    words.collect::<Vec<_>>().join(" ")
}

/// Slices are compared much faster than their bytes one by one.
const CHUNK: usize = 4096;

fn common_prefix(ours: &str, theirs: &str) -> usize {
    let (ours, theirs) = (ours.as_bytes(), theirs.as_bytes());
    let chunks = ours.chunks_exact(CHUNK).zip(theirs.chunks_exact(CHUNK)).take_while(|(a, b)| a == b).count();
    let (ours, theirs) = (&ours[chunks * CHUNK..], &theirs[chunks * CHUNK..]);
    chunks * CHUNK + ours.iter().zip(theirs).take_while(|(a, b)| a == b).count()
}

fn common_suffix(ours: &str, theirs: &str) -> usize {
    let (ours, theirs) = (ours.as_bytes(), theirs.as_bytes());
    let chunks = ours.rchunks_exact(CHUNK).zip(theirs.rchunks_exact(CHUNK)).take_while(|(a, b)| a == b).count();
    let (ours, theirs) = (&ours[..ours.len() - chunks * CHUNK], &theirs[..theirs.len() - chunks * CHUNK]);
    chunks * CHUNK + ours.iter().rev().zip(theirs.iter().rev()).take_while(|(a, b)| a == b).count()
}

/// The beginning of the line `lines` before the one that `offset` is in.
fn lines_back(text: &str, offset: usize, lines: usize) -> usize {
    text.as_bytes()[..offset]
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, byte)| **byte == b'\n')
        .nth(lines)
        .map_or(0, |(newline, _)| newline + 1)
}

/// The end of the line `lines` after the one that `offset` is in.
fn lines_forward(text: &str, offset: usize, lines: usize) -> usize {
    text.as_bytes()[offset..]
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .nth(lines)
        .map_or(text.len(), |(newline, _)| offset + newline + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(before: &str, after: &str) -> String {
        anstream::adapter::strip_str(&unified("main.tf", before, after)).to_string()
    }

    #[test]
    fn shows_the_change_with_its_place_in_the_whole_file() {
        let before: String = (1..=20).map(|line| format!("line {line}\n")).collect();
        let after = before.replace("line 12\n", "line 12\nnew\n");
        let text = plain(&before, &after);
        assert_eq!(
            text,
            "--- main.tf\n+++ main.tf\n@@ -10,6 +10,7 @@\n line 10\n line 11\n line 12\n+new\n line 13\n line 14\n line 15\n"
        );
    }

    #[test]
    fn shows_a_file_without_a_final_newline() {
        let text = plain("a\nb", "a\nb\nc\n");
        assert!(text.contains("-b\n") && text.contains("+c\n"), "{text}");
    }

    #[test]
    fn finds_the_change_in_a_big_file() {
        let line = |number: usize| format!("line {number} of the file\n");
        let before: String = (1..5000).map(line).collect();
        let after = before.replace("line 2500 of the file\n", "line 2500 of the file\nnew\n");
        let text = plain(&before, &after);
        assert_eq!(text.lines().filter(|line| line.starts_with(['+', '-'])).count(), 3, "{text}");
        assert!(text.contains("@@ -2498,6 +2498,7 @@"), "{text}");
    }

    #[test]
    fn does_not_cut_a_character() {
        let text = plain("é\n", "è\n");
        assert!(text.contains("-é") && text.contains("+è"), "{text}");
    }
}
