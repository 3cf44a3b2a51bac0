//! Reads everything that `status` compares.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::report::{AppliedRow, ImageRow, LastRelease, PipelineRow, Report, ServiceRow, TargetRow};
use crate::aws::ecr::Details;
use crate::commands::common::commits::{self, Builds};
use crate::commands::common::{estate, live, stage};
use crate::context::Context;
use crate::failure::Failure;
use crate::operations::read_status::{Seen, StatusRequest, look_closer, read_status};
use crate::operations::verify_images::{Verdict, Verification};
use crate::pipeline::Namespace;
use crate::pipeline::image::Digest;
use crate::pipeline::image_uri::{ImageUri, UriName};
use crate::pipeline::service::{Repository, Service, Target};
use crate::releases::{Marks, Record};
use crate::terraform::{AppliedImages, Program};

/// Records of one pipeline that are looked through for the last deployment of each service.
const LOOKED_AT: usize = 50;

/// What was read.
pub struct Observed {
    /// What is told.
    pub report: Report,
    /// What could not be told, and why, a sentence each.
    pub notes: Vec<String>,
    /// That something of AWS could not be read.
    pub failure: Option<Failure>,
}

/// Reads one pipeline, or all of the estate: AWS and terraform's state at the same time.
pub fn observe(context: &Context, namespace: Option<&Namespace>) -> Result<Observed, Failure> {
    let settings = &context.settings;
    let namespaces = match namespace {
        Some(namespace) => vec![namespace.clone()],
        None => estate::read(context)?.newest_first().into_iter().map(|one| one.namespace.clone()).collect(),
    };
    let tag = |name: &Namespace| settings.images.pipeline_tag.replace("{namespace}", name.as_str());
    let pipelines: Vec<(Namespace, String)> = namespaces.into_iter().map(|name| (name.clone(), tag(&name))).collect();
    let mut notes = Vec::new();
    if pipelines.is_empty() {
        return Ok(Observed { report: Report { pipelines: Vec::new() }, notes, failure: None });
    }
    let (mut seen, applied) = read(context, &pipelines, &mut notes)?;
    let running: BTreeSet<(Repository, Digest)> =
        seen.targets.iter().flatten().filter_map(|row| Some((row.repository.clone(), row.running.clone()?))).collect();
    let further: BTreeSet<_> = running.iter().cloned().chain(applied_digests(settings, &pipelines, &applied)).collect();
    context.wait(look_closer(context.session()?, &mut seen, &further, &running))?;
    if let Some(error) = &seen.expiry_unknown {
        notes.push(format!("Whether a lifecycle policy is about to expire an image is not known: {error}"));
    }
    let builds = builds(context, &seen, &mut notes);
    let marks = context.store()?.marks()?;
    let mut rows = Vec::new();
    for (index, (name, tag)) in pipelines.iter().enumerate() {
        let records = context.store()?.history(Some(name), LOOKED_AT)?;
        let view = View { context, seen: &seen, applied: &applied, builds: &builds, tag, name, records: &records };
        rows.push(view.pipeline(&seen.targets[index], &marks));
    }
    mark_live(context, &mut rows);
    let failure = failure(&seen);
    Ok(Observed { report: Report { pipelines: rows }, notes, failure })
}

/// How many terraform processes read a state at a time: each keeps a processor and some hundred megabytes busy.
const AT_ONCE: usize = 4;

