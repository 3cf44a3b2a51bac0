//! `pipelinectl retire`

mod act;
mod block;
mod gone;
mod observe;
mod planned;
mod report;

use clap::Args;

use super::common::lock::LockArguments;
use super::common::protection::{self, Look};
use super::common::stage::AllowArguments;
use super::common::{edits, target, upstream};
use super::{End, Outcome};
use crate::context::Context;
use crate::failure::Failure;
use crate::operations::write_edits::write_edits;
use crate::pipeline::{Estate, Namespace};
use block::BlockRemoval;
use observe::Retirement;
pub use report::Report;

/// Destroy a pipeline: its resources, its module block, its image tags
///
/// Refuses the live pipeline, as this checkout and the main branch name it, and what is protected, worked on, or named
/// elsewhere in the Terraform root. Plans the destruction of that module alone; refuses the plan if it touches anything
/// else, or something whose name does not carry the namespace; shows it, and asks for the namespace typed out. Then it
/// destroys, takes out the block (or the entry of a map, or the folder), and takes the pipeline's tags away. Images stay.
/// Stopped anywhere, the same command goes on.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pipelinectl retire 2022-08-31 --dry-run                what would be destroyed
  pipelinectl retire 2022-08-31                          destroy it, after its name was typed
  pipelinectl retire 2022-08-31 --confirm 2022-08-31     where nobody is there to type
  pipelinectl retire 2022-08-31 --edit-only              take the block out, and no more")]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Arguments {
    /// The pipeline: its namespace, or the address of its block
    #[arg(value_name = "NS", add = target::completer())]
    pipeline: String,
    /// The namespace once more, where nobody is there to type it; --yes does not do
    #[arg(long, value_name = "NS")]
    confirm: Option<String>,
    /// Delete the images, too, that have no other tag than the pipeline's
    #[arg(long)]
    delete_images: bool,
    /// Stop after the edit; needs neither AWS nor terraform, and of git only what was fetched
    #[arg(long, conflicts_with_all = ["delete_images", "no_refresh", "allows", "allow_behind"])]
    edit_only: bool,
    /// Plan from the state as it is, without looking at what really is; for when an image that the plan reads is gone
    #[arg(long)]
    no_refresh: bool,
    /// What may pass
    #[command(flatten)]
    allow: AllowArguments,
    /// Go on although the upstream branch has commits for the estate that this checkout lacks
    #[arg(long)]
    allow_behind: bool,
    /// Do not fetch the main branch; compare with what was fetched last
    #[arg(long)]
    no_fetch: bool,
    /// How long to wait
    #[command(flatten)]
    lock: LockArguments,
}

impl Arguments {
    fn fetches(&self) -> bool {
        !self.no_fetch && !self.edit_only
    }

    /// Whether the namespace stands on the command line a second time.
    fn is_confirmed(&self) -> bool {
        self.confirm.is_some()
    }
}

/// Observes, plans, shows, asks, acts, reports.
pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let ui = &context.ui;
    let namespace = target::resolve(context, &arguments.pipeline)?;
    check_confirmed(arguments, &namespace)?;
    protection::refuse(context, &namespace, Look::First { fetch: arguments.fetches() })?;
    if arguments.edit_only {
        return edit_only(arguments, context, &namespace);
    }
    require_somebody(arguments, context, &namespace)?;
    // Answered beforehand, nothing can change between the question and the lock: one reading is enough. Else it is only
    // looked whether somebody works on the pipeline now.
    let mut lock = None;
    if !context.dry_run {
        let taken = context.lock(&namespace, "retire", arguments.lock.wait_lock)?;
        lock = arguments.is_confirmed().then_some(taken);
        protection::refuse(context, &namespace, Look::Again)?;
    }
    if !arguments.allow_behind {
        upstream::refuse_behind(context, arguments.fetches())?;
    }
    ui.say(&format!("Reading the estate and the tags of {namespace} …"));
    if gone::is_gone(context, &namespace)? {
        return gone::end(arguments, context, &namespace);
    }
    let program = planned::program(context, &namespace)?;
    let mut seen = observe::observe(arguments, context, &namespace)?;
    seen.show(arguments, context);
    let planned = planned::plan(arguments, context, &program, &mut seen)?;
    if context.dry_run {
        ui.say("\nDry run: nothing was changed.");
        report::print(arguments, context, &seen, Some(&planned), None);
        return Ok(End::Done);
    }
    if seen.is_nothing(arguments) && !planned.has_changes() {
        return act::nothing(arguments, context, &seen, Some(&planned));
    }
    confirm(arguments, context, &namespace, &seen.question(arguments, &planned))?;
    let lock = if let Some(lock) = lock {
        lock
    } else {
        let lock = context.lock(&namespace, "retire", arguments.lock.wait_lock)?;
        protection::refuse(context, &namespace, Look::Again)?;
        let again = observe::observe(arguments, context, &namespace)?;
        if again.changes_other_things_than(&seen) {
            ui.warn("something was changed in the meantime; this is how it is now:");
            again.show(arguments, context);
            confirm(arguments, context, &namespace, &again.question(arguments, &planned))?;
        }
        seen = Retirement { address: seen.address, ..again };
        lock
    };
    act::act(arguments, context, &program, &seen, &planned, &lock)
}

