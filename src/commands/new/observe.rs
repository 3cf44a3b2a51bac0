//! What is there, and what `new` would make of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::common::release::{self, Release, ReleaseRequest, recorded};
use super::super::common::{changes, edits, estate, target};
use super::super::tfvars;
use super::replaced::{Leaving, Replaced, asked_for};
use super::{Arguments, name_limits};
use crate::context::Context;
use crate::failure::Failure;
use crate::files;
use crate::hcl::Change;
use crate::layout::{Added, Addition, Edit, FolderFile, Layout, Origin, Place};
use crate::pipeline::image::Digest;
use crate::pipeline::release::{ImageSource, Policy, PolicyKind};
use crate::pipeline::service::Repository;
use crate::pipeline::{Estate, Namespace, Pipeline, Reach};
use crate::releases::Record;
use crate::settings::file::Layout as Chosen;
use crate::ui::counted;
use crate::ui::diff::unified;
use crate::ui::paint;

/// What the user asks for, checked as far as that goes without looking at anything but the files.
pub struct Request {
    /// The new pipeline.
    pub namespace: Namespace,
    layout: Layout,
    template: Option<(String, String)>,
    from: Option<Namespace>,
    after: Option<Namespace>,
    before: Option<Namespace>,
    /// The pipeline whose place the new one takes.
    pub replace: Option<Namespace>,
    label: Option<String>,
    file: Option<String>,
    changes: Vec<Change>,
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
    /// The files of the folder that is copied, where a pipeline is one.
    copied: Vec<FolderFile>,
    /// The pipeline whose place it takes.
    pub replaced: Option<Replaced>,
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
    /// What the pipeline whose place it takes leaves behind.
    pub leaving: Option<Leaving>,
    /// The record of an earlier run that did not end.
    pub unfinished: Option<Record>,
}

