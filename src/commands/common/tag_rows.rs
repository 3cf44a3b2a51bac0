//! The tags of a release in a report.

use schemars::JsonSchema;
use serde::Serialize;

use crate::pipeline::history::{BuiltFrom, Relation};
use crate::pipeline::release::{TagAction, TagMove};

/// A tag in a report.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TagRow {
    /// The repository's name.
    pub repository: String,
    /// The services that run its images.
    pub services: Vec<String>,
    /// `create`, `move` or `keep`.
    pub action: Action,
    /// The digest that the tag names afterwards.
    pub digest: String,
    /// The commit of the image, if it has a commit tag.
    pub commit: Option<String>,
    /// The first line of the commit's message, if git knows it.
    pub subject: Option<String>,
    /// The day of the commit, if git knows it.
    pub date: Option<String>,
    /// What the tag names before, if it moves.
    pub before: Option<BeforeRow>,
    /// Where the new commit stands to the one before, if it moves.
    pub order: Option<OrderRow>,
    /// By how many commits the image is older than the commit that was asked for.
    pub older_than_asked: Option<usize>,
    /// The flags without which it would have been refused.
    pub allowed: Vec<String>,
    /// Whether the tag is made.
    pub created: bool,
}

/// What is done about a tag.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is made.
    Create,
    /// It is there, and will name another image.
    Move,
    /// It is there and stays what it is.
    Keep,
}

/// What a tag names before it moves.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BeforeRow {
    /// The digest.
    pub digest: String,
    /// The commit of the image, if it has a commit tag.
    pub commit: Option<String>,
    /// The first line of the commit's message, if git knows it.
    pub subject: Option<String>,
    /// The day of the commit, if git knows it.
    pub date: Option<String>,
}

/// Where a commit stands to the one before.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OrderRow {
    /// `same`, `ahead`, `behind`, `diverged` or `unknown`.
    pub relation: String,
    /// How many commits only the new one has.
    pub ahead: Option<usize>,
    /// How many commits only the old one has.
    pub behind: Option<usize>,
}

impl TagRow {
    /// The row of a tag.
    pub fn of(item: &TagMove) -> Self {
        let about = |built_from: &BuiltFrom| {
            let commit = built_from.commit();
            (commit.map(|commit| commit.subject.clone()), commit.map(|commit| commit.date.clone()))
        };
        let action = match item.action {
            TagAction::Create => Action::Create,
            TagAction::Move => Action::Move,
            TagAction::Keep { .. } => Action::Keep,
        };
        let before = item.before.as_ref().zip(item.before_commit.as_ref()).map(|(image, built_from)| {
            let (subject, date) = about(built_from);
            let commit = built_from.id().map(str::to_owned);
            BeforeRow { digest: image.digest.to_string(), commit, subject, date }
        });
        let (subject, date) = about(&item.after_commit);
        Self {
            repository: item.repository.name.clone(),
            services: item.services.clone(),
            action,
            digest: item.after.image.digest.to_string(),
            commit: item.after_commit.id().map(str::to_owned),
            subject,
            date,
            before: before.filter(|_| item.action == TagAction::Move),
            order: item.relation.map(order),
            older_than_asked: item.before_asked,
            allowed: item.allowed.iter().map(ToString::to_string).collect(),
            created: item.action == TagAction::Create,
        }
    }
}

fn order(relation: Relation) -> OrderRow {
    let (relation, ahead, behind) = match relation {
        Relation::Same => ("same", Some(0), Some(0)),
        Relation::Ahead(ahead) => ("ahead", Some(ahead), Some(0)),
        Relation::Behind(behind) => ("behind", Some(0), Some(behind)),
        Relation::Diverged { ahead, behind } => ("diverged", Some(ahead), Some(behind)),
        Relation::Unknown => ("unknown", None, None),
    };
    OrderRow { relation: relation.to_owned(), ahead, behind }
}