fn check_confirmed(arguments: &Arguments, namespace: &Namespace) -> Result<(), Failure> {
    match &arguments.confirm {
        Some(typed) if typed != namespace.as_str() => {
            Err(Failure::usage(format!("--confirm says {typed}, but the pipeline is {namespace}: nothing was changed"))
                .hint("look again which pipeline is meant; --confirm takes its namespace, exactly"))
        }
        _ => Ok(()),
    }
}

/// Nobody should wait for a plan to be told that nobody can answer.
fn require_somebody(arguments: &Arguments, context: &Context, namespace: &Namespace) -> Result<(), Failure> {
    if context.dry_run || arguments.is_confirmed() || context.ui.is_interactive() {
        return Ok(());
    }
    Err(Failure::failed("nobody is there to type the namespace; nothing was changed")
        .hint(format!("use --confirm {namespace} to go on unattended (--yes does not do), or --dry-run to look only")))
}

fn confirm(arguments: &Arguments, context: &Context, namespace: &Namespace, question: &str) -> Result<(), Failure> {
    if arguments.is_confirmed() || context.ui.confirm_by_typing(question, namespace.as_str()) {
        return Ok(());
    }
    Err(Failure::failed(format!("{namespace} was not typed; nothing was changed")))
}

fn edit_only(arguments: &Arguments, context: &Context, namespace: &Namespace) -> Outcome {
    let ui = &context.ui;
    let removal = BlockRemoval::find(context, namespace, None)?;
    edits::show(context, &removal.edits);
    if removal.edits.is_empty() {
        ui.say(&format!("Nothing to do: no {} says that it is {namespace}.{}", removal.sort, known(&removal.estate)));
    } else if context.dry_run {
        ui.say("\nDry run: nothing was changed.");
    } else {
        let files = removal.files().join(", ");
        if !arguments.is_confirmed() {
            if !ui.can_ask() {
                return Err(Failure::failed("nobody is there to say yes; nothing was changed")
                    .hint("use --yes to go on unattended, or --dry-run to look only"));
            }
            let verb = if removal.root.is_some() { "Remove" } else { "Write" };
            if !ui.confirm(&format!("{verb} {files}?")) {
                return Err(Failure::failed("answered no; nothing was changed"));
            }
        }
        write_edits(&context.settings.directory, &removal.edits)?;
        ui.say(&removal.removed(context));
        ui.warn(match removal.root {
            None => "its resources stand until terraform destroys them: 'pipelinectl retire' without --edit-only does that",
            Some(_) => "its resources stand, and only from its folder can they be destroyed: put it back, then 'pipelinectl retire' without --edit-only",
        });
    }
    report::print_edit(context, namespace, &removal);
    Ok(End::Done)
}

/// The newest pipelines, to choose from.
fn known(estate: &Estate) -> String {
    let names: Vec<&str> = estate.newest_first().into_iter().take(5).map(|it| it.namespace.as_str()).collect();
    if names.is_empty() { String::new() } else { format!(" There are: {}", names.join(", ")) }
}