impl Request {
    /// Reads the template and the pipelines that the arguments name.
    pub fn new(arguments: &Arguments, context: &Context) -> Result<Self, Failure> {
        let settings = &context.settings;
        context.settings.require_file()?;
        let layout = estate::layout(settings)?;
        let namespace: Namespace = arguments.namespace.parse()?;
        layout.rules().namespace(namespace.as_str()).map_err(|reason| {
            Failure::usage(reason).hint("mend the name, or namespace_pattern below [pipeline] in pipelinectl.toml")
        })?;
        let named = |word: &Option<String>| word.as_deref().map(|word| target::resolve(context, word)).transpose();
        let template = match (&arguments.template, &settings.pipeline.template, &arguments.from) {
            (Some(file), _, _) => Some(context.environment.directory().join(file)),
            (None, Some(file), None) => Some(settings.directory.join(file)),
            (None, _, _) => None,
        };
        let template = match template {
            Some(_) if arguments.template.is_none() && settings.layout == Chosen::Directories => None,
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
            layout,
            template,
            from: named(&arguments.from)?,
            after: named(&arguments.after)?,
            before: named(&arguments.before)?,
            replace: asked_for(arguments, context)?,
            label: arguments.label.clone(),
            file: arguments.file.as_deref().map(|file| estate::file_of_block(settings, file)).transpose()?,
            changes: arguments.changes.0.clone(),
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
        let reading = self.layout.read(&files)?;
        let origin = match (&self.template, &self.from) {
            (Some((name, text)), _) => Origin::Template { name, text },
            (None, Some(from)) => Origin::Sibling(from),
            (None, None) => Origin::Newest,
        };
        let place = match (&self.after, &self.before, &self.replace) {
            (Some(after), _, _) => Place::After(after),
            (None, Some(before), _) => Place::Before(before),
            (None, None, Some(old)) => Place::Instead(old),
            (None, None, None) => Place::End,
        };
        let addition = Addition {
            namespace: &self.namespace,
            origin,
            label: self.label.as_deref(),
            changes: &self.changes,
            place,
            file: self.file.as_deref(),
        };
        let mut estate = reading.estate().clone();
        for unclear in &estate.unclear {
            let place = format!("{}:{}", unclear.file, unclear.line);
            context.ui.warn(&format!(
                "{place}: {} may be a pipeline: {}",
                estate::name_of(&context.settings, unclear),
                unclear.reason
            ));
        }
        for named in [&self.from, &self.after, &self.before, &self.replace].into_iter().flatten() {
            estate::refuse_unclear(context, &estate, named)?;
        }
        let folder = match reading.folder_to_copy(&addition)? {
            Some(folder) => estate::folder(context, &folder)?,
            None => Vec::new(),
        };
        let replaced = self.replace.as_ref().map(|namespace| {
            let pipeline = estate.find(namespace).cloned();
            Replaced { namespace: namespace.clone(), pipeline }
        });
        match reading.add(&addition, &folder)? {
            Added::Exists { pipeline, differing } if differing.is_empty() => {
                if let Some(old) = &replaced {
                    old.refuse_both(&pipeline)?;
                }
                let (edits, notes, copied) = (Vec::new(), Vec::new(), Vec::new());
                Ok(Scaffold { edits, pipeline, from: None, notes, copied, replaced, estate })
            }
            Added::Exists { pipeline, differing } => {
                let paths: Vec<String> = differing.iter().map(|change| change.path().to_string()).collect();
                let namespace = &pipeline.namespace;
                let typed = changes::as_typed(&differing);
                let message = format!(
                    "{} is there already ({}:{}) and says something else of {}",
                    pipeline.namespace,
                    pipeline.file,
                    pipeline.line,
                    paths.join(", ")
                );
                Err(Failure::usage(message).hint(format!(
                    "'new' does not change a pipeline that is there; this does: pipelinectl set {namespace} {typed}"
                )))
            }
            Added::New(block) => {
                estate.pipelines.push(block.pipeline.clone());
                Ok(Scaffold {
                    edits: block.edits,
                    pipeline: block.pipeline,
                    from: block.from,
                    notes: block.notes,
                    copied: folder,
                    replaced,
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

    /// What was written, in words.
    pub fn written(&self) -> String {
        match self.pipeline.root() {
            Some(folder) => format!("Wrote {folder}, {}.", counted(self.edits.len(), "file")),
            None => format!("Wrote {} to {}.", self.pipeline.address(), self.place()),
        }
    }

    /// What a pipeline is in the files.
    pub fn sort(&self) -> &'static str {
        match self.pipeline.reach {
            Reach::Module => "block",
            Reach::Addresses(_) => "entry",
            Reach::Root(_) => "folder",
        }
    }

    /// The block or the entry by its name.
    pub fn thing(&self) -> String {
        match self.pipeline.reach {
            Reach::Module => format!("block {}", self.pipeline.address()),
            Reach::Addresses(_) => format!("entry {}", self.pipeline.label),
            Reach::Root(_) => format!("folder {}", self.pipeline.address()),
        }
    }

    /// What has to be committed.
    pub fn path(&self) -> &str {
        self.pipeline.root().unwrap_or(&self.pipeline.file)
    }

    /// A pipeline whose root serves to look at terraform while the new one has none yet.
    pub fn stand_in(&self) -> &Pipeline {
        let from = self.from.as_ref().and_then(|from| self.estate.find(from));
        from.filter(|from| from.root().is_some()).unwrap_or(&self.pipeline)
    }

    /// Shows the diff; of a folder, how it differs from the one that it is copied from.
    pub fn show(&self, context: &Context) {
        if let (Some(folder), Some(from)) = (self.pipeline.root(), &self.from) {
            return self.show_copy(context, folder, from);
        }
        edits::show(context, &self.edits);
        if let (Some(old), false) = (&self.replaced, self.edits.is_empty()) {
            context
                .ui
                .warn(&format!("{} goes: its block, what it made in the same plan, and then its tags", old.namespace));
        }
        for note in &self.notes {
            context.ui.warn(note);
        }
    }
}

impl Scaffold {
    /// The variables take the place of the sibling's file in the copy of its folder. Another file of that folder that names
    /// the sibling's images is told of: the new pipeline would run them.
    fn write_variables(&mut self, variables: Option<&Edit>, namespace: &Namespace) {
        self.edits.retain(|edit| Some(edit.path()) != variables.map(Edit::path));
        for edit in &self.edits {
            let (path, text) = (edit.path(), edit.text().unwrap_or_default());
            let is_variables = path.ends_with(".tfvars") || path.ends_with(".tfvars.json");
            if let (true, Some(from)) = (is_variables && text.contains("@sha256:"), &self.from) {
                self.notes.push(format!(
                    "{path} names the images of {from} by digest; '--tfvars' with that file writes those of {namespace}"
                ));
            }
        }
    }

    fn show_copy(&self, context: &Context, folder: &str, from: &Namespace) {
        let from = self.estate.find(from).and_then(Pipeline::root).unwrap_or_default();
        let mut text = format!("{}\n", paint::strong(&format!("{folder}, a copy of {from}")));
        let mut diffs = String::new();
        for edit in &self.edits {
            let Edit::Create { path, bytes: after, .. } = edit else { continue };
            let name = path.strip_prefix(&format!("{folder}/")).unwrap_or(path);
            let before = self.copied.iter().find(|file| file.path == name);
            let is_same = before.is_some_and(|before| before.bytes == *after);
            let mark = if is_same { ' ' } else { '~' };
            text.push_str(&format!("  {mark} {name}\n"));
            if let (false, Some(after)) = (is_same, edit.text()) {
                diffs.push_str(&unified(path, before.and_then(FolderFile::text).unwrap_or_default(), after));
            }
        }
        context.ui.show(&format!("{text}{diffs}"));
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

    /// Whether tags go of the pipeline whose place it takes.
    pub fn takes_tags_away(&self) -> bool {
        self.leaving.as_ref().is_some_and(|leaving| leaving.changes() > 0)
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
            || self.leaving != other.leaving
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
            let sort = self.scaffold.sort();
            ui.say(&format!("{} has its {sort} ({}) and its tags.", self.namespace, self.scaffold.place()));
            if let Some(leaving) = &self.leaving {
                leaving.show(context);
            }
            return;
        }
        if self.scaffold.edits.is_empty() {
            let (sort, address) = (self.scaffold.sort(), self.scaffold.pipeline.address());
            ui.say(&format!("The {sort} is there: {address} in {}", self.scaffold.place()));
        }
        self.scaffold.show(context);
        edits::show(context, self.variables.as_slice());
        ui.show(&format!("\n{}", paint::strong(&format!("Images for {}\n", self.tag))));
        release::show(context, &self.release);
        if let Some(leaving) = &self.leaving {
            leaving.show(context);
        }
    }

    /// What is asked before the first change.
    pub fn question(&self) -> String {
        let tags = self.release.plan.changes().count();
        let tags = (tags > 0).then(|| format!("make {}", counted(tags, "tag")));
        let edit = (!self.scaffold.edits.is_empty()).then(|| format!("write the {}", self.scaffold.sort()));
        let variables = self.variables.as_ref().map(|edit| format!("write {}", edit.path()));
        let parts = edit.into_iter().chain(variables).chain(tags).chain(["plan".to_owned()]);
        // With a plan that changes something, that is asked together with its apply.
        let away = self.leaving.as_ref().filter(|_| self.is_nothing()).and_then(Leaving::in_words);
        let mut question = parts.chain(away).collect::<Vec<_>>().join(", ");
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
    let mut scaffold = request.scaffold(context)?;
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
    refuse_without_replace(request, unfinished.as_ref())?;
    let namespace = request.namespace.clone();
    let variables = match &request.tfvars {
        Some(path) => tfvars::edit_for(context, &namespace, &release, path)?,
        None => None,
    };
    scaffold.write_variables(variables.as_ref(), &namespace);
    let leaving = match &scaffold.replaced {
        Some(old) => Some(Leaving::observe(context, &request.layout, old, unfinished.as_ref())?),
        None => None,
    };
    Ok(NewPipeline { namespace, tag: tag.clone(), scaffold, release, variables, leaving, unfinished })
}

/// Without the flag, nothing would finish with the pipeline whose place is being taken.
fn refuse_without_replace(request: &Request, unfinished: Option<&Record>) -> Result<(), Failure> {
    match unfinished.and_then(|record| record.replaces.as_ref()) {
        Some(old) if request.replace.as_ref().is_none_or(|namespace| namespace.as_str() != old.namespace) => {
            let (new, old) = (&request.namespace, &old.namespace);
            Err(Failure::usage(format!("{new} is taking the place of {old}, and that has not ended"))
                .hint(format!("go on with it: pipelinectl new {new} --replace {old}")))
        }
        _ => Ok(()),
    }
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