/// Asks AWS while terraform reads its state, which takes longer.
fn read(
    context: &Context,
    pipelines: &[(Namespace, String)],
    notes: &mut Vec<String>,
) -> Result<(Seen, AppliedImages), Failure> {
    let settings = &context.settings;
    let session = context.session()?;
    let progress = context.ui.reading();
    let programs = programs(context, pipelines);
    let request = StatusRequest { services: &settings.services, registry: &settings.ecr, pipelines };
    let found: Vec<&Program> = programs.iter().flatten().collect();
    let next = AtomicUsize::new(0);
    let (seen, mut states) = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..AT_ONCE.min(found.len()))
            .map(|_| {
                let (progress, found, next) = (context.ui.reading(), &found, &next);
                scope.spawn(move || {
                    let turns = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
                    let programs = turns.map_while(|turn| Some((turn, found.get(turn)?)));
                    programs.map(|(turn, program)| (turn, program.applied_images(&*progress))).collect::<Vec<_>>()
                })
            })
            .collect();
        let sts = session.sts();
        let seen = context.wait(async { tokio::join!(sts.check(), read_status(session, &request, &*progress)) });
        let states: BTreeMap<usize, _> =
            readers.into_iter().filter_map(|reader| reader.join().ok()).flatten().collect();
        (seen, states)
    });
    let (identity, seen) = seen?;
    // The account first: repositories that seem to be missing may just be those of another account.
    identity?;
    let unknown = |why: String| format!("What Terraform applied last is not known: {why}");
    let mut applied = AppliedImages::default();
    let mut turns = 0..;
    for program in programs {
        let program = match program {
            Ok(program) => program,
            Err(failure) => {
                notes.push(unknown(failure.message));
                continue;
            }
        };
        match turns.next().and_then(|turn| states.remove(&turn)) {
            Some(Ok(images)) => applied.extend(images),
            Some(Err(error)) if error.asks_for_init() => {
                notes.push(unknown("terraform is not initialized here; 'pipelinectl plan' does that".to_owned()));
            }
            Some(Err(error)) => notes.push(unknown(stage::placed(context, &program, error).message)),
            None => {}
        }
    }
    Ok((seen?, applied))
}

/// Terraform for the estate's root, or for each pipeline that has a root of its own.
fn programs(context: &Context, pipelines: &[(Namespace, String)]) -> Vec<Result<Program, Failure>> {
    let estate = estate::read(context).unwrap_or_default();
    let found = pipelines.iter().filter_map(|(name, _)| estate.find(name));
    let own: Vec<_> = found.filter(|pipeline| pipeline.root().is_some()).collect();
    if own.is_empty() {
        return vec![stage::program(context)];
    }
    own.into_iter().map(|pipeline| stage::program_of(context, pipeline)).collect()
}

fn images_of<'a>(applied: &'a AppliedImages, target: &Target) -> Vec<&'a str> {
    match target {
        Target::Lambda(name) => applied.of_function(name).into_iter().collect(),
        Target::Ecs(target) => applied.of_service(&target.cluster, &target.service).collect(),
    }
}

/// The digests that resources name, to learn their commits.
fn applied_digests(
    settings: &crate::settings::Settings,
    pipelines: &[(Namespace, String)],
    applied: &AppliedImages,
) -> Vec<(Repository, Digest)> {
    let mut digests = Vec::new();
    for service in &settings.services {
        let repository = service.repository_in(&settings.ecr);
        for target in pipelines.iter().flat_map(|(name, _)| service.targets_of(name)) {
            for image in images_of(applied, &target).into_iter().map(ImageUri::of) {
                if let UriName::Digest(digest) = image.name.clone()
                    && image.is_of(&repository)
                {
                    digests.push((repository.clone(), digest));
                }
            }
        }
    }
    digests
}

/// What git says of the commits of everything that was seen.
fn builds(context: &Context, seen: &Seen, notes: &mut Vec<String>) -> Builds {
    let settings = &context.settings;
    let mut asked: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    for service in &settings.services {
        let repository = service.repository_in(&settings.ecr);
        let of_repository = seen.images.iter().filter(|((known, _), _)| *known == repository);
        let tags = of_repository.flat_map(|(_, details)| details.tags.iter().map(String::as_str));
        let commits = settings.commit_scheme.commits_in(tags);
        asked.entry(commits::folder(context, service)).or_default().extend(commits);
    }
    let (builds, problems) = Builds::read(context, &asked);
    notes
        .extend(problems.into_iter().map(|problem| format!("How far behind the services are is not known: {problem}")));
    builds
}

