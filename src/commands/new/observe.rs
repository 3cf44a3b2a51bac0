//! What is there, and what `new` would make of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::common::release::{self, Release, ReleaseRequest, recorded};
use super::super::common::{edits, estate, target};
use super::super::tfvars;
use super::{Arguments, name_limits};
use crate::context::Context;
use crate::failure::Failure;
use crate::files;
use crate::hcl::{Assignment, Path};
use crate::layout::module_blocks::{Added, Addition, ModuleBlocks, Origin, Place};
use crate::layout::{Edit, Rules};
use crate::pipeline::image::Digest;
use crate::pipeline::release::{ImageSource, Policy, PolicyKind};
use crate::pipeline::service::Repository;
use crate::pipeline::{Estate, Namespace, Pipeline};
use crate::releases::Record;
use crate::ui::counted;
use crate::ui::paint;

/// What the user asks for, checked as far as that goes without looking at anything but the files.
pub struct Request {
    /// The new pipeline.
    pub namespace: Namespace,
    rules: Rules,
    template: Option<(String, String)>,
    from: Option<Namespace>,
    after: Option<Namespace>,
    before: Option<Namespace>,
    label: Option<String>,
    file: Option<String>,
    sets: Vec<Assignment>,
    unsets: Vec<Path>,
    source: Option<ImageSource>,
    tag: Option<String>,
    policy: Policy,
    fetch: bool,
    exact: bool,
    digests: BTreeMap<Repository, Digest>,
    tfvars: Option<PathBuf>,
}

/// The edit that makes a pipeline, or where it is already.
#[derive(PartialEq)]
pub struct Scaffold {
    /// What changes in the files; empty where the block is there.
    pub edits: Vec<Edit>,
    /// The pipeline as it stands or will stand.
    pub pipeline: Pipeline,
    /// The pipeline it is copied from.
    pub from: Option<Namespace>,
    /// What to look at.
    notes: Vec<String>,
    /// The pipelines there are, with the new one.
    pub estate: Estate,
}

/// All that `new` would do before terraform says what else.
pub struct NewPipeline {
    /// The pipeline.
    pub namespace: Namespace,
    /// Its tag.
    pub tag: String,
    /// Its block.
    pub scaffold: Scaffold,
    /// Its tags.
    pub release: Release,
    /// What changes in the file of `--tfvars`.
    pub variables: Option<Edit>,
    /// The record of an earlier run that did not end.
    pub unfinished: Option<Record>,
}

impl Request {
    /// Reads the template and the pipelines that the arguments name.
    pub fn new(arguments: &Arguments, context: &Context) -> Result<Self, Failure> {
        let settings = &context.settings;
        context.settings.require_file()?;
        let rules = estate::rules(settings)?;
        let namespace: Namespace = arguments.namespace.parse()?;
        rules.namespace(namespace.as_str()).map_err(|reason| {
            Failure::usage(reason).hint("mend the name, or namespace_pattern below [pipeline] in pipelinectl.toml")
        })?;
        let named = |word: &Option<String>| word.as_deref().map(|word| target::resolve(context, word)).transpose();
        let template = match (&arguments.template, &settings.pipeline.template, &arguments.from) {
            (Some(file), _, _) => Some(context.environment.directory().join(file)),
            (None, Some(file), None) => Some(settings.directory.join(file)),
            (None, _, _) => None,
        };
        let template = match template {
            None => None,
            Some(path) => {
                let text = files::read(&path)?;
                let shown = path.strip_prefix(&settings.directory).unwrap_or(&path).display().to_string();
                Some((shown, text))
            }
        };
        let (source, tag) = if arguments.edit_only {
            // Neither git nor AWS is asked; the name must not look like a tag of another sort all the same.
            release::tag_of(settings, &namespace, &ImageSource::Tag(arguments.source.source_tag.clone()))?;
            (None, None)
        } else {
            let source = arguments.source.source(context)?;
            let tag = release::tag_of(settings, &namespace, &source)?;
            (Some(source), Some(tag))
        };
        check_names(context, &namespace)?;
        Ok(Self {
            rules,
            template,
            from: named(&arguments.from)?,
            after: named(&arguments.after)?,
            before: named(&arguments.before)?,
            label: arguments.label.clone(),
            file: arguments.file.as_deref().map(|file| estate::file_of_block(settings, file)).transpose()?,
            sets: arguments.sets.clone(),
            unsets: arguments.unsets.clone(),
            namespace,
            source,
            tag,
            policy: arguments.guard.policy(PolicyKind::Create),
            fetch: !arguments.no_fetch,
            exact: arguments.source.exact_ref,
            digests: BTreeMap::new(),
            tfvars: arguments.tfvars.clone(),
        })
    }

