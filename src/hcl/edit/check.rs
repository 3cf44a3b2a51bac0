//! What an edit made is looked at once more.

use hcl_edit::parser::parse_body;

use super::super::{Around, Change, EditError, Path, Value};
use super::container::{Container, Member};
use super::expression::is_parsed;
use super::list;
use super::same::same_tokens;
use super::walk::{Found, walk};

/// The edit says what was meant, and what could be read before can be read still.
pub(super) fn check(before: &str, after: &str, change: &Change, around: &Around<'_>) -> Result<(), EditError> {
    if before == after {
        return Ok(());
    }
    let wrong = |what: String| EditError::Check { what };
    let is_right = match change {
        Change::Set { path, value, .. } => {
            let walked = walk(after, path, around).map_err(|error| wrong(error.to_string()))?;
            matches!(&walked.found, Found::Member(member) if same_tokens(&after[member.value.clone()], value.as_str()))
        }
        Change::AddItem { path, value, .. } => has_item(after, path, value, around)? == Some(true),
        Change::RemoveItem { path, value } => has_item(after, path, value, around)? == Some(false),
        Change::CommentOut { path, item: Some(value) } => has_item(after, path, value, around)? == Some(false),
        Change::Uncomment { path, item: Some(value) } => has_item(after, path, value, around)? == Some(true),
        Change::Uncomment { path, item: None } => {
            let walked = walk(after, path, around).map_err(|error| wrong(error.to_string()))?;
            matches!(&walked.found, Found::Member(_))
        }
        // Where a block or an item was, the next one has moved up.
        Change::Unset { path } | Change::CommentOut { path, item: None } => match walk(after, path, around) {
            Ok(walked) => match &walked.found {
                Found::Member(member) => member.block.is_some() || member.key.is_empty(),
                Found::Nothing { .. } => true,
            },
            Err(error) => return Err(wrong(error.to_string())),
        },
    };
    if !is_right {
        return Err(wrong(format!("'{}' is not what was asked for", change.path())));
    }
    // A comment may hold a value that Terraform accepts and hcl-rs does not; it was looked at when it was found.
    let is_excused = |member: &Member| match &member.block {
        Some(block) => parse_body(&after[Container::of(block).inside]).is_err(),
        None => !is_parsed(&after[member.value.clone()]),
    };
    if let Change::Uncomment { path, item: None } = change
        && let Ok(walked) = walk(after, path, around)
        && matches!(&walked.found, Found::Member(member) if is_excused(member))
    {
        return Ok(());
    }
    match parse_body(after) {
        Err(error) if parse_body(before).is_ok() => Err(wrong(error.to_string())),
        _ => Ok(()),
    }
}

/// Whether the list has the item; `None` where there is no list.
pub(super) fn has_item(text: &str, path: &Path, value: &Value, around: &Around<'_>) -> Result<Option<bool>, EditError> {
    let wrong = |error: EditError| EditError::Check { what: error.to_string() };
    let Some(walked) = list::walk_into(text, path, around).map_err(wrong)? else { return Ok(None) };
    let items = walked.last().members(text).map_err(wrong)?;
    Ok(Some(items.iter().any(|item| same_tokens(&text[item.value.clone()], value.as_str()))))
}