fn mark_live(context: &Context, rows: &mut [PipelineRow]) {
    // A pointer that cannot be read is told by 'list' and 'check'.
    let live =
        if context.settings.live.is_some() { live::live_namespaces(context).unwrap_or_default() } else { Vec::new() };
    for row in rows {
        row.live = live.iter().any(|name| name.as_str() == row.namespace);
    }
}

/// Everything of AWS that could not be read, once.
fn failure(seen: &Seen) -> Option<Failure> {
    let targets = seen.targets.iter().flatten().filter_map(|row| match &row.verdict {
        Verdict::Error(error) => {
            Some((row.target.as_ref().map_or_else(|| row.service.clone(), Target::to_string), error))
        }
        _ => None,
    });
    let errors: Vec<_> =
        seen.failures.iter().map(|(repository, error)| (repository.name.clone(), error)).chain(targets).collect();
    if errors.is_empty() {
        return None;
    }
    let mut hints: Vec<String> = Vec::new();
    let mut lines = Vec::new();
    for (name, error) in errors {
        let told = Failure::from(error.clone());
        lines.push(format!("  {name}: {}", told.message));
        hints.extend(told.hints.into_iter().filter(|hint| !hints.contains(hint)).collect::<Vec<_>>());
    }
    let mut failure = Failure::failed(format!("not everything could be read:\n{}", lines.join("\n")));
    failure.hints = hints;
    Some(failure)
}

/// One pipeline among all that was read.
struct View<'a> {
    context: &'a Context,
    seen: &'a Seen,
    applied: &'a AppliedImages,
    builds: &'a Builds,
    name: &'a Namespace,
    tag: &'a str,
    records: &'a [Record],
}