    /// The same request, for the digests that were shown, whatever the source's tag names by now.
    pub fn pinned_to(mut self, plan: &NewPipeline) -> Self {
        self.digests = plan.release.digests();
        self
    }

    /// Reads every repository.
    fn release(
        &self,
        context: &Context,
        source: &ImageSource,
        tag: &str,
        pinned: &BTreeMap<Repository, Digest>,
    ) -> Result<Release, Failure> {
        let request = ReleaseRequest {
            namespace: &self.namespace,
            tag,
            source,
            services: &context.settings.services,
            pinned,
            policy: self.policy,
            fetch: self.fetch,
            exact: self.exact,
        };
        release::observe(context, &request)?.release()
    }

    /// Works out the edit. Nothing is written.
    pub fn scaffold(&self, context: &Context) -> Result<Scaffold, Failure> {
        let files = estate::files(context)?;
        let blocks = ModuleBlocks::read(&files, &self.rules)?;
        let origin = match (&self.template, &self.from) {
            (Some((name, text)), _) => Origin::Template { name, text },
            (None, Some(from)) => Origin::Sibling(from),
            (None, None) => Origin::Newest,
        };
        let place = match (&self.after, &self.before) {
            (Some(after), _) => Place::After(after),
            (None, Some(before)) => Place::Before(before),
            (None, None) => Place::End,
        };
        let addition = Addition {
            namespace: &self.namespace,
            origin,
            label: self.label.as_deref(),
            unsets: &self.unsets,
            sets: &self.sets,
            place,
            file: self.file.as_deref(),
        };
        let mut estate = blocks.estate().clone();
        for unclear in &estate.unclear {
            let place = format!("{}:{}", unclear.file, unclear.line);
            context.ui.warn(&format!("{place}: module.{} may be a pipeline: {}", unclear.label, unclear.reason));
        }
        match blocks.add(&addition)? {
            Added::Exists { pipeline, differing } if differing.is_empty() => {
                Ok(Scaffold { edits: Vec::new(), pipeline, from: None, notes: Vec::new(), estate })
            }
            Added::Exists { pipeline, differing } => {
                let paths: Vec<String> = differing.iter().map(ToString::to_string).collect();
                let message = format!(
                    "{} is there already ({}:{}) and says something else of {}",
                    pipeline.namespace,
                    pipeline.file,
                    pipeline.line,
                    paths.join(", ")
                );
                Err(Failure::usage(message)
                    .hint("'new' does not change a pipeline that is there: edit its block, then 'pipelinectl plan'"))
            }
            Added::New(block) => {
                estate.pipelines.push(block.pipeline.clone());
                Ok(Scaffold {
                    edits: block.edits,
                    pipeline: block.pipeline,
                    from: block.from,
                    notes: block.notes,
                    estate,
                })
            }
        }
    }
}

impl Scaffold {
    /// File and line of the block.
    pub fn place(&self) -> String {
        format!("{}:{}", self.pipeline.file, self.pipeline.line)
    }

    /// Shows the diff.
    pub fn show(&self, context: &Context) {
        edits::show(context, &self.edits);
        for note in &self.notes {
            context.ui.warn(note);
        }
    }
}

impl NewPipeline {
    /// Whether neither the file nor a tag would change.
    pub fn is_nothing(&self) -> bool {
        self.scaffold.edits.is_empty() && self.variables.is_none() && self.release.plan.is_nothing()
    }

    /// Whether this `new`, or one that did not end, made the pipeline.
    pub fn is_ours(&self) -> bool {
        !self.scaffold.edits.is_empty() || self.unfinished.as_ref().is_some_and(|record| record.block_added)
    }

