//! What an estate shall have, and making it.

use crate::local_aws::{ACCOUNT, REGION};
use crate::{Error, Estate, Kind, LocalAws, Result, Terraform};

use super::history::{self, Commit};
use super::sources::{self, Size};

/// Describes an estate; [`Builder::build`] makes it.
#[derive(Debug, Clone)]
pub struct Builder {
    size: Size,
    services: usize,
    pipelines: Vec<String>,
    aws: Option<LocalAws>,
}

impl Builder {
    pub(super) fn new(size: Size) -> Self {
        let services = if size == Size::Medium { 1 } else { sources::SERVICES.len() };
        Self { size, services, pipelines: vec!["2022-08-31".into()], aws: None }
    }

    /// How many services; a full estate always has its own five.
    #[must_use]
    pub fn with_services(mut self, services: usize) -> Self {
        self.services = services;
        self
    }

    /// The pipelines whose blocks stand in `infrastructure/main.tf`, in this order; the first is live. A full estate
    /// always has the one of the repository's own `main.tf`.
    #[must_use]
    pub fn pipelines(mut self, namespaces: &[&str]) -> Self {
        self.pipelines = namespaces.iter().map(|&namespace| namespace.to_owned()).collect();
        self
    }

    /// Also makes a repository for each service and images of the last three commits: with commit tags, `latest` on
    /// the newest, and the tags of the pipelines on the one before.
    #[must_use]
    pub fn aws(mut self, aws: &LocalAws) -> Self {
        self.aws = Some(aws.clone());
        self
    }

    /// Lays it out.
    pub fn build(self) -> Result<Estate> {
        let folder = tempfile::Builder::new().prefix("pipelinectl-estate-").tempdir().map_err(temporary)?;
        let mut estate = Estate {
            folder,
            terraform: Terraform::find()?,
            services: self.service_names(),
            pipelines: self.pipelines.clone(),
            aws: self.aws.clone(),
            history: Vec::new(),
        };
        for path in [estate.root(), estate.home()] {
            std::fs::create_dir_all(&path).map_err(Error::file(&path))?;
        }
        self.write_files(&mut estate)?;
        estate.history = commits(&estate)?;
        if let Some(aws) = &self.aws {
            if self.size == Size::Full {
                let bucket = format!("concepts-terraform-state-{}", aws.account_id());
                aws.create_bucket(&bucket)?;
            }
            seed(&estate, aws, self.size)?;
        }
        Ok(estate)
    }

    fn service_names(&self) -> Vec<String> {
        let own = sources::SERVICES.iter().map(|&name| name.to_owned());
        let more = (own.len()..).map(|number| format!("concepts_service_{}", number + 1));
        let count = if self.size == Size::Full { own.len() } else { self.services };
        own.chain(more).take(count).collect()
    }

    fn write_files(&self, estate: &mut Estate) -> Result<()> {
        let (account, region) = self.aws.as_ref().map_or((ACCOUNT, REGION), |aws| (aws.account_id(), aws.region()));
        history::begin(&estate.root())?;
        estate
            .write("README.md", "# Concepts\n\nMakes concepts out of authorities and of what catalogue works say.\n")?;
        estate.write(".gitignore", ".terraform/\n.terraform.lock.hcl\n*.tfstate*\n")?;
        if self.size == Size::Full {
            sources::copy_own(&estate.root(), account)?;
            estate.pipelines = vec!["2022-08-31".into()];
        } else {
            estate.write("pipelinectl.toml", &sources::settings(self.size, &estate.services, account, region))?;
            estate.write("infrastructure/main.tf", &sources::pipelines(self.size, &self.pipelines, region))?;
            estate.write("infrastructure/stack/main.tf", &sources::stack(self.size, &estate.services))?;
            estate.write("templates/concepts_pipeline.tf", &sources::block("{{namespace}}"))?;
            let live = estate.pipelines.first().map_or("none", String::as_str);
            estate.write(".buildkite/pipeline.yml", &sources::buildkite(live))?;
        }
        Ok(())
    }
}

/// What was built from each of these carries images.
const SUBJECTS: [&str; 4] = [
    "Start the estate",
    "Fetch the names of the Library of Congress page by page",
    "Keep concepts that no work uses any more",
    "Aggregate concepts by identifier, not by label",
];

fn commits(estate: &Estate) -> Result<Vec<Commit>> {
    let mut commits = Vec::new();
    for (number, subject) in SUBJECTS.iter().enumerate() {
        if number > 0 {
            estate.write(&format!("src/change_{number}.txt"), &format!("{subject}\n"))?;
        }
        commits.push(history::commit(&estate.root(), subject, history::next_date(&estate.root())?)?);
    }
    estate.git(&["push", "--quiet", "--set-upstream", "origin", "main"])?;
    Ok(commits)
}

/// Lambda takes no image indexes, so only a small estate has all four kinds.
fn seed(estate: &Estate, aws: &LocalAws, size: Size) -> Result<()> {
    let kinds: &[Kind] = if size == Size::Small { &Kind::ALL } else { &[Kind::Docker, Kind::Oci] };
    for (number, repository) in estate.repositories().iter().enumerate() {
        aws.create_repository(repository)?;
        let built = &estate.history[1..];
        for (age, commit) in built.iter().rev().enumerate() {
            let kind = kinds[(number + age) % kinds.len()];
            let commit_tag = commit.tag();
            let mut tags = vec![commit_tag.as_str()];
            match age {
                0 => tags.push("latest"),
                1 => tags.extend(estate.pipelines.iter().map(String::as_str)),
                _ => {}
            }
            aws.seed_image_at(repository, &format!("{repository} {}", commit.subject), kind, &tags, commit.date)?;
        }
    }
    Ok(())
}

fn temporary(error: std::io::Error) -> Error {
    Error::File { path: std::env::temp_dir(), source: error }
}
