//! The pipeline's tags: shown, taken away, told.

use schemars::JsonSchema;
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::operations::retire::{Removal, StandingTag, TagFate, remove_tags};
use crate::pipeline::image::CommitScheme;
use crate::releases::{Permit, ServiceRecord};
use crate::terraform::Interrupts;
use crate::ui::{counted, paint, table};

/// A tag in a report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RetiredTag {
    /// The repository.
    pub repository: String,
    /// The services whose images it has.
    pub services: Vec<String>,
    /// The image that the tag named; none where there was no tag.
    pub digest: Option<String>,
    /// The other tags of that image.
    pub other_tags: Vec<String>,
    /// What became of the tag, or would, where nothing was changed.
    pub fate: Fate,
}

/// What becomes of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// There is none.
    Absent,
    /// It is taken away; the image stays.
    Removed,
    /// It is taken away, and its image deleted.
    ImageDeleted,
    /// It stays: it is the image's only tag.
    OnlyTag,
    /// It stays: it names another image by now.
    Moved,
    /// It could not be taken away.
    Failed,
}

impl From<TagFate> for Fate {
    fn from(fate: TagFate) -> Self {
        match fate {
            TagFate::Absent => Self::Absent,
            TagFate::Removed => Self::Removed,
            TagFate::Deleted => Self::ImageDeleted,
            TagFate::Stays => Self::OnlyTag,
        }
    }
}

impl RetiredTag {
    /// The row of a tag.
    pub fn of(tag: &StandingTag, fate: Fate) -> Self {
        Self {
            repository: tag.repository.name.clone(),
            services: tag.services.clone(),
            digest: tag.image.as_ref().map(|image| image.digest.to_string()),
            other_tags: tag.image.as_ref().map(|image| image.others.clone()).unwrap_or_default(),
            fate,
        }
    }
}

/// Those that something would be done about.
pub fn changes(tags: &[StandingTag], delete_images: bool) -> usize {
    let goes = |tag: &&StandingTag| matches!(tag.fate(delete_images), TagFate::Removed | TagFate::Deleted);
    tags.iter().filter(goes).count()
}

/// What a record says of each service: what its tag named, and what it names afterwards. `earlier`: what a run that did
/// not end said, when some tags were there that are gone by now. `rows`: what became of the tags; none before that.
pub fn services(tags: &[StandingTag], rows: Option<&[RetiredTag]>, earlier: &[ServiceRecord]) -> Vec<ServiceRecord> {
    let mut records = Vec::new();
    for (index, tag) in tags.iter().enumerate() {
        let fate = rows.and_then(|rows| rows.get(index)).map(|row| row.fate);
        let digest = tag.image.as_ref().map(|image| image.digest.clone());
        let after = digest.clone().filter(|_| matches!(fate, None | Some(Fate::OnlyTag | Fate::Moved | Fate::Failed)));
        for service in &tag.services {
            let before = earlier.iter().find(|it| it.service == *service && it.repository == tag.repository);
            records.push(ServiceRecord {
                service: service.clone(),
                repository: tag.repository.clone(),
                commit_before: before.and_then(|it| it.commit_before.clone()),
                commit_after: None,
                digest_before: digest.clone().or_else(|| before.and_then(|it| it.digest_before.clone())),
                digest_after: after.clone(),
                targets: Vec::new(),
            });
        }
    }
    records
}

