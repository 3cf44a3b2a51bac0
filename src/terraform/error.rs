//! Everything that can go wrong with terraform.

use std::io;
use std::path::PathBuf;

use super::diagnostic::Diagnostic;
use super::version::Version;

/// What went wrong with terraform. Hints are made from the fields elsewhere.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program is not there.
    #[error("the program '{program}' was not found")]
    NotFound {
        /// As configured.
        program: String,
        /// Where it was looked for.
        searched: Vec<PathBuf>,
    },
    /// The program is there and cannot be run.
    #[error("{} cannot be run: it is not an executable file", path.display())]
    NotExecutable {
        /// The file.
        path: PathBuf,
    },
    /// The folder that holds the configuration is not there.
    #[error("the Terraform folder {} does not exist", path.display())]
    NoRoot {
        /// The folder.
        path: PathBuf,
    },
    /// The program is older than what we need.
    #[error("{program} has version {found}; at least {needed} is needed")]
    TooOld {
        /// As configured.
        program: String,
        /// What it says it is.
        found: Version,
        /// The oldest one that will do.
        needed: Version,
    },
    /// The program answers, but not as terraform does.
    #[error("{program} does not answer as terraform does: it tells no version")]
    VersionUnreadable {
        /// As configured.
        program: String,
        /// The first lines of what it said instead.
        output: String,
    },
    /// A variable of the environment would make terraform do something else than what is shown.
    #[error("{variable} is set to something that pipelinectl cannot allow: {found}")]
    Environment {
        /// The variable's name.
        variable: String,
        /// The part of its value that is refused.
        found: String,
    },
    /// An argument of `[terraform] init_args` is refused.
    #[error("'{argument}' cannot stand in [terraform] init_args")]
    InitArgument {
        /// The argument.
        argument: String,
    },
    /// Another workspace than the configured one is selected.
    #[error("the Terraform workspace '{found}' is selected, not '{expected}'")]
    Workspace {
        /// The selected one.
        found: String,
        /// The configured one, or `default`.
        expected: String,
    },
    /// The program could not be started.
    #[error("{program} could not be started")]
    Start {
        /// As configured.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A file of ours could not be read or written.
    #[error("{} could not be {what}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// A past participle: `read`, `written`.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The process could not be watched or signalled.
    #[error("{program} could not be waited for")]
    Wait {
        /// As configured.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// Somebody else has the state.
    #[error("the Terraform state is locked by {}", lock.who)]
    StateLocked {
        /// The lock.
        lock: Box<StateLock>,
        /// The program as configured: `{program} force-unlock {id}` frees a lock whose owner is dead.
        program: String,
    },
    /// The state cannot be reached or read.
    #[error("Terraform cannot reach its state: {}", first(diagnostics))]
    Backend {
        /// What terraform says.
        diagnostics: Vec<Diagnostic>,
    },
    /// The backend's configuration has changed since the last `init`: only the user knows whether state must move.
    #[error("the backend's configuration has changed since the last 'init': {reason}")]
    BackendChanged {
        /// What changed, in terraform's words.
        reason: String,
        /// The program as configured.
        program: String,
    },
    /// The configuration is wrong.
    #[error("the Terraform configuration has an error: {}", first(diagnostics))]
    Configuration {
        /// What terraform says, each with its place.
        diagnostics: Vec<Diagnostic>,
    },
    /// An image that the configuration reads is not there.
    #[error("{address} reads an image that is not there{}", image(repository.as_ref(), tag.as_ref()))]
    TagMissing {
        /// The data source.
        address: String,
        /// The repository, where terraform tells it.
        repository: Option<String>,
        /// The tag, where terraform tells it.
        tag: Option<String>,
        /// All that terraform says.
        diagnostics: Vec<Diagnostic>,
    },
    /// The configuration itself forbids to destroy something.
    #[error("prevent_destroy keeps terraform from destroying {}", addresses.join(", "))]
    PreventDestroy {
        /// What may not be destroyed.
        addresses: Vec<String>,
        /// All that terraform says.
        diagnostics: Vec<Diagnostic>,
    },
    /// The module that configured the provider of something is gone from the configuration.
    #[error("the configuration no longer configures the provider of {}", addresses.join(", "))]
    ProviderGone {
        /// What can no longer be destroyed.
        addresses: Vec<String>,
        /// All that terraform says.
        diagnostics: Vec<Diagnostic>,
    },
    /// `init` did not work.
    #[error("'{program} init' failed: {}", first_or(diagnostics, stderr))]
    Init {
        /// As configured.
        program: String,
        /// How often it was tried.
        attempts: u32,
        /// What terraform says.
        diagnostics: Vec<Diagnostic>,
        /// The last lines of its standard error, where there are no diagnostics.
        stderr: String,
    },
    /// Anything else.
    #[error("'{program} {command}' failed ({status}): {}", first_or(diagnostics, stderr))]
    Failed {
        /// As configured.
        program: String,
        /// `plan`, `show`, `apply`.
        command: &'static str,
        /// How it ended: `exit status: 1`, `signal: 9 (SIGKILL)`.
        status: String,
        /// What terraform says.
        diagnostics: Vec<Diagnostic>,
        /// The last lines of its standard error.
        stderr: String,
    },
    /// The state has moved on since the plan.
    #[error("the state was changed since this plan was made")]
    StalePlan,
    /// The plan file is not the one that was shown or reviewed.
    #[error("{} is not the plan that was reviewed", path.display())]
    AnotherPlan {
        /// The file.
        path: PathBuf,
        /// The SHA-256 it should have.
        expected: String,
        /// The SHA-256 it has.
        found: String,
    },
    /// The plan was refused by the guard and cannot be applied.
    #[error("the plan was refused and is not applied")]
    Refused,
    /// The JSON of the plan cannot be read.
    #[error("the plan's JSON cannot be read (line {line}, column {column})")]
    PlanUnreadable {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// FILE.json beside a plan is missing or is not what we write.
    #[error("{} is not a review that pipelinectl wrote: {reason}", path.display())]
    ReviewUnreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The user stopped it before anything was changed.
    #[error("'{program} {command}' was interrupted")]
    Interrupted {
        /// As configured.
        program: String,
        /// `init`, `plan`, `show`.
        command: &'static str,
    },
}

impl Error {
    /// Whether `init` would take it away.
    pub fn asks_for_init(&self) -> bool {
        matches!(self, Self::Failed { diagnostics, .. } | Self::Backend { diagnostics } | Self::Configuration { diagnostics }
            if diagnostics.iter().any(super::init::asks_for_init))
    }

    /// What terraform said, where it said something: to be put into the user's terms.
    pub fn diagnostics_mut(&mut self) -> &mut [Diagnostic] {
        match self {
            Self::Backend { diagnostics }
            | Self::Configuration { diagnostics }
            | Self::TagMissing { diagnostics, .. }
            | Self::PreventDestroy { diagnostics, .. }
            | Self::ProviderGone { diagnostics, .. }
            | Self::Init { diagnostics, .. }
            | Self::Failed { diagnostics, .. } => diagnostics,
            _ => &mut [],
        }
    }
}

/// Who has the state, as terraform tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct StateLock {
    /// What `force-unlock` wants to know.
    pub id: String,
    /// User and host.
    pub who: String,
    /// When it was taken, in terraform's form.
    pub created: String,
    /// What is being done: `OperationTypeApply`.
    pub operation: String,
    /// Where the state is.
    pub path: String,
    /// What else was noted.
    pub info: String,
}

impl StateLock {
    /// The lock in the detail of "Error acquiring the state lock"; nothing when no lock is described there.
    pub(super) fn from_detail(detail: &str) -> Option<Self> {
        let field = |name: &str| {
            let mut lines = detail.lines().filter_map(|line| line.trim().strip_prefix(name));
            lines.next().map(|value| value.trim().to_owned()).unwrap_or_default()
        };
        let lock = Self {
            id: field("ID:"),
            who: field("Who:"),
            created: field("Created:"),
            operation: field("Operation:"),
            path: field("Path:"),
            info: field("Info:"),
        };
        (!lock.id.is_empty()).then_some(lock)
    }
}

fn first(diagnostics: &[Diagnostic]) -> String {
    diagnostics.first().map_or_else(|| "terraform does not say why".to_owned(), ToString::to_string)
}

fn first_or(diagnostics: &[Diagnostic], stderr: &str) -> String {
    match (diagnostics.first(), stderr.lines().find(|line| !line.trim().is_empty())) {
        (None, Some(line)) => line.trim().to_owned(),
        _ => first(diagnostics),
    }
}

/// `: weco/ingestor:2022-10-14`, as far as it is known.
fn image(repository: Option<&String>, tag: Option<&String>) -> String {
    match (repository, tag) {
        (Some(repository), Some(tag)) => format!(": {repository}:{tag}"),
        (Some(name), None) | (None, Some(name)) => format!(": {name}"),
        (None, None) => String::new(),
    }
}