    /// Refuses what would change the live pipeline: whoever says `new` and names that one has mistyped.
    pub fn refuse_live(&self, context: &Context) -> Result<(), Failure> {
        if self.is_ours() || super::live_namespace(context).as_ref() != Some(&self.namespace) {
            return Ok(());
        }
        Err(Failure::refused(format!("{} is the live pipeline: 'new' does not change it", self.namespace))
            .hint("see what is different with 'pipelinectl plan live', and which tags are missing with 'pipelinectl tag live --dry-run'"))
    }

    /// Whether the earlier one would not have told what this one does.
    pub fn changes_other_things_than(&self, other: &Self) -> bool {
        self.scaffold != other.scaffold
            || self.variables != other.variables
            || self.release.plan.digests() != other.release.plan.digests()
    }

    /// Shows the diff and the tags.
    pub fn show(&self, context: &Context) {
        let ui = &context.ui;
        if let Some(record) = &self.unfinished {
            ui.say(&format!(
                "Going on with what {} began {}: the images of then are used.",
                record.by,
                record.started.strftime("%F %T UTC")
            ));
        }
        if self.is_nothing() && self.unfinished.is_none() {
            ui.say(&format!("{} has its block ({}) and its tags.", self.namespace, self.scaffold.place()));
            return;
        }
        if self.scaffold.edits.is_empty() {
            ui.say(&format!("The block is there: {} in {}", self.scaffold.pipeline.address(), self.scaffold.place()));
        }
        self.scaffold.show(context);
        edits::show(context, self.variables.as_slice());
        ui.show(&format!("\n{}", paint::strong(&format!("Images for {}\n", self.tag))));
        release::show(context, &self.release);
    }

    /// What is asked before the first change.
    pub fn question(&self) -> String {
        let tags = self.release.plan.changes().count();
        let tags = (tags > 0).then(|| format!("make {}", counted(tags, "tag")));
        let edit = (!self.scaffold.edits.is_empty()).then(|| "write the block".to_owned());
        let variables = self.variables.as_ref().map(|edit| format!("write {}", edit.path()));
        let parts: Vec<String> = edit.into_iter().chain(variables).chain(tags).chain(["plan".to_owned()]).collect();
        let mut question = parts.join(", ");
        if let Some(first) = question.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        question + "?"
    }
}

/// Reads the estate again, the record and every repository.
pub fn observe(request: &Request, context: &Context) -> Result<NewPipeline, Failure> {
    let (Some(source), Some(tag)) = (&request.source, &request.tag) else {
        return Err(Failure::failed("the images were not asked for"));
    };
    let scaffold = request.scaffold(context)?;
    // What another command began is not for this one to go on with.
    let mut unfinished = context.store()?.unfinished(&request.namespace)?.filter(|record| record.command == "new");
    let of_record = unfinished.as_ref().map(|record| recorded(&context.settings, record));
    let mut release = request.release(context, source, tag, of_record.as_ref().unwrap_or(&request.digests))?;
    let no_tag_yet = release.plan.changes().count() == release.plan.moves.len();
    if unfinished.is_some() && no_tag_yet && !scaffold.edits.is_empty() {
        // The earlier run left nothing behind, or somebody took it away: this one begins anew, with today's images.
        unfinished = None;
        release = request.release(context, source, tag, &request.digests)?;
    }
    let namespace = request.namespace.clone();
    let variables = match &request.tfvars {
        Some(path) => tfvars::edit_for(context, &namespace, &release, path)?,
        None => None,
    };
    Ok(NewPipeline { namespace, tag: tag.clone(), scaffold, release, variables, unfinished })
}

/// Names made from the namespace must be names that AWS takes ("Lambda quotas"; "Using Amazon ECR image tags").
fn check_names(context: &Context, namespace: &Namespace) -> Result<(), Failure> {
    for limit in name_limits(context) {
        let name = limit.pattern.replace("{namespace}", namespace.as_str());
        if name.chars().count() > limit.longest {
            return Err(Failure::usage(format!(
                "the {} would be called {name}: {} characters, {} are allowed",
                limit.what,
                name.chars().count(),
                limit.longest
            ))
            .hint("choose a shorter namespace"));
        }
        if limit.what == "Lambda function" && name.contains('.') {
            return Err(Failure::usage(format!("the Lambda function would be called {name}, which may have no dot"))
                .hint("choose a namespace without a dot"));
        }
    }
    Ok(())
}
