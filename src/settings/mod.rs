//! The settings of one run: flag > environment > pipelinectl.toml > default.

pub mod file;
pub mod live;
pub mod sourced;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use file::{ConfigurationError, Variable};
pub use live::{Live, LiveKey, LiveMode, LivePlace};
pub use sourced::{Origin, Sourced};

use crate::environment::Environment;
use crate::files::{self, FileError};
use crate::pipeline::image::CommitScheme;
use crate::pipeline::service::{Registry, Service};
use file::{ConfigurationFile, Images, Layout, Pipeline, Store};

/// The name of the configuration file where `--config` does not say another.
pub const FILE_NAME: &str = "pipelinectl.toml";

/// What the command line says of the settings; absent values come from elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--directory`
    pub directory: Option<PathBuf>,
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--region`, with where it was said
    pub region: Option<Sourced<String>>,
    /// `--profile`
    pub profile: Option<Sourced<String>>,
    /// `--role-arn`
    pub role_arn: Option<Sourced<String>>,
    /// `--terraform`
    pub terraform: Option<Sourced<String>>,
}

/// Everything that is set, resolved once. Nothing is looked up over the network for it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The project's folder, absolute.
    pub directory: PathBuf,
    /// The configuration file, if there is one.
    pub file: Option<PathBuf>,
    /// The project's name.
    pub name: String,
    /// The Terraform root, relative to the project's folder.
    pub terraform_dir: PathBuf,
    /// Where a pipeline lives in the estate.
    pub layout: Layout,
    /// How pipelines are found and made.
    pub pipeline: Pipeline,
    /// The region; the AWS configuration decides where absent.
    pub region: Option<Sourced<String>>,
    /// The profile; the AWS configuration decides where absent.
    pub profile: Option<Sourced<String>>,
    /// The role for our own calls.
    pub role_arn: Option<Sourced<String>>,
    /// The account that credentials must belong to.
    pub account_id: Option<String>,
    /// Where the repositories are, when elsewhere.
    pub ecr: Registry,
    /// The terraform program.
    pub terraform: Sourced<String>,
    /// Environment variables for terraform only.
    pub terraform_env: BTreeMap<String, Variable>,
    /// Arguments of `terraform init`.
    pub init_args: Vec<String>,
    /// The workspace.
    pub workspace: Option<String>,
    /// How images are tagged.
    pub images: Images,
    /// How the tag of a build is made from its commit.
    pub commit_scheme: CommitScheme,
    /// The services of the stack.
    pub services: Vec<Service>,
    /// Where the live pipeline is named.
    pub live: Option<Live>,
    /// Where records, holds and locks are kept.
    pub store: ReleaseStore,
}

/// Where records, holds and locks are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseStore {
    /// Nothing is said: as for `File`, but in CI that is probably not what is wanted.
    Unset,
    /// The user's state folder, shared by the clones on this machine.
    File,
    /// A table of DynamoDB, shared by a team and its CI.
    DynamoDb {
        /// The table's name.
        table: String,
    },
}

/// What can go wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The configuration file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The configuration file says something that cannot be.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The folder of `--directory` is not there.
    #[error("there is no folder {}", path.display())]
    NoDirectory {
        /// The folder.
        path: PathBuf,
    },
    /// The file of `--config` is not there.
    #[error("there is no configuration file {}", path.display())]
    NoConfiguration {
        /// The file.
        path: PathBuf,
    },
    /// Something needs the configuration file and there is none.
    #[error("there is no {FILE_NAME} in {} or in a folder above it", directory.display())]
    Missing {
        /// Where the search began.
        directory: PathBuf,
    },
}

impl Settings {
    /// Finds the project's folder, reads its configuration file and puts the overrides on top.
    pub fn load(overrides: Overrides, environment: &Environment) -> Result<Self, SettingsError> {
        let directory = match &overrides.directory {
            Some(directory) => {
                let directory = environment.directory().join(directory);
                if !directory.is_dir() {
                    return Err(SettingsError::NoDirectory { path: directory });
                }
                directory
            }
            None => project_folder(environment.directory()),
        };
        let path = match &overrides.config {
            Some(config) => environment.directory().join(config),
            None => directory.join(FILE_NAME),
        };
        let text = files::read_if_there(&path)?;
        if text.is_none() && overrides.config.is_some() {
            return Err(SettingsError::NoConfiguration { path });
        }
        let shown = path.strip_prefix(environment.directory()).unwrap_or(&path).to_owned();
        let found = text.is_some().then_some(path);
        let text = text.unwrap_or_default();
        let file = ConfigurationFile::parse(&shown, &text)?;
        let wrong = |key: &str, message: String| ConfigurationError::of_value(&shown, &text, key, &message);
        Self::resolve(directory, found, &wrong, file, overrides)
    }

    fn resolve(
        directory: PathBuf,
        path: Option<PathBuf>,
        wrong: &dyn Fn(&str, String) -> ConfigurationError,
        file: ConfigurationFile,
        overrides: Overrides,
    ) -> Result<Self, SettingsError> {
        for (key, value) in
            [("pipeline.module", &file.pipeline.module), ("images.pipeline_tag", &file.images.pipeline_tag)]
        {
            if !value.contains("{namespace}") {
                return Err(
                    wrong(key, format!("'{value}' lacks {{namespace}}, which stands for the pipeline's name")).into()
                );
            }
        }
        let commit_scheme: CommitScheme =
            file.images.commit_tag.parse().map_err(|error| wrong("images.commit_tag", format!("{error}")))?;
        for (key, account) in
            [("aws.account_id", &file.aws.account_id), ("aws.ecr.account_id", &file.aws.ecr.account_id)]
        {
            if let Some(account) = account
                && (account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()))
            {
                return Err(wrong(key, format!("'{account}' is no account: twelve digits are needed")).into());
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        if let Some(twice) = file.service.iter().find(|service| !seen.insert(&service.name)) {
            return Err(wrong("service", format!("two services are called '{}'", twice.name)).into());
        }
        let store = match (file.releases.store, file.releases.table) {
            (None, _) => ReleaseStore::Unset,
            (Some(Store::File), _) => ReleaseStore::File,
            (Some(Store::DynamoDb), None) => {
                let message = "'dynamodb' needs a table: add table = \"pipelinectl-releases\"".to_owned();
                return Err(wrong("releases.store", message).into());
            }
            (Some(Store::DynamoDb), Some(table)) if is_table_name(&table) => ReleaseStore::DynamoDb { table },
            (Some(Store::DynamoDb), Some(table)) => {
                let message = format!("'{table}' is no name of a table: 3 to 255 letters, digits, '_', '.' and '-'");
                return Err(wrong("releases.table", message).into());
            }
        };
        let live = file.live.map(|live| live.resolve(wrong)).transpose()?;
        let from_file = |value: Option<String>| value.map(|value| Sourced::new(value, Origin::File));
        let name = file.project.name.clone().unwrap_or_else(|| {
            directory.file_name().map_or_else(|| "pipelines".to_owned(), |name| name.to_string_lossy().into_owned())
        });
        let default_program = file.terraform.program == "terraform";
        let origin = if default_program { Origin::Default } else { Origin::File };
        Ok(Self {
            name,
            directory,
            file: path,
            terraform_dir: file.project.terraform_dir,
            layout: file.project.layout,
            region: overrides.region.or(from_file(file.aws.region)),
            profile: overrides.profile.or(from_file(file.aws.profile)),
            role_arn: overrides.role_arn.or(from_file(file.aws.role_arn)),
            account_id: file.aws.account_id,
            ecr: file.aws.ecr,
            terraform: overrides.terraform.unwrap_or(Sourced::new(file.terraform.program, origin)),
            terraform_env: file.terraform.env,
            init_args: file.terraform.init_args,
            workspace: file.terraform.workspace,
            images: file.images,
            commit_scheme,
            services: file.service,
            live,
            store,
            pipeline: file.pipeline,
        })
    }

    /// The Terraform root, absolute.
    pub fn root(&self) -> PathBuf {
        self.directory.join(&self.terraform_dir)
    }

    /// An error where there is no configuration file: for commands that mean nothing without it.
    pub fn require_file(&self) -> Result<(), SettingsError> {
        match self.file {
            Some(_) => Ok(()),
            None => Err(SettingsError::Missing { directory: self.directory.clone() }),
        }
    }
}

/// "Supported data types and naming rules in Amazon DynamoDB".
fn is_table_name(name: &str) -> bool {
    (3..=255).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

/// The nearest folder upwards with a configuration file, else with `.git`, else the folder itself.
fn project_folder(from: &Path) -> PathBuf {
    let with = |name: &str| from.ancestors().find(|folder| folder.join(name).exists());
    with(FILE_NAME).or_else(|| with(".git")).unwrap_or(from).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str, overrides: Overrides) -> Result<Settings, SettingsError> {
        let path = Path::new(FILE_NAME);
        let file = ConfigurationFile::parse(path, text).expect("it parses");
        let wrong = |key: &str, message: String| ConfigurationError::of_value(path, text, key, &message);
        Settings::resolve(PathBuf::from("/project"), Some(path.to_owned()), &wrong, file, overrides)
    }

    #[test]
    fn a_flag_beats_the_file() {
        let text = "[aws]\nregion = 'eu-west-1'\nprofile = 'team'\n";
        let region = Some(Sourced::new("us-east-1".to_owned(), Origin::Flag("--region")));
        let settings = resolve(text, Overrides { region, ..Overrides::default() }).expect("settings");
        assert_eq!(settings.region.expect("a region").value, "us-east-1");
        assert_eq!(settings.profile.expect("a profile").origin, Origin::File);
        assert_eq!(settings.terraform.origin, Origin::Default);
    }

    #[test]
    fn refuses_values_that_cannot_be_and_says_where() {
        for (text, line, words) in [
            ("[pipeline]\n# module\nmodule = 'x'", 3, "pipeline.module: 'x' lacks"),
            ("[images]\ncommit_tag = 'x'", 2, "images.commit_tag: "),
            ("[project]\n[aws]\naccount_id = '12'", 3, "aws.account_id: "),
            ("[aws.ecr]\naccount_id = '12'", 2, "aws.ecr.account_id: "),
            ("[aws]\necr = { account_id = '12' }", 2, "aws.ecr.account_id: "),
            ("[releases]\nstore = 'dynamodb'", 2, "releases.store: 'dynamodb' needs a table"),
            ("[releases]\nstore = 'dynamodb'\ntable = 'a b'", 3, "releases.table: 'a b' is no name of a table"),
        ] {
            let SettingsError::Configuration(error) = resolve(text, Overrides::default()).expect_err("refused") else {
                panic!("{text}")
            };
            assert_eq!(error.line, line, "{text}");
            assert!(error.message.starts_with(words), "{}", error.message);
        }
    }
}
