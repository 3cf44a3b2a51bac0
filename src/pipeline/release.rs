//! A pipeline's tags as one release: what was found in every repository, and which tags follow from it.
//!
//! Decided here is what `new` and `tag` may do: create the tags that are missing, and never move one that exists.
//! The order of releases (is the commit newer than the one before?) and their provenance (is it on the main branch?)
//! belong here too, as further [`Problem`]s, when tags begin to move; [`ReleaseImage::commits`] is what they judge.

use std::collections::BTreeMap;
use std::fmt;

use super::Namespace;
use super::image::{CommitScheme, Digest, Image, ManifestKind, is_commit};
use super::nearest::distance;
use super::service::Repository;

/// The most characters of a tag (Docker Registry HTTP API V2, "Tags").
pub const LONGEST_TAG: usize = 128;

/// Which images a pipeline is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageSource {
    /// Those with this tag: `latest`, or the tag of another pipeline.
    Tag(String),
    /// Those built from this commit, which may be abbreviated.
    Commit(String),
}

impl ImageSource {
    /// The tag to ask for.
    pub fn tag(&self, scheme: &CommitScheme) -> String {
        match self {
            Self::Tag(tag) => tag.clone(),
            Self::Commit(commit) => scheme.tag_of(commit),
        }
    }
}

impl fmt::Display for ImageSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => formatter.write_str(tag),
            Self::Commit(commit) => write!(formatter, "commit {commit}"),
        }
    }
}

/// An image of a release, with what its repository knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseImage {
    /// Digest, kind and manifest.
    pub image: Image,
    /// All tags that it has, sorted.
    pub tags: Vec<String>,
    /// The commits that its tags name; none when it has no commit tag.
    pub commits: Vec<String>,
    /// When it was pushed.
    pub pushed_at: Option<jiff::Timestamp>,
    /// Its size in the registry, in bytes; absent for an index.
    pub size: Option<u64>,
}

/// What was found in one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagState {
    /// Which one.
    pub repository: Repository,
    /// The services that run its images.
    pub services: Vec<String>,
    /// Whether one of them is a Lambda function.
    pub feeds_lambda: bool,
    /// What the pipeline's tag names, if it exists.
    pub current: Option<ReleaseImage>,
    /// What the pipeline is to run.
    pub source: Source,
}

/// What was found under the source's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// An image.
    Found(ReleaseImage),
    /// Nothing.
    Missing {
        /// The tag or the digest that was asked for.
        asked: String,
        /// The tags there that look most like it.
        nearest: Vec<String>,
    },
    /// The abbreviated commit stands for several images.
    Ambiguous {
        /// The commit as given.
        asked: String,
        /// The tags that begin with it.
        candidates: Vec<String>,
    },
    /// No such repository.
    NoRepository {
        /// The names there that look most like it.
        nearest: Vec<String>,
    },
}

/// What is done about a pipeline's tag in one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagAction {
    /// It is made.
    Create,
    /// It is there and stays what it is.
    Keep {
        /// What the source names, where that is another image.
        source: Option<Digest>,
    },
}

/// One line of a [`TagPlan`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagMove {
    /// Where.
    pub repository: Repository,
    /// The services that run its images.
    pub services: Vec<String>,
    /// What is done.
    pub action: TagAction,
    /// What the tag names before; none when it is created.
    pub before: Option<Image>,
    /// What the tag names afterwards.
    pub after: ReleaseImage,
}

/// The pipeline's tag in every repository: what it will name, and what is done for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagPlan {
    /// The pipeline's tag.
    pub tag: String,
    /// One for each repository, in the order given.
    pub moves: Vec<TagMove>,
}

impl TagPlan {
    /// Those that change something.
    pub fn changes(&self) -> impl Iterator<Item = &TagMove> {
        self.moves.iter().filter(|tag_move| tag_move.action == TagAction::Create)
    }

    /// Whether every tag is there already.
    pub fn is_nothing(&self) -> bool {
        self.changes().next().is_none()
    }

