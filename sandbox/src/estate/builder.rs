//! What an estate shall have, and making it.

use crate::local_aws::{ACCOUNT, REGION};
use crate::{Error, Estate, LocalAws, Result, Terraform};

use super::history::{self, Commit};
use super::shape::{CLUSTER, Registry, Runner, Service, Shape, Size, TABLE};
use super::{settings, sources};

/// Describes an estate; [`Builder::build`] makes it.
#[derive(Debug, Clone)]
pub struct Builder {
    count: usize,
    tasks: usize,
    changes: Vec<Change>,
    shape: Shape,
    aws: Option<LocalAws>,
}

/// Something about one service, kept until it is known which there are.
#[derive(Debug, Clone)]
enum Change {
    Setting(String, String),
    Repository(String, String),
}

impl Builder {
    pub(super) fn new(size: Size) -> Self {
        let shape = Shape {
            size,
            services: Vec::new(),
            pipelines: vec!["2022-08-31".into()],
            registry: Registry { account: ACCOUNT.into(), region: REGION.into() },
            pipeline_tag: "{namespace}".into(),
            commit_tag: "ref.{commit}".into(),
            by_tag: false,
            dynamodb: false,
            code_apart: false,
            image_settings: Vec::new(),
        };
        let count = if size == Size::Medium { 1 } else { sources::SERVICES.len() };
        Self { count, tasks: 0, changes: Vec::new(), shape, aws: None }
    }

    /// How many services; a full estate always has its own five.
    #[must_use]
    pub fn with_services(mut self, services: usize) -> Self {
        self.count = services;
        self
    }

    /// The last `tasks` of the services are ECS services, in the cluster `concepts`; the others are Lambda functions. For
    /// medium and deployed estates.
    #[must_use]
    pub fn with_ecs(mut self, tasks: usize) -> Self {
        self.tasks = tasks;
        self
    }

    /// The pipelines whose blocks stand in `infrastructure/main.tf`, in this order; the first is live. A full estate
    /// always has the one of the repository's own `main.tf`.
    #[must_use]
    pub fn pipelines(mut self, namespaces: &[&str]) -> Self {
        self.shape.pipelines = namespaces.iter().map(|&namespace| namespace.to_owned()).collect();
        self
    }

    /// Functions name their image by the pipeline's tag, `repository:tag`, not by its digest.
    #[must_use]
    pub fn by_tag(mut self) -> Self {
        self.shape.by_tag = true;
        self
    }

    /// Releases and locks are kept in a table of `DynamoDB`, `pipelinectl-releases`, which is made too.
    #[must_use]
    pub fn dynamodb(mut self) -> Self {
        self.shape.dynamodb = true;
        self
    }

    /// The form of commit tags, with `{commit}`: the tags of all images, and `commit_tag` of the configuration.
    #[must_use]
    pub fn commit_tag(mut self, form: &str) -> Self {
        form.clone_into(&mut self.shape.commit_tag);
        self
    }

    /// The form of pipeline tags, with `{namespace}`; for estates whose terraform code does not name them.
    #[must_use]
    pub fn pipeline_tag(mut self, form: &str) -> Self {
        form.clone_into(&mut self.shape.pipeline_tag);
        self
    }

    /// Images are built from a git repository of their own, beside the checkout: [`Estate::code`], `[images] git`.
    #[must_use]
    pub fn code_apart(mut self) -> Self {
        self.shape.code_apart = true;
        self
    }

    /// Not every commit builds every image: `[images] every_commit = false`.
    #[must_use]
    pub fn not_every_commit(mut self) -> Self {
        self.shape.image_settings.push("every_commit = false".into());
        self
    }

    /// A line more in the table of a service in `pipelinectl.toml`, such as `group = "bulk"` or `optional = true`.
    #[must_use]
    pub fn setting(mut self, service: &str, line: &str) -> Self {
        self.changes.push(Change::Setting(service.into(), line.into()));
        self
    }

    /// A service runs the image of another one: both have the repository `weco/<of>`. Not for medium estates.
    #[must_use]
    pub fn shares_image(mut self, service: &str, of: &str) -> Self {
        self.changes.push(Change::Repository(service.into(), format!("weco/{of}")));
        self
    }

    /// Also makes a repository for each service and images of the last three commits: with commit tags, `latest` on
    /// the newest, and the tags of the pipelines on the one before. In a deployed estate, the targets of its pipelines too.
    #[must_use]
    pub fn aws(mut self, aws: &LocalAws) -> Self {
        self.aws = Some(aws.clone());
        self
    }

    /// Lays it out.
    pub fn build(mut self) -> Result<Estate> {
        let folder = tempfile::Builder::new().prefix("pipelinectl-estate-").tempdir().map_err(temporary)?;
        self.settle();
        let mut estate = Estate {
            folder,
            terraform: Terraform::find()?,
            services: self.shape.services.iter().map(|service| service.name.clone()).collect(),
            shape: self.shape,
            aws: self.aws,
            history: Vec::new(),
        };
        for path in [estate.root(), estate.home()] {
            std::fs::create_dir_all(&path).map_err(Error::file(&path))?;
        }
        write_files(&mut estate)?;
        estate.history = commits(&estate)?;
        if let Some(aws) = estate.aws.clone() {
            fill(&estate, &aws)?;
        }
        Ok(estate)
    }

