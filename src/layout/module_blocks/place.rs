//! Where a block begins and ends with what belongs to it, and where a new one goes.

use crate::hcl::{Item, Kind, Lexer, Span, Splice, label_text, line_end, line_start, newline_of};

/// The lines of the item `index`: with the comments that touch it, without the end of its last line.
pub(super) fn extent(text: &str, items: &[Item], index: usize) -> Span {
    let span = items[index].span();
    let floor = match index.checked_sub(1) {
        Some(before) => (end_of(text, &items[before]) + 1).min(span.start),
        None => {
            if text.starts_with('\u{feff}') {
                3
            } else {
                0
            }
        }
    };
    let start = line_start(text, span.start).max(floor);
    start_of_comments(text, floor, start)..end_of(text, &items[index])
}

/// The last of the outputs that follow the item `index` and name its module: they belong to it.
pub(super) fn last_of(text: &str, items: &[Item], index: usize) -> usize {
    let Item::Block(module) = &items[index] else { return index };
    let Some(label) = module.labels.first() else { return index };
    let name = format!("module.{}", label_text(text, label));
    let names_it = |text: &str| {
        text.match_indices(&name).any(|(at, _)| {
            let next = text[at + name.len()..].chars().next();
            !next.is_some_and(|next| next.is_alphanumeric() || matches!(next, '_' | '-'))
        })
    };
    let is_own = |item: &&Item| match item {
        Item::Block(block) => &text[block.kind.clone()] == "output" && names_it(&text[block.body.clone()]),
        Item::Attribute(_) => false,
    };
    index + items[index + 1..].iter().take_while(is_own).count()
}

/// The end of the last line of an item: of the comments, too, that begin on it.
fn end_of(text: &str, item: &Item) -> usize {
    let end = item.span().end;
    let comments = Lexer::new(text, end..text.len())
        .map_while(Result::ok)
        .take_while(|token| matches!(token.kind, Kind::LineComment | Kind::BlockComment));
    line_end(text, comments.last().map_or(end, |comment| comment.end))
}

/// Where the comments begin that stand directly above `start`. A licence at the top of the file is not among them.
fn start_of_comments(text: &str, floor: usize, start: usize) -> usize {
    let mut first = start;
    while first > floor {
        let above = line_start(text, first - 1).max(floor);
        let line = text[above..first].trim();
        if line.starts_with('#') || line.starts_with("//") {
            first = above;
        } else if line.ends_with("*/")
            && let Some(open) = text[floor..first].rfind("/*")
            && text[line_start(text, floor + open).max(floor)..floor + open].trim().is_empty()
            && !text[floor + open + 2..first].trim_start().starts_with("module \"")
        {
            first = line_start(text, floor + open).max(floor);
        } else {
            break;
        }
    }
    let comments = text[first..start].to_lowercase();
    let is_licence = ["copyright", "spdx-", "license", "licence"].iter().any(|word| comments.contains(word));
    if first == floor && text[..floor].trim_start_matches('\u{feff}').is_empty() && is_licence {
        return start;
    }
    first + end_of_former(&text[first..start])
}

/// Where a module block ends that someone made a comment of: it is no comment of the block below it.
pub(super) fn end_of_former(comments: &str) -> usize {
    let mut end = 0;
    let mut closing = None;
    let mut offset = 0;
    for line in comments.split_inclusive('\n') {
        offset += line.len();
        let code = line.trim_start().trim_start_matches(['#', '/']).trim_start();
        if code.starts_with("module \"") && code.len() < line.trim_start().len() {
            let is_one_line = code.trim_end().ends_with('}');
            closing = (!is_one_line).then(|| format!("{}}}", &line[..line.len() - code.len()]));
            // Until its brace is found, all that follows is taken for its body.
            end = if is_one_line { offset } else { comments.len() };
        } else if closing.as_ref().is_some_and(|closing| line.starts_with(closing)) {
            closing = None;
            end = offset;
        }
    }
    end
}

/// Puts `block` below what ends at `end`, with `between` between them.
pub(super) fn below(end: usize, block: &str, between: &str) -> Splice {
    Splice::new(end..end, format!("{between}{block}"))
}

/// Puts `block` above what begins at `start`, with `blank` blank lines between them.
pub(super) fn above(text: &str, start: usize, block: &str, blank: usize) -> Splice {
    let newline = newline_of(text);
    Splice::new(start..start, format!("{block}{}", newline.repeat(blank + 1)))
}

/// Puts `block` at the end of the file, whose last line ends, or does not, as before.
pub(super) fn at_end(text: &str, block: &str) -> Splice {
    let end = text.trim_end().len();
    let is_empty = text[..end].trim_start_matches('\u{feff}').is_empty();
    if is_empty || text[end..].matches('\n').count() > 1 {
        return Splice::new(text.len()..text.len(), format!("{block}{}", newline_of(text)));
    }
    below(end, block, &newline_of(text).repeat(2))
}