    /// What every repository's tag names afterwards, moved or not.
    pub fn digests(&self) -> BTreeMap<Repository, Digest> {
        self.moves.iter().map(|item| (item.repository.clone(), item.after.image.digest.clone())).collect()
    }
}

/// Why a tag cannot be given. One is enough to move none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No image under the source's name.
    #[error("the repository {repository} has no image {asked}")]
    ImageMissing {
        /// Where.
        repository: Repository,
        /// The tag or digest that was asked for.
        asked: String,
        /// The tags there that look most like it.
        nearest: Vec<String>,
    },
    /// An abbreviated commit that fits several images.
    #[error("in the repository {repository} the commit {asked} stands for several images: {}", candidates.join(", "))]
    CommitAmbiguous {
        /// Where.
        repository: Repository,
        /// The commit as given.
        asked: String,
        /// The tags that begin with it.
        candidates: Vec<String>,
    },
    /// A repository that does not exist.
    #[error("there is no repository {repository}")]
    RepositoryMissing {
        /// Which one.
        repository: Repository,
        /// The names there that look most like it.
        nearest: Vec<String>,
    },
    /// Lambda runs no image that is an index.
    #[error("Lambda does not run the image {} in {repository}: it is an index of several images ({kind})", digest.short())]
    IndexForLambda {
        /// Where.
        repository: Repository,
        /// The services that would run it.
        services: Vec<String>,
        /// Which image.
        digest: Digest,
        /// Docker's or OCI's.
        kind: ManifestKind,
    },
}

/// Why no tag moves at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} of {repositories} repositories cannot be tagged {tag}", problems.len())]
pub struct Refusal {
    /// The pipeline's tag.
    pub tag: String,
    /// How many repositories were looked at.
    pub repositories: usize,
    /// One for each repository where it cannot be done.
    pub problems: Vec<Problem>,
}

