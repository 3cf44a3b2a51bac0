//! `pipelinectl new`

mod act;
mod observe;
mod replaced;
mod report;

use std::path::PathBuf;

use clap::Args;

use super::common::changes::ChangesOfNew;
use super::common::lock::LockArguments;
use super::common::protection::Look;
use super::common::release::{self, GuardArguments, SourceArguments};
use super::common::stage::AllowArguments;
use super::common::{estate, target, upstream};
use super::{End, Outcome};
use crate::context::Context;
use crate::failure::Failure;
use crate::operations::write_edits::write_edits;
use crate::releases::Lock;
use crate::settings::file::Layout;
pub use report::Report;

/// Make a pipeline: its module block, its image tags, its resources
///
/// Shows what would change and asks; edits the file, makes the tags, plans; refuses the plan if it touches anything but
/// the new pipeline; shows it and asks; applies, and verifies what runs. Stopped anywhere, the same command goes on.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl new 2022-10-14 --dry-run      what would change
  pipelinectl new 2022-10-14                from the template, with the images tagged latest
  pipelinectl new 2022-10-14 --from live --set scale.tasks=4
                                            as the live one, but for a setting
  pipelinectl new 2022-10-14 --plan-only --out plan.tfplan
                                            up to the plan; then: pipelinectl apply plan.tfplan")]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Arguments {
    /// The namespace of the new pipeline, usually a date
    #[arg(value_name = "NS")]
    namespace: String,
    /// Copy the block of this pipeline
    #[arg(long, value_name = "NS", conflicts_with = "template", add = target::completer())]
    from: Option<String>,
    /// Make the block from this template [default: the configured one, else the newest pipeline]
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// What is changed in the new block
    #[command(flatten)]
    changes: ChangesOfNew,
    /// Which images
    #[command(flatten)]
    source: SourceArguments,
    /// The label of the module block [default: as the configuration says]
    #[arg(long)]
    label: Option<String>,
    /// Put the block below that of this pipeline
    #[arg(long, value_name = "NS", conflicts_with = "before", add = target::completer())]
    after: Option<String>,
    /// Put the block above that of this pipeline
    #[arg(long, value_name = "NS", add = target::completer())]
    before: Option<String>,
    /// Put the block in the place of that of this pipeline, which goes: block and resources in the same plan, then its
    /// tags as 'retire' takes them
    #[arg(long, value_name = "NS", conflicts_with_all = ["after", "before", "file"], add = target::completer())]
    replace: Option<String>,
    /// Put the block into this file of the Terraform root
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
    /// Stop after the edit; needs neither AWS nor terraform nor git
    #[arg(long, conflicts_with_all = ["plan_only", "out"])]
    edit_only: bool,
    /// Stop before the apply and keep the plan
    #[arg(long, requires = "out")]
    plan_only: bool,
    /// Where the plan is kept; beside it FILE.json, which 'pipelinectl apply' needs
    #[arg(long, value_name = "FILE", requires = "plan_only")]
    out: Option<PathBuf>,
    /// Also write the images as Terraform variables into this file, as 'pipelinectl tfvars --out' does; where a pipeline is
    /// a folder, that may be the new one
    #[arg(long, value_name = "FILE", conflicts_with = "edit_only")]
    tfvars: Option<PathBuf>,
    /// What may pass
    #[command(flatten)]
    allow: AllowArguments,
    /// Which images may pass
    #[command(flatten)]
    guard: GuardArguments,
    /// Go on although the upstream branch has commits for the estate that this checkout lacks
    #[arg(long)]
    allow_behind: bool,
    /// Do not fetch the upstream branch or the main branch of the images; compare with what was fetched last
    #[arg(long)]
    no_fetch: bool,
    /// How long to wait
    #[command(flatten)]
    lock: LockArguments,
}

