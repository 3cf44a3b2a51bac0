//! The name of a pipeline's tag, and names that are like another one.

use super::super::Namespace;
use super::super::image::{CommitScheme, is_commit};
use super::super::nearest::distance;

/// The most characters of a tag (Docker Registry HTTP API V2, "Tags").
pub const LONGEST_TAG: usize = 128;

/// Why a namespace cannot give a pipeline's tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// The pipeline's tag would be the one that images are taken from.
    #[error("'{tag}' is the tag that images are taken from; it cannot name a pipeline")]
    IsSource {
        /// The pipeline's tag.
        tag: String,
    },
    /// The pipeline's tag would look like the tag of a build.
    #[error("'{tag}' looks like the tag of a commit; it cannot name a pipeline")]
    LooksLikeCommit {
        /// The pipeline's tag.
        tag: String,
    },
    /// A registry would refuse it.
    #[error("'{tag}' is no tag that a registry accepts: letters, digits, '_', '.' and '-', at most 128")]
    Malformed {
        /// The pipeline's tag.
        tag: String,
    },
}

/// The tag of a pipeline: `pattern` (`{namespace}` or `env.{namespace}`) filled in. Refused when it could be confused
/// with one of the `sources` or with the tag of a commit, since creating it would then mean something else.
pub fn pipeline_tag(
    pattern: &str,
    namespace: &Namespace,
    sources: &[&str],
    scheme: &CommitScheme,
) -> Result<String, TagError> {
    let tag = pattern.replace("{namespace}", namespace.as_str());
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if tag.len() > LONGEST_TAG || !tag.chars().all(allowed) || tag.starts_with(['.', '-']) {
        return Err(TagError::Malformed { tag });
    }
    if sources.iter().any(|source| *source == tag || *source == namespace.as_str()) {
        return Err(TagError::IsSource { tag });
    }
    let looks_like_commit = |text: &str| scheme.commit_in(text).is_some() || (text.len() == 40 && is_commit(text));
    if looks_like_commit(&tag) || looks_like_commit(namespace.as_str()) {
        return Err(TagError::LooksLikeCommit { tag });
    }
    Ok(tag)
}

/// The `count` names that look most like `asked`, the most alike first: those that begin alike, then those that fewer
/// changes of a character tell apart.
pub fn similar<'name>(asked: &str, names: impl IntoIterator<Item = &'name str>, count: usize) -> Vec<String> {
    let mut names: Vec<_> = names
        .into_iter()
        .map(|name| {
            let begins_alike = name.starts_with(asked) || asked.starts_with(name);
            (!begins_alike, distance(asked, name), name)
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().take(count).map(|(_, _, name)| name.to_owned()).collect()
}
