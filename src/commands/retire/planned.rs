//! The plan that destroys the module, and nothing else.

use super::super::common::estate;
use super::super::common::running;
use super::super::common::stage::{self, MayChange};
use super::Arguments;
use super::block::BlockRemoval;
use super::observe::Retirement;
use crate::context::Context;
use crate::failure::Failure;
use crate::operations::terraform_run::Planned;
use crate::pipeline::Namespace;
use crate::settings::file::Layout;
use crate::terraform::{Address, Destroy, Error, Permits, PlanOptions, Program, Rules};

/// Terraform, found and new enough: before anything is changed.
pub fn program(context: &Context, namespace: &Namespace) -> Result<Program, Failure> {
    let program = match context.settings.layout {
        Layout::ModuleBlocks | Layout::MapEntries => stage::program(context)?,
        Layout::Directories => of_its_own(context, namespace)?,
    };
    program.version(&*context.ui.reading())?;
    Ok(program)
}

fn of_its_own(context: &Context, namespace: &Namespace) -> Result<Program, Failure> {
    let estate = estate::read(context)?;
    let gone = || Failure::failed(format!("the folder of {namespace} was removed in the meantime"));
    let pipeline = estate.find(namespace).ok_or_else(gone)?;
    stage::refuse_shared_state(context, namespace)?;
    stage::program_of(context, pipeline)
}

/// Plans, shows, and refuses what destroys anything else. Where the block is gone and nothing is found at the address
/// that it would have, the state is asked for another one.
pub fn plan(
    arguments: &Arguments,
    context: &Context,
    program: &Program,
    seen: &mut Retirement,
) -> Result<Planned, Failure> {
    let mut planned = at_address(arguments, context, program, seen)?;
    if !planned.has_changes()
        && context.settings.layout == Layout::ModuleBlocks
        && let Some(address) = in_state(context, program, seen)?
    {
        if seen.block.pipeline.is_some() {
            let message =
                format!("the block of {} is {}, but the state has it at {address}", seen.namespace, seen.address);
            return Err(
                Failure::refused(message).hint("apply the move first ('pipelinectl plan' shows it), then retire")
            );
        }
        seen.block = BlockRemoval::find(context, &seen.namespace, Some(&address))?;
        seen.address = address;
        planned = at_address(arguments, context, program, seen)?;
    }
    stage::guard(context, &planned, &format!("'retire' may only destroy what is inside {}", seen.address))?;
    if !planned.has_changes() {
        running::refuse(context, &seen.namespace, &seen.tag, &seen.tags)?;
        context.ui.say(&format!("Terraform's state has nothing in {}.", seen.address));
    }
    Ok(planned)
}

fn at_address(
    arguments: &Arguments,
    context: &Context,
    program: &Program,
    seen: &Retirement,
) -> Result<Planned, Failure> {
    let (addresses, root) = (seen.block.addresses.clone(), seen.block.root.clone());
    let destroy = match &root {
        Some(_) => Destroy::Everything,
        None => Destroy::Targets(addresses.iter().map(|it| module(it)).collect::<Result<_, _>>()?),
    };
    let changed = MayChange { namespace: seen.namespace.clone(), addresses, root, permits: Permits::Delete };
    let rules = Rules {
        targeted_destroy: changed.root.is_none(),
        ..stage::rules(&seen.block.estate, std::slice::from_ref(&changed), &arguments.allow.allows)?
    };
    let options = PlanOptions { lock: !context.dry_run, refresh: !arguments.no_refresh, destroy: Some(destroy) };
    stage::attempt(context, program, &options, &rules).map_err(|error| {
        let tag_is_missing = matches!(error, Error::TagMissing { .. });
        let failure = stage::placed(context, program, error);
        if !tag_is_missing {
            return failure;
        }
        // What stands there is for those who want the pipeline to run.
        Failure { hints: Vec::new(), ..failure }.hint(
            "use --no-refresh: terraform then destroys what its state holds, without reading the image (-refresh=false)",
        )
    })
}

fn module(address: &str) -> Result<Address, Failure> {
    address.parse().map_err(|error| Failure::usage(format!("{address}: {error}")))
}

/// The module of the state whose label names the pipeline.
fn in_state(context: &Context, program: &Program, seen: &Retirement) -> Result<Option<String>, Failure> {
    let rules = estate::rules(&context.settings)?;
    let modules = program.modules_in_state(&*context.ui.reading())?;
    let of_it: Vec<String> = modules
        .iter()
        .map(Address::as_str)
        .filter(|module| *module != seen.address)
        .filter(|module| rules.names(module.trim_start_matches("module."), &seen.namespace))
        .map(str::to_owned)
        .collect();
    match of_it.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        several => {
            let message = format!("the state has several modules for {}: {}", seen.namespace, several.join(", "));
            Err(Failure::refused(message).hint("put the block of the right one back, and run the same command again"))
        }
    }
}
