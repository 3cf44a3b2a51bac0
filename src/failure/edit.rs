//! What the user is told of files of the estate and of edits.

use super::{Failure, with_line};
use crate::hcl::EditError;
use crate::layout::LayoutError;
use crate::layout::changes::AddressError;

impl From<AddressError> for Failure {
    fn from(error: AddressError) -> Self {
        Self::usage(error.to_string()).hint("pipelinectl list shows the addresses of pipelines")
    }
}

impl From<LayoutError> for Failure {
    fn from(error: LayoutError) -> Self {
        let message = error.to_string();
        match error {
            LayoutError::Syntax { error, .. } => {
                Self::usage(with_line(&message, error.line, error.column, &error.text))
                    .hint("mend the file first; nothing was changed")
            }
            LayoutError::TemplateSyntax { error, .. } => {
                Self::usage(with_line(&message, error.line, error.column, &error.text)).hint("mend the template")
            }
            LayoutError::Json { .. } => Self::usage(message).hint("mend the file first; nothing was changed"),
            LayoutError::Template { .. } | LayoutError::NotOneModule { .. } => {
                Self::usage(message).hint("mend the template")
            }
            LayoutError::DuplicateLabel { .. } => Self::usage(message).hint("choose another label with --label"),
            LayoutError::InvalidLabel { .. } => {
                Self::usage(message).hint("choose another with --label, or mend module below [pipeline]")
            }
            LayoutError::NoSuchPipeline { .. } => Self::usage(message).hint("pipelinectl list shows the pipelines"),
            LayoutError::NoSibling => {
                Self::usage(message).hint("name a template with --template, or below [pipeline] in pipelinectl.toml")
            }
            LayoutError::Namespace { .. } => Self::usage(message).hint("choose another namespace"),
            LayoutError::NotRecognised { .. } => {
                Self::usage(message).hint("mend the template, or source and namespace_attribute below [pipeline]")
            }
            LayoutError::KeyTwice { .. } => {
                Self::usage(message).hint("leave one of the two out with --unset, or copy another pipeline with --from")
            }
            LayoutError::InJson { .. } => Self::usage(message).hint("JSON is not edited: change that file by hand"),
            LayoutError::NoMap { .. } => Self::usage(message).hint("mend map below [pipeline] in pipelinectl.toml"),
            LayoutError::ComputedMap { .. } => {
                Self::usage(message).hint("write the entries between braces, or name the map that has them as map")
            }
            LayoutError::NotOneEntry { .. } => Self::usage(message).hint("mend the template"),
            LayoutError::NoModule { .. } => {
                Self::usage(message).hint("name the module's source or namespace_attribute below [pipeline]")
            }
            LayoutError::SameState { .. } => Self::refused(message)
                .hint("give each pipeline's backend a key of its own, with the namespace in it; nothing was changed"),
            LayoutError::NotInLayout { .. } => {
                Self::usage(message).hint("leave it out, or mend layout below [project]")
            }
            LayoutError::JsonFile { .. } => Self::usage(message).hint("name a .tf file with --file"),
            LayoutError::DuplicateTarget { address, .. } => {
                Self::usage(message).hint(format!("say which one is meant: '{address}#2' is the second"))
            }
            LayoutError::NoSuchBlock { known, .. } => {
                let failure = Self::usage(message);
                if known.is_empty() { failure } else { failure.hint(format!("there are: {}", known.join(", "))) }
            }
            LayoutError::BlockInJson { .. } => {
                Self::usage(message).hint("nothing was changed: change that file by hand")
            }
            LayoutError::StillNamed { .. } => Self::usage(message)
                .hint("nothing was changed: take it out there first, or name another pipeline there"),
            LayoutError::SharedLocal { local, .. } => {
                let name = local.trim_start_matches("local.");
                Self::usage(message)
                    .hint(format!("nothing was changed; to change it everywhere: pipelinectl set locals {name}=…"))
            }
            LayoutError::Edit(EditError::Check { .. }) | LayoutError::Check { .. } => Self::failed(message)
                .hint("nothing was written; this is a defect of pipelinectl: please report it with the file"),
            LayoutError::Edit(error) => match error.mark() {
                Some(mark) => Self::usage(with_line(&message, mark.line, mark.column, &mark.text)),
                None => Self::usage(message),
            }
            .hint("nothing was changed"),
        }
    }
}