impl View<'_> {
    fn pipeline(&self, targets: &[Verification], marks: &Marks) -> PipelineRow {
        let settings = &self.context.settings;
        let services: Vec<ServiceRow> =
            settings.services.iter().map(|service| self.service(service, targets)).collect();
        let commits: BTreeSet<&String> =
            services.iter().filter_map(|row| row.tagged.as_ref()?.commit.as_ref()).collect();
        let commits = commits.len();
        let differs =
            |row: &TargetRow| row.same == Some(false) || row.applied.as_ref().is_some_and(|applied| !applied.same);
        let skew =
            (commits > 1 && settings.images.every_commit) || services.iter().any(|row| row.targets.iter().any(differs));
        let last = self.records.iter().find(|record| !record.is_unfinished());
        let name = self.name.to_string();
        PipelineRow {
            tag: self.tag.to_owned(),
            live: false,
            hold: marks.held.get(&name).cloned(),
            unfinished: marks.unfinished.get(&name).map(|record| record.id.clone()),
            last_release: last.map(|record| LastRelease {
                id: record.id.clone(),
                command: record.command.clone(),
                started: record.started.to_string(),
                by: record.by.clone(),
                outcome: record.outcome,
            }),
            commits,
            skew,
            services,
            namespace: name,
        }
    }

    fn service(&self, service: &Service, targets: &[Verification]) -> ServiceRow {
        let repository = service.repository_in(&self.context.settings.ecr);
        let digest = self.seen.tagged.get(&(repository.clone(), self.tag.to_owned()));
        let tagged = digest.map(|digest| self.image(service, &repository, digest));
        let moved = |record: &&Record| {
            record.services.iter().any(|row| row.service == service.name && row.moved()) && !record.is_unfinished()
        };
        let runs = targets.iter().filter(|row| row.service == service.name);
        let expiring = runs
            .clone()
            .filter_map(|row| row.running.clone())
            .any(|running| self.seen.expiring.contains(&(repository.clone(), running)));
        let commit = tagged.as_ref().filter(|image| image.subject.is_some()).and_then(|image| image.commit.as_deref());
        ServiceRow {
            service: service.name.clone(),
            behind: commit.and_then(|commit| self.builds.behind(commit)),
            deployed: self.records.iter().find(moved).map(|record| record.started.to_string()),
            expiring,
            error: self.seen.failures.get(&repository).map(ToString::to_string),
            targets: runs.filter_map(|row| self.target(service, &repository, digest, row)).collect(),
            repository: repository.name,
            tagged,
        }
    }

    fn target(
        &self,
        service: &Service,
        repository: &Repository,
        digest: Option<&Digest>,
        row: &Verification,
    ) -> Option<TargetRow> {
        let target = row.target.as_ref()?;
        let running = row.running.as_ref().map(|running| self.image(service, repository, running));
        let same = match &row.verdict {
            Verdict::Verified | Verdict::Idle { outdated: false } => Some(true),
            Verdict::Error(_) | Verdict::AbsentOptional | Verdict::TagOnly | Verdict::OtherController(_) => None,
            Verdict::StillChanging { .. } | Verdict::DigestUnknown => None,
            _ => Some(false),
        };
        let images: Vec<ImageUri> = images_of(self.applied, target).into_iter().map(ImageUri::of).collect();
        let applied = images_of(self.applied, target)
            .into_iter()
            .find(|text| images.len() == 1 || ImageUri::of(text).is_of(repository))
            .map(|text| self.applied_row(service, repository, digest, text));
        Some(TargetRow {
            target: target.to_string(),
            same,
            verdict: row.verdict.text(),
            short: short(&row.verdict, running.as_ref()),
            error: matches!(row.verdict, Verdict::Error(_)),
            running,
            applied,
        })
    }

    fn applied_row(
        &self,
        service: &Service,
        repository: &Repository,
        digest: Option<&Digest>,
        text: &str,
    ) -> AppliedRow {
        let uri = ImageUri::of(text);
        let (same, built_from, short) = match &uri.name {
            UriName::Tag(tag) => (tag == self.tag, None, tag.clone()),
            UriName::Digest(named) => {
                let image = self.image(service, repository, named);
                (Some(named) == digest, Some(image.clone()), image.short())
            }
        };
        let same = same && uri.is_of(repository);
        AppliedRow { image: text.to_owned(), same, short: if same { "same".to_owned() } else { short }, built_from }
    }

    fn image(&self, service: &Service, repository: &Repository, digest: &Digest) -> ImageRow {
        let details = self.seen.images.get(&(repository.clone(), digest.clone()));
        let tags = details.map(|Details { tags, .. }| tags.as_slice()).unwrap_or_default();
        let commits = self.context.settings.commit_scheme.commits_in(tags.iter().map(String::as_str));
        let build = self.builds.newest(&commits::folder(self.context, service), &commits);
        ImageRow {
            digest: digest.to_string(),
            commit: build.map(|build| build.commit.id.clone()).or_else(|| commits.into_iter().next()),
            subject: build.map(|build| build.commit.subject.clone()),
            date: build.map(|build| build.commit.date.clone()),
            on_main: build.map(|build| build.place.is_some()),
        }
    }
}

/// What runs, in a word or two.
fn short(verdict: &Verdict, running: Option<&ImageRow>) -> String {
    let word = match verdict {
        Verdict::Verified => "same",
        Verdict::Idle { outdated: false } => "idle",
        Verdict::StillChanging { .. } => "changing",
        Verdict::Failed { .. } => "failed",
        Verdict::Absent => "absent",
        Verdict::AbsentOptional | Verdict::TagOnly => "-",
        Verdict::Error(_) => "unknown",
        Verdict::RunsNoImage => "no image",
        _ => return running.map_or_else(|| "other".to_owned(), ImageRow::short),
    };
    word.to_owned()
}