/// Observes, plans, shows, asks, acts, reports.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let ui = &context.ui;
    let request = observe::Request::new(arguments, context)?;
    if arguments.edit_only {
        return edit_only(&request, context);
    }
    release::require_services(&context.settings)?;
    let have = match context.settings.services.len() {
        1 => "1 service has".to_owned(),
        count => format!("{count} services have"),
    };
    ui.say(&format!("Reading the estate and what {have} in ECR …"));
    // Answered beforehand, nothing can change between the question and the lock: one reading is enough.
    let mut locks = None;
    if ui.says_yes() && !context.dry_run {
        locks = Some(Locks::take(arguments, context, &request)?);
    }
    if !arguments.allow_behind {
        upstream::refuse_behind(context, !arguments.no_fetch)?;
    }
    // A root of the pipeline's own is not there yet: then terraform is looked for in that of its sibling, once that is known.
    let shared = match context.settings.layout {
        Layout::ModuleBlocks | Layout::MapEntries => Some(act::terraform(context, None)?),
        Layout::Directories => None,
    };
    let mut plan = observe::observe(&request, context)?;
    let program = match shared {
        Some(program) => program,
        None => act::terraform(context, Some(plan.scaffold.stand_in()))?,
    };
    plan.show(context);
    if context.dry_run {
        ui.say("\nDry run: nothing was changed.");
        report::print(context, &plan, None, None, &[], None);
        return Ok(End::Done);
    }
    if !plan.is_nothing() {
        plan.refuse_live(context)?;
    }
    if !plan.is_nothing() || plan.takes_tags_away() {
        confirm(context, &plan.question())?;
    }
    let locks = if let Some(locks) = locks {
        locks
    } else {
        let locks = Locks::take(arguments, context, &request)?;
        let again = observe::observe(&request.pinned_to(&plan), context)?;
        if again.changes_other_things_than(&plan) {
            ui.warn("something was changed in the meantime; this is how it is now:");
            again.show(context);
            confirm(context, &again.question())?;
        }
        plan = again;
        locks
    };
    act::act(arguments, context, &program, &plan, &locks)
}

/// The locks of the pipeline that is made and of the one whose place it takes.
struct Locks {
    new: Lock,
    old: Option<Lock>,
}

impl Locks {
    /// In the order of their names, so that two who want the same ones do not wait for each other.
    fn take(arguments: &Arguments, context: &Context, request: &observe::Request) -> Result<Self, Failure> {
        let take = |namespace| context.lock(namespace, "new", arguments.lock.wait_lock);
        let new = &request.namespace;
        let (new, old) = match &request.replace {
            None => (take(new)?, None),
            Some(old) if old == new => return Err(Failure::usage(format!("{new} cannot take its own place"))),
            Some(old) if old.as_str() < new.as_str() => {
                let old = take(old)?;
                (take(new)?, Some(old))
            }
            Some(old) => (take(new)?, Some(take(old)?)),
        };
        if let Some(old) = &request.replace {
            replaced::refuse_live(context, old, Look::Again)?;
        }
        Ok(Self { new, old })
    }
}

fn edit_only(request: &observe::Request, context: &Context) -> Outcome {
    let ui = &context.ui;
    let scaffold = request.scaffold(context)?;
    scaffold.show(context);
    if scaffold.edits.is_empty() {
        ui.say(&format!("Nothing to do: {} is in {}.", request.namespace, scaffold.place()));
    } else if context.dry_run {
        ui.say("\nDry run: nothing was changed.");
    } else {
        confirm(context, &format!("Write {}?", scaffold.path()))?;
        write_edits(&context.settings.directory, &scaffold.edits)?;
        ui.say(&scaffold.written());
    }
    report::print_edit(context, &scaffold);
    Ok(End::Done)
}

fn confirm(context: &Context, question: &str) -> Result<(), Failure> {
    if !context.ui.can_ask() {
        return Err(Failure::failed("nobody is there to say yes; nothing was changed")
            .hint("use --yes to go on unattended, or --dry-run to look only"));
    }
    if context.ui.confirm(question) {
        return Ok(());
    }
    Err(Failure::failed("answered no; nothing was changed"))
}

/// The names that are made from a namespace, and how long they may be.
pub(super) fn name_limits(context: &Context) -> Vec<crate::layout::NameLimit> {
    let limit = |what: &str, pattern: &str, longest| crate::layout::NameLimit {
        what: what.to_owned(),
        pattern: pattern.to_owned(),
        longest,
        dots: what != "Lambda function",
    };
    let mut limits = vec![limit("ECR tag", &context.settings.images.pipeline_tag, 128)];
    for service in &context.settings.services {
        limits.extend(service.lambda.iter().map(|name| limit("Lambda function", name, 64)));
        limits.extend(service.ecs.iter().map(|target| limit("ECS service", &target.service, 255)));
        limits.extend(service.ecs.iter().map(|target| limit("ECS cluster", &target.cluster, 255)));
    }
    limits
}

/// The live pipeline, if one is configured and named; a wrong pointer is `check`'s business.
fn live_namespace(context: &Context) -> Option<crate::pipeline::Namespace> {
    estate::live(&context.settings).ok()
}
