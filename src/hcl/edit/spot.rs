//! Where something new goes.

use super::super::{
    Anchor, Around, Change, EditError, Kind, Lexer, Mark, Path, Segment, Span, items, line_end, line_start,
};
use super::container::{Container, Member, Shape, key_text};
use super::walk::{Walk, descend};

/// Inputs of a module that have a meaning of their own and stand last ("Module Blocks" in Terraform's documentation).
const STAND_LAST: [&str; 2] = ["depends_on", "providers"];

/// Inputs that stand first, often apart from the rest, and what stands with them.
const STAND_FIRST: [&str; 4] = ["source", "version", "count", "for_each"];

/// Beside which member, and whether a blank line is between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    After {
        member: usize,
        apart: bool,
    },
    /// `below_comment`: the comment above the member is about the newcomer, too.
    Before {
        member: usize,
        apart: bool,
        below_comment: bool,
    },
    First,
}

/// What is to be added to the members of a container.
pub(super) struct Newcomer<'a> {
    /// Whether a text, a key or an item, is that of the newcomer.
    pub is_it: &'a dyn Fn(&str) -> bool,
    pub multi_line: bool,
    /// An entry of `required_providers`, which stand close.
    pub is_provider: bool,
    pub anchor: Option<&'a Anchor>,
    pub path: &'a Path,
}

/// Members of one container, and which of them follow one another without a blank line.
struct Ranks<'a> {
    text: &'a str,
    shape: Shape,
    members: &'a [Member],
}

impl Ranks<'_> {
    /// What the members are told apart by.
    fn name(&self, index: usize) -> &str {
        let member = &self.members[index];
        if self.shape == Shape::List {
            return &self.text[member.value.clone()];
        }
        let key = &self.text[member.key.clone()];
        key_text(key).unwrap_or(key)
    }

    /// Whether a blank line parts the member from the next one.
    fn is_apart(&self, index: usize) -> bool {
        let gap = &self.text[self.members[index].span().end..self.members[index + 1].span().start];
        let lines: Vec<&str> = gap.split('\n').collect();
        // The first is the rest of the member's line, the last the beginning of the next one's.
        lines.get(1..lines.len() - 1).is_some_and(|between| between.iter().any(|line| line.trim().is_empty()))
    }

    fn end_of_group(&self, index: usize) -> usize {
        (index..self.members.len() - 1).find(|at| self.is_apart(*at)).unwrap_or(self.members.len() - 1)
    }

    fn start_of_group(&self, index: usize) -> usize {
        (0..index).rev().find(|at| self.is_apart(*at)).map_or(0, |at| at + 1)
    }
}

/// Chooses the spot for the newcomer in the last container of the walk.
pub(super) fn choose(
    text: &str,
    walk: &Walk,
    members: &[Member],
    newcomer: &Newcomer<'_>,
    around: &Around<'_>,
) -> Result<Spot, EditError> {
    let container = walk.last();
    let ranks = Ranks { text, shape: container.shape, members };
    if let Some(anchor) = newcomer.anchor {
        let (Anchor::After(key) | Anchor::Before(key)) = anchor;
        let Some(member) = container.position(text, members, key) else {
            let mark = Box::new(Mark::at(text, container.inside.start));
            return Err(EditError::NoAnchor { path: newcomer.path.to_string(), key: key.clone(), mark });
        };
        let is_fresh = |index: usize| is_fresh(&ranks, index, walk, newcomer, around);
        let apart = newcomer_apart(&ranks, member, newcomer) || own_paragraph(&ranks, member, newcomer, &is_fresh);
        return Ok(match anchor {
            Anchor::After(_) => match (member + 1..members.len()).take_while(|index| is_fresh(*index)).last() {
                Some(fresh) => Spot::After { member: fresh, apart: newcomer_apart(&ranks, fresh, newcomer) },
                None => Spot::After { member, apart },
            },
            Anchor::Before(_) => {
                if let Some(fresh) = member.checked_sub(1).filter(|above| is_fresh(*above)) {
                    Spot::After { member: fresh, apart: newcomer_apart(&ranks, fresh, newcomer) }
                } else {
                    let (below_comment, own) = comment_of(&ranks, member);
                    let apart = apart || (own && container.shape == Shape::Body);
                    Spot::Before { member, apart, below_comment: below_comment && !apart }
                }
            }
        });
    }
    if members.is_empty() {
        return Ok(Spot::First);
    }
    let is_fresh = |index: usize| is_fresh(&ranks, index, walk, newcomer, around);
    if (0..members.len()).all(is_fresh) {
        // All of it was made by this command: in the order in which it was given.
        return Ok(last(&ranks, newcomer, &is_fresh));
    }
    Ok(as_siblings(text, walk, &ranks, newcomer, around).unwrap_or_else(|| last(&ranks, newcomer, &is_fresh)))
}