/// The last two siblings (by their place in `items`) that follow one another: the second, and what parts them.
pub(super) fn last_gap(text: &str, items: &[Item], siblings: &[usize]) -> Option<(usize, Span)> {
    let follow = |pair: &&[usize]| pair[1] == last_of(text, items, pair[0]) + 1;
    let pair = siblings.windows(2).rev().find(follow)?;
    let gap = end_of(text, &items[pair[1] - 1])..extent(text, items, pair[1]).start;
    (gap.start < gap.end).then_some((pair[1], gap))
}

/// The comment that heads the item `index`, set apart from it by blank lines, with these.
pub(super) fn heading_above(text: &str, items: &[Item], index: usize) -> Option<Span> {
    let end = extent(text, items, index).start;
    let floor = index.checked_sub(1).map_or(0, |before| (end_of(text, &items[before]) + 1).min(end));
    let comment = floor + text[floor..end].trim_end().len();
    let mut start = line_start(text, comment);
    while start > floor && is_comment_line(&text[line_start(text, start - 1)..start]) {
        start = line_start(text, start - 1);
    }
    (comment > floor && is_comment_line(&text[start..comment])).then_some(start..end)
}

fn is_comment_line(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}').trim_start();
    line.starts_with('#') || line.starts_with("//")
}

/// How many blank lines part the siblings (by their place in `items`): those between the last two that follow one
/// another, else those around the only one, else one.
pub(super) fn blank_lines(text: &str, items: &[Item], siblings: &[usize]) -> usize {
    let between = |first: usize| {
        let end = end_of(text, &items[first]);
        let start = extent(text, items, first + 1).start;
        let gap = text.get(end..start)?;
        gap.trim().is_empty().then(|| gap.matches('\n').count().saturating_sub(1))
    };
    let pair = siblings.windows(2).rev().filter(|pair| pair[1] == pair[0] + 1).find_map(|pair| between(pair[0]));
    let around = || {
        let last = *siblings.last()?;
        let above = last.checked_sub(1).and_then(between);
        above.or_else(|| if last + 1 < items.len() { between(last) } else { None })
    };
    pair.or_else(around).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hcl::items;

    #[test]
    fn takes_the_comments_that_touch() {
        let text =
            "# Copyright x\nmodule \"a\" {}\n# apart\n\n# one\n// two\n/* three\n   four */\nmodule \"b\" {} # five\n";
        let items = items(text).expect("HCL");
        assert_eq!(&text[extent(text, &items, 0)], "module \"a\" {}");
        assert_eq!(&text[extent(text, &items, 1)], "# one\n// two\n/* three\n   four */\nmodule \"b\" {} # five");
    }

    #[test]
    fn ends_where_the_comments_end_that_begin_on_its_last_line() {
        let text = "module \"a\" {} /* one\n two */ /* three */ # four\n# five\nmodule \"b\" {}\n";
        let items = items(text).expect("HCL");
        assert_eq!(&text[extent(text, &items, 0)], "module \"a\" {} /* one\n two */ /* three */ # four");
        assert_eq!(&text[extent(text, &items, 1)], "# five\nmodule \"b\" {}");
    }

    #[test]
    fn leaves_what_is_no_comment_of_the_block() {
        let of_block = |above: &str| {
            let text = format!("{above}module \"b\" {{}}\n");
            let items = items(&text).expect("HCL");
            text[extent(&text, &items, items.len() - 1)].to_owned()
        };
        let alone = "module \"b\" {}";
        assert_eq!(of_block("# Licensed under MIT\n"), alone);
        assert_eq!(of_block("locals {}\n# The licence server\n"), format!("# The licence server\n{alone}"));
        assert_eq!(of_block("# x\n# module \"a\" {\n#   b {\n#   }\n# }\n"), alone);
        assert_eq!(of_block("// module \"a\" {\n//   b = 1\n// }\n// own\n"), format!("// own\n{alone}"));
        assert_eq!(of_block("#module \"a\" { b = 1 }\n# own\n"), format!("# own\n{alone}"));
        assert_eq!(of_block("# module \"a\" {\n#   b = 1\n"), alone);
        assert_eq!(of_block("/* module \"a\" {\n  b = 1\n} */\n"), alone);
        assert_eq!(of_block("/* module a */\n"), format!("/* module a */\n{alone}"));
        assert_eq!(of_block("# the module \"a\" {\n"), format!("# the module \"a\" {{\n{alone}"));
    }

    #[test]
    fn counts_blank_lines() {
        let text = "locals {}\n\n\n\nmodule \"a\" {}\nmodule \"b\" {}\n\n# x\n\nmodule \"c\" {}\n";
        let items = items(text).expect("HCL");
        assert_eq!(blank_lines(text, &items, &[1, 2]), 0);
        assert_eq!(blank_lines(text, &items, &[1]), 3);
        assert_eq!(blank_lines(text, &items, &[3]), 1);
        assert_eq!(blank_lines(text, &items, &[]), 1);
    }
}
