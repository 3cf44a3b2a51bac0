//! The way along a path.

use super::super::evaluate::shortened;
use super::super::{Around, Block, EditError, Item, Mark, Path, Segment, Span, items, list_inside, object_inside};
use super::container::{Container, Member, Shape};
use super::expression::is_literal;

/// How far a path leads.
#[derive(Debug)]
pub(super) struct Walk {
    /// What was entered, from the block's body on.
    pub containers: Vec<Container>,
    /// How many steps of the path lead into each of them.
    pub depths: Vec<usize>,
    pub found: Found,
}

/// What a path leads to.
#[derive(Debug)]
pub(super) enum Found {
    Member(Member),
    /// The step with this number is not there.
    Nothing {
        depth: usize,
    },
}

impl Walk {
    /// What the path's last step that is there leads into.
    pub fn last(&self) -> &Container {
        // The body of the block is always there.
        &self.containers[self.containers.len() - 1]
    }

    /// The outermost container on the way that stands on one line and can be opened up.
    pub fn one_line(&self, text: &str) -> Option<&Container> {
        let mut one_line = self.containers.iter().skip_while(|container| !container.is_one_line(text)).peekable();
        let first = *one_line.peek()?;
        one_line.all(|container| container.can_open(text)).then_some(first)
    }
}

/// Goes along the path as far as it is there.
pub(super) fn walk(text: &str, path: &Path, around: &Around<'_>) -> Result<Walk, EditError> {
    let segments = path.segments();
    if segments.is_empty() {
        return Err(EditError::WholeBlock);
    }
    let mut container = Container::of(&only_block(text)?);
    let (mut containers, mut depths) = (Vec::new(), Vec::new());
    let mut depth = 0;
    loop {
        containers.push(container.clone());
        depths.push(depth);
        let Some((member, steps)) = container.find(text, &segments[depth..], around)? else {
            return Ok(Walk { containers, depths, found: Found::Nothing { depth } });
        };
        let next = depth + steps;
        if next == segments.len() {
            return Ok(Walk { containers, depths, found: Found::Member(member) });
        }
        container = inside(text, path, next, &member)?;
        depth = next;
    }
}

/// What the member at the step before `next` holds.
fn inside(text: &str, path: &Path, next: usize, member: &Member) -> Result<Container, EditError> {
    let wants_item = matches!(path.segments()[next], Segment::Index(_));
    if let Some(container) = enter(text, member, wants_item) {
        return Ok(container);
    }
    let rest = Path::of(path.segments()[next..].to_vec());
    let at = path.start(next);
    let wanted = if wants_item { "a list" } else { "an object" };
    Err(refusal(text, path, at, &member.value, wanted, &rest))
}

/// The error about a value that cannot be gone into, or not be replaced.
pub(super) fn refusal(
    text: &str,
    path: &Path,
    at: String,
    value: &Span,
    wanted: &'static str,
    rest: &Path,
) -> EditError {
    let mark = Box::new(Mark::at(text, value.start));
    let present = &text[value.clone()];
    let (path, found) = (path.to_string(), shortened(present));
    if is_literal(present) {
        return EditError::NotA { path, at, mark, found, wanted };
    }
    EditError::Expression { path, at, mark, expression: found, local: local(present).map(|local| local.join(rest)) }
}

/// The way to what `expression` means from a `locals` block, when it is just a local, or a part of one.
fn local(expression: &str) -> Option<Path> {
    let inside = expression.strip_prefix("\"${").and_then(|rest| rest.strip_suffix("}\"")).unwrap_or(expression).trim();
    let path: Path = inside.strip_prefix("local.")?.parse().ok()?;
    let is_plain = |segment: &Segment| !matches!(segment, Segment::Name { number: Some(_), .. });
    path.segments().iter().all(is_plain).then_some(path)
}

/// What a member holds, if it holds members.
pub(super) fn enter(text: &str, member: &Member, wants_item: bool) -> Option<Container> {
    if let Some(block) = &member.block {
        return (!wants_item).then(|| Container::of(block));
    }
    if wants_item {
        return list_inside(text, &member.value).map(|inside| Container::new(Shape::List, inside));
    }
    object_inside(text, &member.value).map(|inside| Container::new(Shape::Object, inside))
}

/// Goes on from `container`; `None` where the steps lead nowhere, or to what has no members of the wanted sort.
pub(super) fn descend(
    text: &str,
    container: &Container,
    segments: &[Segment],
    wants_item: bool,
    around: &Around<'_>,
) -> Option<Container> {
    let mut container = container.clone();
    let mut depth = 0;
    while depth < segments.len() {
        let (member, steps) = container.find(text, &segments[depth..], around).ok()??;
        depth += steps;
        let item = segments.get(depth).map_or(wants_item, |next| matches!(next, Segment::Index(_)));
        container = enter(text, &member, item)?;
    }
    Some(container)
}

pub(super) fn only_block(text: &str) -> Result<Block, EditError> {
    let items = items(text)?;
    let found = items.len();
    match items.into_iter().next() {
        Some(Item::Block(block)) if found == 1 => Ok(block),
        _ => Err(EditError::NotOneBlock { found }),
    }
}
