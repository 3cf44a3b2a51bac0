//! Where something new goes.

use super::super::{Anchor, Around, EditError, Kind, Lexer, Path, Span, items, line_end, line_start};
use super::container::{Container, Member, Shape, key_text};
use super::walk::{Walk, descend};

/// Inputs of a module that have a meaning of their own and stand last ("Module Blocks" in Terraform's documentation).
const STAND_LAST: [&str; 2] = ["depends_on", "providers"];

/// Beside which member, and whether a blank line is between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    After { member: usize, apart: bool },
    Before { member: usize, apart: bool },
    First,
}

/// What is to be added to the members of a container.
pub(super) struct Newcomer<'a> {
    /// Whether a text, a key or an item, is that of the newcomer.
    pub is_it: &'a dyn Fn(&str) -> bool,
    pub multi_line: bool,
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
            return Err(EditError::NoAnchor { path: newcomer.path.to_string(), key: key.clone() });
        };
        return Ok(match anchor {
            Anchor::After(_) => Spot::After { member, apart: newcomer_apart(&ranks, member, newcomer) },
            Anchor::Before(_) => Spot::Before { member, apart: newcomer_apart(&ranks, member, newcomer) },
        });
    }
    if members.is_empty() {
        return Ok(Spot::First);
    }
    Ok(as_siblings(text, walk, &ranks, newcomer, around).unwrap_or_else(|| last(&ranks, newcomer)))
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
        return Some(Spot::Before { member, apart: false });
    }
    // In a group of its own: below the group above it.
    if let Some(member) = (0..group.start).rev().find_map(here_at) {
        return Some(Spot::After { member: here.end_of_group(member), apart: true });
    }
    let member = (group.end..members.len()).find_map(here_at)?;
    Some(Spot::Before { member: here.start_of_group(member), apart: true })
}

/// The end of the last group.
fn last(ranks: &Ranks<'_>, newcomer: &Newcomer<'_>) -> Spot {
    let stands_last = |index: &usize| ranks.shape == Shape::Body && STAND_LAST.contains(&ranks.name(*index));
    let attributes = || (0..ranks.members.len()).rev().filter(|index| ranks.members[*index].block.is_none());
    match attributes().find(|index| !stands_last(index)).or_else(|| attributes().next()) {
        Some(member) => Spot::After { member, apart: newcomer_apart(ranks, member, newcomer) },
        // Attributes stand above nested blocks.
        None => Spot::Before { member: 0, apart: true },
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
        None => ranks.shape == Shape::Body && multi_line(member),
    }
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