    /// Names the services, and knows what runs each.
    fn settle(&mut self) {
        let own = sources::SERVICES.iter().map(|&name| name.to_owned());
        let more = (own.len()..).map(|number| format!("concepts_service_{}", number + 1));
        let is_full = self.shape.size == Size::Full;
        let count = if is_full { own.len() } else { self.count };
        let service = |(place, name): (usize, String)| Service {
            repository: format!("weco/{name}"),
            name,
            runner: match self.shape.size {
                Size::Small => Runner::Nothing,
                Size::Full => Runner::Lambda,
                _ if place + self.tasks < count => Runner::Lambda,
                _ => Runner::Ecs,
            },
            settings: Vec::new(),
        };
        self.shape.services = own.chain(more).take(count).enumerate().map(service).collect();
        if is_full {
            self.shape.pipelines = vec!["2022-08-31".into()];
        }
        for change in &self.changes {
            let (Change::Setting(name, _) | Change::Repository(name, _)) = change;
            let Some(service) = self.shape.services.iter_mut().find(|service| service.name == *name) else { continue };
            match change {
                Change::Setting(_, line) => service.settings.push(line.clone()),
                Change::Repository(_, repository) => service.repository.clone_from(repository),
            }
        }
        if let Some(aws) = &self.aws {
            self.shape.registry = Registry { account: aws.account_id().into(), region: aws.region().into() };
        }
    }
}

fn write_files(estate: &mut Estate) -> Result<()> {
    let shape = estate.shape.clone();
    history::begin(&estate.root(), "origin.git")?;
    estate.write("README.md", "# Concepts\n\nMakes concepts out of authorities and of what catalogue works say.\n")?;
    estate.write(".gitignore", ".terraform/\n.terraform.lock.hcl\n*.tfstate*\n")?;
    if shape.size == Size::Full {
        sources::copy_own(&estate.root(), &shape.registry.account)?;
        estate.shape.dynamodb = estate.read("pipelinectl.toml")?.contains("store = \"dynamodb\"");
        return Ok(());
    }
    estate.write("pipelinectl.toml", &settings::settings(&shape))?;
    estate.write("infrastructure/main.tf", &sources::pipelines(&shape))?;
    estate.write("infrastructure/stack/main.tf", &sources::stack(&shape))?;
    estate.write("templates/concepts_pipeline.tf", &sources::block("{{namespace}}"))?;
    let live = shape.pipelines.first().map_or("none", String::as_str);
    estate.write(".buildkite/pipeline.yml", &settings::buildkite(live))
}

/// What was built from each of these but the first carries images.
const SUBJECTS: [&str; 4] = [
    "Start the estate",
    "Fetch the names of the Library of Congress page by page",
    "Keep concepts that no work uses any more",
    "Aggregate concepts by identifier, not by label",
];

fn commits(estate: &Estate) -> Result<Vec<Commit>> {
    let (root, code) = (estate.root(), estate.code());
    if code != root {
        history::commit(&root, SUBJECTS[0], history::next_date(&root)?, &estate.shape.commit_tag)?;
        history::push(&root)?;
        std::fs::create_dir_all(&code).map_err(Error::file(&code))?;
        history::begin(&code, "code-origin.git")?;
        super::write(&code.join("README.md"), "# Code of the concepts services\n")?;
    }
    let mut commits = Vec::new();
    for (number, subject) in SUBJECTS.iter().enumerate() {
        if number > 0 {
            super::write(&code.join(format!("src/change_{number}.txt")), &format!("{subject}\n"))?;
        }
        let subject = if number == 0 && code != root { "Start the services" } else { subject };
        commits.push(history::commit(&code, subject, history::next_date(&code)?, &estate.shape.commit_tag)?);
    }
    history::push(&code)?;
    Ok(commits)
}

/// What is in AWS before any pipeline is.
fn fill(estate: &Estate, aws: &LocalAws) -> Result<()> {
    let shape = &estate.shape;
    if shape.size == Size::Full {
        aws.create_bucket(&format!("concepts-terraform-state-{}", aws.account_id()))?;
    }
    if shape.dynamodb {
        aws.create_table(TABLE, "project", "item")?;
    }
    if shape.run_by(Runner::Ecs).next().is_some() {
        aws.ecs("CreateCluster", &serde_json::json!({"clusterName": CLUSTER}))?;
    }
    estate.seed(aws)?;
    if shape.size == Size::Deployed {
        for namespace in &shape.pipelines {
            estate.create_targets(namespace)?;
        }
    }
    Ok(())
}

fn temporary(error: std::io::Error) -> Error {
    Error::File { path: std::env::temp_dir(), source: error }
}