/// Whether the same command has just added the member.
fn is_fresh(ranks: &Ranks<'_>, index: usize, walk: &Walk, newcomer: &Newcomer<'_>, around: &Around<'_>) -> bool {
    let way = &newcomer.path.segments()[..walk.depths[walk.depths.len() - 1]];
    let name = ranks.name(index);
    around.added.iter().any(|change| match change {
        Change::AddItem { path, value, .. } => {
            ranks.shape == Shape::List && path.segments() == way && super::same::same_tokens(value.as_str(), name)
        }
        change => match change.path().segments().strip_prefix(way).and_then(<[Segment]>::first) {
            Some(Segment::Name { name: key, .. } | Segment::Key(key)) => key == name,
            _ => false,
        },
    })
}

/// Whether the newcomer of one line is set apart from the member because that stands alone between blank lines, as
/// another one does in the same block; or because it says where a module comes from.
fn own_paragraph(ranks: &Ranks<'_>, member: usize, newcomer: &Newcomer<'_>, is_fresh: &dyn Fn(usize) -> bool) -> bool {
    let stands_alone = |index: usize| {
        let is_one_line = ranks.members[index].block.is_none() && !ranks.members[index].is_multi_line(ranks.text);
        is_one_line && ranks.start_of_group(index) == index && ranks.end_of_group(index) == index
    };
    let stands_first = |name: &str| ranks.shape == Shape::Body && STAND_FIRST.contains(&name);
    if ranks.shape == Shape::List || ranks.members.len() < 2 || newcomer.multi_line || !stands_alone(member) {
        return false;
    }
    if is_fresh(member) || STAND_FIRST.iter().any(|first| (newcomer.is_it)(first)) {
        return false;
    }
    let stands_apart = |name: &str| stands_first(name) || (ranks.shape == Shape::Body && STAND_LAST.contains(&name));
    let is_other = |index: &usize| *index != member && !stands_apart(ranks.name(*index)) && !is_fresh(*index);
    stands_first(ranks.name(member)) || (0..ranks.members.len()).filter(is_other).any(stands_alone)
}

/// The spot that the newcomer has among the siblings of its container.
fn as_siblings(
    text: &str,
    walk: &Walk,
    ranks: &Ranks<'_>,
    newcomer: &Newcomer<'_>,
    around: &Around<'_>,
) -> Option<Spot> {
    let is_list = ranks.shape == Shape::List;
    let depth = walk.depths[walk.depths.len() - 1];
    let steps = &newcomer.path.segments()[..depth];
    for lines in around.siblings {
        let Some(block) = items(lines).ok().and_then(|items| match items.into_iter().next() {
            Some(super::super::Item::Block(block)) => Some(block),
            _ => None,
        }) else {
            continue;
        };
        let sibling = descend(lines, &Container::of(&block), steps, is_list, around);
        if let Some(spot) = sibling.and_then(|sibling| as_sibling(lines, &sibling, ranks, newcomer)) {
            return Some(spot);
        }
    }
    // Entries of the same map, at any step of the way.
    for (parent, depth) in walk.containers.iter().zip(&walk.depths).rev().skip(1) {
        let Ok(others) = parent.members(text) else { continue };
        let Some((own, taken)) = parent.find(text, &steps[*depth..], around).ok().flatten() else { continue };
        let own = others.iter().position(|member| *member == own)?;
        let nearest = others[..own].iter().rev().chain(&others[own + 1..]);
        for other in nearest {
            let rest = &steps[depth + taken..];
            let wants_item = rest.first().map_or(is_list, |next| matches!(next, super::super::Segment::Index(_)));
            let sibling = super::walk::enter(text, other, wants_item)
                .and_then(|entered| descend(text, &entered, rest, is_list, around));
            if let Some(spot) = sibling.and_then(|sibling| as_sibling(text, &sibling, ranks, newcomer)) {
                return Some(spot);
            }
        }
    }
    None
}

