//! An estate in a temporary folder: terraform code with git history, a remote, and images for its services.

mod builder;
mod code;
mod history;
mod images;
mod live;
mod settings;
mod shape;
mod sources;
mod targets;

use std::path::{Path, PathBuf};
use std::process::Command;

pub use builder::Builder;
pub use history::Commit;
use shape::{Shape, Size};

use crate::{Error, LocalAws, Result, Terraform, process};

/// A checked out estate, ready for pipelinectl. Its folder is removed when it is dropped.
///
/// ```no_run
/// # fn main() -> sandbox::Result<()> {
/// let aws = sandbox::LocalAws::shared()?;
/// let estate = sandbox::Estate::small().with_services(3).pipelines(&["2022-08-31"]).aws(&aws).build()?;
/// assert!(estate.read("infrastructure/main.tf")?.contains("2022-08-31"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Estate {
    folder: tempfile::TempDir,
    aws: Option<LocalAws>,
    terraform: Terraform,
    services: Vec<String>,
    shape: Shape,
    history: Vec<Commit>,
}

impl Estate {
    /// No provider is needed: its pipelines are made of `terraform_data`, which is built in. Local state.
    pub fn small() -> Builder {
        Builder::new(Size::Small)
    }

    /// Its pipelines run, and no terraform made them: a Lambda function or an ECS service for each service, by calls to AWS.
    /// Its terraform code is that of a small one. For tests of deployments, also with many services.
    pub fn deployed() -> Builder {
        Builder::new(Size::Deployed)
    }

    /// One Lambda function for each service, by the digest of its tag, or an ECS service by its tag. Local state.
    pub fn medium() -> Builder {
        Builder::new(Size::Medium)
    }

    /// The repository's own `infrastructure` and `templates`. State in S3 with a lock file. Needs [`Builder::aws`].
    pub fn full() -> Builder {
        Builder::new(Size::Full)
    }

    /// The checkout: where `pipelinectl.toml` is.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("estate")
    }

    /// The terraform root.
    pub fn infrastructure(&self) -> PathBuf {
        self.root().join("infrastructure")
    }

    /// A folder of its own for the user's home, state and configuration.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The names of the services; the repository of each is `weco/<service>` where it does not share another's.
    pub fn services(&self) -> &[String] {
        &self.services
    }

    /// The repositories of the services, in their order, each once.
    pub fn repositories(&self) -> Vec<String> {
        self.shape.repositories().into_iter().map(|service| service.repository.clone()).collect()
    }

    /// The commits that were there when it was built, oldest first: of what the images are built from.
    pub fn commits(&self) -> &[Commit] {
        &self.history
    }

    /// The local AWS it was built with.
    pub fn aws(&self) -> Option<&LocalAws> {
        self.aws.as_ref()
    }

    /// The path of a file of the checkout.
    pub fn file(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// The text of a file of the checkout.
    pub fn read(&self, path: &str) -> Result<String> {
        let path = self.file(path);
        std::fs::read_to_string(&path).map_err(Error::file(&path))
    }

    /// Writes a file of the checkout, with the folders on its way.
    pub fn write(&self, path: &str, text: &str) -> Result<()> {
        write(&self.file(path), text)
    }

    /// Runs git in the checkout, as the estate's own author and without the user's configuration.
    pub fn git(&self, arguments: &[&str]) -> Result<String> {
        history::git(&self.root(), arguments)
    }

    /// Commits all changes and pushes them to `origin`; gives the commit.
    pub fn commit(&self, subject: &str) -> Result<Commit> {
        let commit = history::commit(&self.root(), subject, history::next_date(&self.root())?, &self.shape.commit_tag)?;
        self.git(&["push", "--quiet", "origin", "HEAD"])?;
        Ok(commit)
    }

    /// Runs terraform in its root, with the local AWS; gives its standard output.
    pub fn terraform(&self, arguments: &[&str]) -> Result<String> {
        process::run(self.terraform_command().args(arguments))
    }

    /// A terraform command in its root that has not been started.
    pub fn terraform_command(&self) -> Command {
        let mut command = self.terraform.command(&self.infrastructure());
        self.give_aws(&mut command);
        command
    }

    /// Gives `command` what it needs to work on this estate and nothing of the caller's: the local AWS, terraform, a
    /// home folder of its own; it runs in the checkout.
    pub fn prepare(&self, command: &mut Command) {
        command.current_dir(self.root());
        for (name, value) in self.environment() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
    }

    /// The variables of [`Self::prepare`]; `None` is one that must not be set.
    pub fn environment(&self) -> Vec<(String, Option<std::ffi::OsString>)> {
        let inherited = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
        let foreign = ["TF_", "AWS_", "GIT_", "PIPELINECTL_", "BUILDKITE", "GITHUB_"];
        let mut variables: Vec<(String, Option<std::ffi::OsString>)> = inherited
            .filter(|name| foreign.iter().any(|prefix| name.starts_with(prefix)))
            .map(|name| (name, None))
            .collect();
        let mut set = |name: &str, value: std::ffi::OsString| variables.push((name.to_owned(), Some(value)));
        for (name, value) in self.terraform.environment() {
            set(name, value);
        }
        for (name, value) in self.aws.iter().flat_map(|aws| aws.environment().set) {
            set(name, value.into());
        }
        for (name, value) in history::VARIABLES {
            set(name, value.into());
        }
        set("HOME", self.home().into());
        set("XDG_STATE_HOME", self.home().join("state").into());
        set("XDG_CONFIG_HOME", self.home().join("config").into());
        set("XDG_CACHE_HOME", self.home().join("cache").into());
        let mut path = vec![self.terraform.program().parent().map(Path::to_owned).unwrap_or_default()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        set("PATH", std::env::join_paths(path).unwrap_or_default());
        variables
    }

    /// Lines for a shell that lead it to this estate: the local AWS, terraform's providers, a state folder of its own.
    pub fn exports(&self) -> Vec<String> {
        let state = ("XDG_STATE_HOME", self.home().join("state").into_os_string());
        let aws = self.aws.iter().flat_map(|aws| aws.environment().set).map(|(name, value)| (name, value.into()));
        let set = aws.chain(self.terraform.environment()).chain([state]);
        let unset = self.aws.iter().flat_map(|aws| aws.environment().removed);
        unset
            .map(|name| format!("unset {name}"))
            .chain(set.map(|(name, value)| format!("export {name}='{}'", value.to_string_lossy())))
            .collect()
    }

    /// Keeps the folder; it is then the caller's to remove.
    pub fn keep(self) -> PathBuf {
        let root = self.root();
        let _ = self.folder.keep();
        root
    }

    fn give_aws(&self, command: &mut Command) {
        if let Some(aws) = &self.aws {
            aws.environment().apply(command);
        }
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
    }
    std::fs::write(path, text).map_err(Error::file(path))
}

#[cfg(test)]
mod tests;