/// Decides what `new` and `tag` do: tags that exist stay, those that are missing are created, and if one of them cannot
/// be, none is.
pub fn moves(tag: &str, states: &[TagState]) -> Result<TagPlan, Refusal> {
    let mut moves = Vec::new();
    let mut problems = Vec::new();
    for state in states {
        match decide(state) {
            Ok(tag_move) => moves.push(tag_move),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(TagPlan { tag: tag.to_owned(), moves })
    } else {
        Err(Refusal { tag: tag.to_owned(), repositories: states.len(), problems })
    }
}

fn decide(state: &TagState) -> Result<TagMove, Problem> {
    let repository = state.repository.clone();
    let (action, after) = match (&state.current, &state.source) {
        (Some(current), source) => {
            let other = match source {
                Source::Found(found) if found.image.digest != current.image.digest => Some(found.image.digest.clone()),
                _ => None,
            };
            (TagAction::Keep { source: other }, current)
        }
        (None, Source::Found(found)) => (TagAction::Create, found),
        (None, Source::Missing { asked, nearest }) => {
            return Err(Problem::ImageMissing { repository, asked: asked.clone(), nearest: nearest.clone() });
        }
        (None, Source::Ambiguous { asked, candidates }) => {
            let (asked, candidates) = (asked.clone(), candidates.clone());
            return Err(Problem::CommitAmbiguous { repository, asked, candidates });
        }
        (None, Source::NoRepository { nearest }) => {
            return Err(Problem::RepositoryMissing { repository, nearest: nearest.clone() });
        }
    };
    let Image { digest, kind, .. } = &after.image;
    if state.feeds_lambda && kind.is_index() {
        let (services, digest) = (state.services.clone(), digest.clone());
        return Err(Problem::IndexForLambda { repository, services, digest, kind: *kind });
    }
    let before = state.current.as_ref().map(|current| current.image.clone());
    Ok(TagMove { repository, services: state.services.clone(), action, before, after: after.clone() })
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn image(content: &str, kind: ManifestKind) -> ReleaseImage {
        let image = Image { digest: Digest::of_manifest(content), kind, manifest: content.into() };
        ReleaseImage { image, tags: vec![], commits: vec![], pushed_at: None, size: None }
    }

    fn state(name: &str, current: Option<&str>, source: Source) -> TagState {
        TagState {
            repository: Repository { registry: super::super::service::Registry::default(), name: name.to_owned() },
            services: vec![name.to_owned()],
            feeds_lambda: true,
            current: current.map(|content| image(content, ManifestKind::OciImage)),
            source,
        }
    }

    fn found(content: &str) -> Source {
        Source::Found(image(content, ManifestKind::OciImage))
    }

    fn missing() -> Source {
        Source::Missing { asked: "latest".into(), nearest: vec!["latest-2".into()] }
    }

    #[test]
    fn creates_the_missing_and_keeps_the_existing() {
        let states =
            [state("a", None, found("new")), state("b", Some("old"), found("new")), state("c", Some("old"), missing())];
        let plan = moves("2022-08-31", &states).expect("no problem");
        let actions: Vec<_> = plan.moves.iter().map(|item| &item.action).collect();
        let other = Some(Digest::of_manifest("new"));
        assert_eq!(
            actions,
            [&TagAction::Create, &TagAction::Keep { source: other }, &TagAction::Keep { source: None }]
        );
        assert_eq!(plan.changes().count(), 1);
        assert!(!plan.is_nothing());
        let digests: Vec<_> = plan.digests().into_values().collect();
        assert_eq!(digests, ["new", "old", "old"].map(Digest::of_manifest));
    }

    #[test]
    fn the_second_time_there_is_nothing_to_do() {
        let states = [state("a", Some("one"), found("one")), state("b", Some("two"), found("two"))];
        assert!(moves("2022-08-31", &states).expect("no problem").is_nothing());
    }

    #[test]
    fn one_missing_image_moves_no_tag_and_every_problem_is_listed() {
        let states = [
            state("a", None, found("new")),
            state("b", None, missing()),
            state("c", None, Source::NoRepository { nearest: vec![] }),
        ];
        let refusal = moves("2022-08-31", &states).expect_err("two problems");
        assert_eq!(refusal.to_string(), "2 of 3 repositories cannot be tagged 2022-08-31");
        let problems: Vec<_> = refusal.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, ["the repository b has no image latest", "there is no repository c"]);
    }

    #[test]
    fn an_index_is_refused_for_lambda_only() {
        for kind in [ManifestKind::DockerList, ManifestKind::OciIndex] {
            let mut state = state("a", None, Source::Found(image("index", kind)));
            let refusal = moves("2022-08-31", std::slice::from_ref(&state)).expect_err("an index");
            assert!(matches!(refusal.problems[..], [Problem::IndexForLambda { .. }]));
            state.feeds_lambda = false;
            assert!(moves("2022-08-31", &[state]).is_ok());
        }
    }

    #[test]
    fn a_pipeline_is_not_named_like_a_source_or_a_commit() {
        let scheme = CommitScheme::default();
        let tag = |pattern: &str, name: &str| {
            let namespace: Namespace = name.parse().expect("a namespace");
            pipeline_tag(pattern, &namespace, &["latest"], &scheme)
        };
        assert_eq!(tag("{namespace}", "2022-08-31"), Ok("2022-08-31".into()));
        assert_eq!(tag("env.{namespace}", "2022-08-31"), Ok("env.2022-08-31".into()));
        assert!(matches!(tag("{namespace}", "latest"), Err(TagError::IsSource { .. })));
        assert!(matches!(tag("env.{namespace}", "latest"), Err(TagError::IsSource { .. })));
        assert!(matches!(tag("{namespace}", "ref.0123abc"), Err(TagError::LooksLikeCommit { .. })));
        assert!(matches!(tag("{namespace}", &"0".repeat(40)), Err(TagError::LooksLikeCommit { .. })));
        assert!(matches!(tag("env {namespace}", "2022-08-31"), Err(TagError::Malformed { .. })));
    }

    #[test]
    fn similar_is_what_begins_alike_then_what_differs_least() {
        let tags = ["2022-08-31", "ref.0123abcdef", "latst", "latest-2", "main"];
        assert_eq!(similar("latest", tags, 2), ["latest-2", "latst"]);
        assert_eq!(similar("ref.0123abc", tags, 1), ["ref.0123abcdef"]);
    }
}