fn as_sibling(text: &str, sibling: &Container, here: &Ranks<'_>, newcomer: &Newcomer<'_>) -> Option<Spot> {
    if sibling.shape != here.shape {
        return None;
    }
    let members = sibling.members(text).ok()?;
    let there = Ranks { text, shape: sibling.shape, members: &members };
    let index = (0..members.len()).find(|at| (newcomer.is_it)(there.name(*at)))?;
    let here_at = |at: usize| (0..here.members.len()).find(|own| here.name(*own) == there.name(at));
    // In the same group: beside the nearest that both have.
    let group = there.start_of_group(index)..there.end_of_group(index) + 1;
    let above = (group.start..index).rev().find_map(here_at);
    let below = (index + 1..group.end).find_map(here_at);
    if let Some(member) = above {
        return Some(Spot::After { member, apart: false });
    }
    if let Some(member) = below {
        let comment = |ranks: &Ranks<'_>, at: usize| {
            let start = line_start(ranks.text, ranks.members[at].span().start);
            ranks.text[comments_above(ranks.text, 0, start)..start].split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let below_comment = !comment(here, member).is_empty() && comment(&there, index) == comment(here, member);
        let below_comment = below_comment || comment_of(here, member).0;
        return Some(Spot::Before { member, apart: false, below_comment });
    }
    // In a group of its own: below the group above it.
    if let Some(member) = (0..group.start).rev().find_map(here_at) {
        return Some(Spot::After { member: here.end_of_group(member), apart: true });
    }
    let member = (group.end..members.len()).find_map(here_at)?;
    Some(Spot::Before { member: here.start_of_group(member), apart: true, below_comment: false })
}

/// The end of the last group.
fn last(ranks: &Ranks<'_>, newcomer: &Newcomer<'_>, is_fresh: &dyn Fn(usize) -> bool) -> Spot {
    let stands_last = |index: &usize| ranks.shape == Shape::Body && STAND_LAST.contains(&ranks.name(*index));
    let attributes = || (0..ranks.members.len()).rev().filter(|index| ranks.members[*index].block.is_none());
    match attributes().find(|index| !stands_last(index)).or_else(|| attributes().next()) {
        Some(member) => {
            let stands_first = ranks.shape == Shape::Body && STAND_FIRST.contains(&ranks.name(member));
            let own_paragraph = !stands_first && own_paragraph(ranks, member, newcomer, is_fresh);
            Spot::After { member, apart: newcomer_apart(ranks, member, newcomer) || own_paragraph }
        }
        // Attributes stand above nested blocks.
        None => Spot::Before { member: 0, apart: true, below_comment: false },
    }
}