/// What becomes of each tag: `-` taken away, `=` stays.
pub fn shown(tag: &str, tags: &[StandingTag], commits: &CommitScheme, delete_images: bool) -> String {
    const NAMED: usize = 2;
    let rows: Vec<Vec<String>> = tags
        .iter()
        .map(|standing| {
            let (mark, what) = match standing.fate(delete_images) {
                TagFate::Absent => (paint::faint("="), "has no such tag".to_owned()),
                TagFate::Removed => (paint::bad("-"), format!("{tag} is taken away")),
                TagFate::Deleted => (paint::bad("-"), paint::bad(&format!("{tag} and the image are deleted"))),
                TagFate::Stays => (paint::faint("="), format!("{tag} stays, it is the only tag")),
            };
            let others = standing.image.as_ref().map(|image| image.others.as_slice()).unwrap_or_default();
            let more = others.len().saturating_sub(NAMED);
            let name = |other: &String| match commits.commit_in(other) {
                Some(commit) => other.replace(commit, commit.get(..8).unwrap_or(commit)),
                None => other.clone(),
            };
            let mut others: Vec<String> = others.iter().take(NAMED).map(name).collect();
            if more > 0 {
                others.push(format!("{more} more"));
            }
            let digest = standing.image.as_ref().map(|image| image.digest.short().to_owned()).unwrap_or_default();
            vec![format!("{mark} {}", standing.repository), digest, what, others.join(", ")]
        })
        .collect();
    table::table(&["  REPOSITORY", "DIGEST", "TAG", "OTHER TAGS"], &rows)
}

/// What is said of tags that stay because their images would go with them; `delete` would take them away.
pub fn stays(tag: &str, count: usize, delete: &str) -> String {
    let (repositories, images) = match count {
        1 => ("1 repository".to_owned(), "the only tag of its image"),
        _ => (format!("{count} repositories"), "the only tag of their images"),
    };
    format!("The tag {tag} stays in {repositories}: it is {images} ({delete} takes both away).")
}

/// Takes the tags away; gives what became of each. One that failed fails the command, after the others.
pub fn remove(
    context: &Context,
    tag: &str,
    tags: &[StandingTag],
    delete_images: bool,
    permit: &Permit,
) -> Result<(Vec<RetiredTag>, Option<Failure>), Failure> {
    if tags.is_empty() {
        return Ok((Vec::new(), None));
    }
    let session = context.session()?;
    let progress = context.ui.progress();
    let interrupts = Interrupts::of_process()
        .map_err(|error| Failure::failed(format!("the signals of this process cannot be watched: {error}")))?;
    let watch = interrupts.watch();
    let removals = context.wait(remove_tags(session, tag, tags, delete_images, permit, &*progress))?;
    let pressed = interrupts.pressed();
    drop(watch);
    let fate = |removal: &Removal| match removal {
        Removal::As(fate) => Fate::from(*fate),
        Removal::Moved(_) => Fate::Moved,
        Removal::Failed(_) | Removal::LockLost(_) => Fate::Failed,
    };
    let rows = tags.iter().zip(&removals).map(|(standing, removal)| RetiredTag::of(standing, fate(removal))).collect();
    let mut failure = failed(tag, tags, &removals);
    if pressed && failure.is_none() {
        failure = Some(Failure::new(Kind::Interrupted, "interrupted while the tags were taken away"));
    }
    Ok((rows, failure))
}

fn failed(tag: &str, tags: &[StandingTag], removals: &[Removal]) -> Option<Failure> {
    let mut lines = Vec::new();
    let mut hints: Vec<String> = Vec::new();
    for (standing, removal) in tags.iter().zip(removals) {
        match removal {
            Removal::Failed(_) | Removal::LockLost(_) => {
                let failure = match removal {
                    Removal::Failed(error) => Failure::from(error.clone()),
                    Removal::LockLost(reason) => Failure::failed(reason),
                    Removal::As(_) | Removal::Moved(_) => continue,
                };
                lines.push(format!("{}: {}", standing.repository, failure.message));
                hints.extend(failure.hints.into_iter().filter(|hint| !hints.contains(hint)).collect::<Vec<_>>());
            }
            Removal::Moved(digest) => {
                lines.push(format!("{}: somebody else moved it to {}", standing.repository, digest.short()));
            }
            Removal::As(_) => {}
        }
    }
    if lines.is_empty() {
        return None;
    }
    let tags = counted(lines.len(), "tag");
    let mut failure = Failure::failed(format!("{tags} {tag} could not be taken away\n  {}", lines.join("\n  ")));
    failure.hints = hints;
    Some(failure.hint("everything else is done; run the same command again: it takes away what is left"))
}
