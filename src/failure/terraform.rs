//! What the user is told of terraform.

use super::Failure;
use crate::settings::FILE_NAME;
use crate::terraform::{Diagnostic, Error};

/// Every diagnostic in full: its place, its code and its detail.
fn told(message: &str, diagnostics: &[Diagnostic]) -> String {
    let mut text = message.to_owned();
    for diagnostic in diagnostics.iter().filter(|diagnostic| !diagnostic.warning) {
        text.push_str(&format!("\n\n  {}", diagnostic.summary));
        if let Some(place) = &diagnostic.place {
            text.push_str(&format!("\n  at {place}"));
            if let Some(code) = &place.code {
                text.push_str(&format!("\n    {}", code.trim_end()));
            }
        }
        if let Some(address) = &diagnostic.address {
            text.push_str(&format!("\n  for {address}"));
        }
        for line in diagnostic.detail.lines() {
            text.push_str(&format!("\n  {line}").trim_end().replace("\n  \n", "\n\n"));
        }
    }
    text
}

fn tries(attempts: u32) -> String {
    if attempts > 1 { format!(" {attempts} times") } else { String::new() }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::NotFound { searched, .. } => {
                let folders: Vec<_> = searched.iter().map(|folder| folder.display().to_string()).collect();
                Self::failed(message)
                    .hint(format!("looked in {}", folders.join(", ")))
                    .hint(format!("install terraform or tofu, or name it with --terraform or [terraform] program in {FILE_NAME}"))
            }
            Error::NotExecutable { path } => Self::failed(message).hint(format!("chmod +x {}", path.display())),
            Error::NoRoot { .. } => Self::usage(message).hint(format!("mend terraform_dir in {FILE_NAME}")),
            Error::TooOld { needed, .. } => {
                Self::failed(message).hint(format!("install version {needed} or newer, or name another with --terraform"))
            }
            Error::VersionUnreadable { output, .. } => {
                Self::failed(message).hint(format!("it said: {output}")).hint("name another program with --terraform")
            }
            Error::Environment { variable, .. } => Self::refused(message).hint(format!(
                "unset {variable}: it would make terraform do something else than what is shown here"
            )),
            Error::InitArgument { .. } => {
                Self::usage(message).hint(format!("take it out of init_args in {FILE_NAME}"))
            }
            Error::Workspace { expected, .. } => {
                Self::refused(message).hint(format!("select the workspace {expected}, or set workspace below [terraform] in {FILE_NAME}"))
            }
            Error::StateLocked { lock, program } => Self::failed(message)
                .hint(format!(
                    "it was taken {} UTC for {} (lock {})",
                    lock.created.split('.').next().unwrap_or(&lock.created),
                    lock.operation.trim_start_matches("OperationType").to_lowercase(),
                    lock.id
                ))
                .hint("wait until that is done and run the same command again")
                .hint(format!("only if its owner is dead: {program} force-unlock {}", lock.id)),
            Error::Backend { diagnostics } => Self::failed(told("Terraform cannot reach its state", &diagnostics))
                .hint("see the credentials, the bucket, the region and init_args of the backend"),
            Error::BackendChanged { program, .. } => Self::failed(message).hint(format!(
                "decide whether the state must move: '{program} init -migrate-state' or '{program} init -reconfigure' in the root"
            )),
            Error::Configuration { diagnostics } => {
                Self::usage(told("the Terraform configuration has errors", &diagnostics))
                    .hint("mend the configuration and run the same command again")
            }
            Error::TagMissing { .. } => {
                Self::failed(message).hint("make the pipeline's tags with 'pipelinectl tag', or mend the tag in the configuration")
            }
            Error::PreventDestroy { diagnostics, .. } => Self::refused(told(&message, &diagnostics))
                .hint("take prevent_destroy out of that resource, run the same command again, and put it back afterwards")
                .hint("or keep the resource: 'terraform state rm' with its address, and nothing manages it any more"),
            Error::ProviderGone { diagnostics, .. } => Self::failed(told(&message, &diagnostics))
                .hint("put the module's block back, for instance with git, and run the same command again"),
            Error::Init { program, attempts, diagnostics, stderr } => {
                let failure = Self::failed(told(&format!("'{program} init' failed{}", tries(attempts)), &diagnostics));
                if diagnostics.is_empty() { failure.hint(stderr) } else { failure }
            }
            Error::Failed { program, command, status, diagnostics, stderr } => {
                let failure = Self::failed(told(&format!("'{program} {command}' failed ({status})"), &diagnostics));
                if diagnostics.is_empty() && !stderr.is_empty() { failure.hint(stderr) } else { failure }
            }
            Error::StalePlan => Self::refused(message).hint("plan again and review the new plan"),
            Error::AnotherPlan { .. } => Self::refused(message).hint("plan again and review that plan"),
            Error::Refused => Self::refused(message),
            Error::PlanUnreadable { .. } => {
                Self::failed(message).hint("nothing was applied; this version of terraform may be too new for this pipelinectl")
            }
            Error::ReviewUnreadable { .. } => {
                Self::refused(message).hint("make the plan with 'pipelinectl plan --out FILE', which writes FILE.json beside it")
            }
            Error::Interrupted { .. } => Self::new(super::Kind::Interrupted, message).hint("nothing was applied"),
            Error::Start { .. } | Error::File { .. } | Error::Wait { .. } => {
                let mut failure = Self::failed(message);
                if let Some(source) = std::error::Error::source(&error) {
                    failure = failure.hint(source.to_string());
                }
                failure
            }
        }
    }
}