/// Whether the newcomer is set apart from the member: only what has several lines is, and only where such members are.
fn newcomer_apart(ranks: &Ranks<'_>, member: usize, newcomer: &Newcomer<'_>) -> bool {
    let multi_line = |index: usize| ranks.members[index].is_multi_line(ranks.text);
    if !newcomer.multi_line && !multi_line(member) {
        return false;
    }
    // In the middle of a group nothing is set apart.
    let (text, span) = (ranks.text, ranks.members[member].span());
    let splits = match newcomer.anchor {
        Some(Anchor::Before(_)) => !begins_group(text, comments_above(text, 0, line_start(text, span.start))),
        _ => !ends_group(text, after_line(text, span.end)),
    };
    if splits {
        return false;
    }
    let is_evidence = |at: &usize| multi_line(*at) || multi_line(at + 1);
    let pairs = || (0..ranks.members.len().saturating_sub(1)).filter(is_evidence);
    let beside = |at: &usize| *at == member || at + 1 == member;
    let alike = |at: &usize| newcomer.multi_line && multi_line(*at) && multi_line(at + 1);
    match pairs().rev().find(alike).or_else(|| pairs().find(beside)).or_else(|| pairs().next_back()) {
        Some(pair) => ranks.is_apart(pair),
        // Nothing here has several lines: where blank lines part groups, they part it from them, too.
        None if !multi_line(member) => {
            ranks.shape == Shape::Body && (0..ranks.members.len() - 1).any(|at| ranks.is_apart(at))
        }
        None => ranks.shape == Shape::Body && !newcomer.is_provider,
    }
}

/// Whether the comment above the member is about a group that it begins; and whether it is about the member alone, and
/// begins a group.
fn comment_of(ranks: &Ranks<'_>, member: usize) -> (bool, bool) {
    let (text, span) = (ranks.text, ranks.members[member].span());
    let start = line_start(text, span.start);
    let comment = comments_above(text, 0, start);
    if comment == start || !begins_line(text, &span) {
        return (false, false);
    }
    let next = after_line(text, span.end);
    let has_next = member + 1 < ranks.members.len() && !ends_group(text, next);
    let next_has_own = text[next..].trim_start_matches([' ', '\t']).starts_with(['#', '/']);
    let heads_group = has_next && !next_has_own && !ranks.members[member].is_multi_line(text);
    let above = text[..comment].trim_end_matches(['\r', '\n', ' ', '\t']);
    let after_blank = text[above.len()..comment].matches('\n').count() > 1;
    (heads_group, !heads_group && after_blank)
}

/// Where the comments begin whose lines stand directly above `start`, the beginning of a line. Nothing above `floor` counts.
pub(super) fn comments_above(text: &str, floor: usize, start: usize) -> usize {
    let mut first = start;
    while first > floor {
        let above = line_start(text, first - 1);
        let line = text[above..first].trim();
        let begins = if line.starts_with('#') || line.starts_with("//") {
            above
        } else if line.ends_with("*/")
            && let Some(open) = text[..first].rfind("/*")
            && begins_line(text, &(open..open))
        {
            line_start(text, open)
        } else {
            break;
        };
        if begins < floor {
            break;
        }
        first = begins;
    }
    first
}

/// Whether the line at `offset` is blank or closes something: what stands above it ends a group.
pub(super) fn ends_group(text: &str, offset: usize) -> bool {
    let line = text[offset..].lines().next().unwrap_or("").trim();
    line.is_empty() || line.starts_with(['}', ')', ']'])
}

/// Whether the line above `offset`, which begins a line, is blank or opens something.
fn begins_group(text: &str, offset: usize) -> bool {
    let line = text[..offset].trim_end_matches(['\r', '\n']).len();
    let above = text[line_start(text, line)..line].trim();
    text[line..offset].matches('\n').count() != 1 || above.is_empty() || above.ends_with(['{', '[', '('])
}

/// Where the line at `offset` ends: with it the comments that begin on it, though they may go on below.
pub(super) fn end_of_code(text: &str, offset: usize) -> usize {
    let comments = Lexer::new(text, offset..text.len())
        .map_while(Result::ok)
        .take_while(|token| matches!(token.kind, Kind::LineComment | Kind::BlockComment));
    line_end(text, comments.last().map_or(offset, |comment| comment.end))
}

/// Where the line below the one at `offset` begins.
pub(super) fn after_line(text: &str, offset: usize) -> usize {
    let end = end_of_code(text, offset);
    text[end..].find('\n').map_or(text.len(), |newline| end + newline + 1)
}

/// Whether the bytes of `span` begin their line.
pub(super) fn begins_line(text: &str, span: &Span) -> bool {
    let start = line_start(text, span.start);
    text[start..span.start].trim_matches(['\u{feff}', ' ', '\t']).is_empty()
}
