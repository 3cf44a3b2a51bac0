//! What the user is told of files of the estate and of edits.

use super::{Failure, with_line};
use crate::hcl::EditError;
use crate::layout::LayoutError;

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
            LayoutError::JsonFile { .. } => Self::usage(message).hint("name a .tf file with --file"),
            LayoutError::Edit(EditError::Check { .. }) | LayoutError::Check { .. } => Self::failed(message)
                .hint("nothing was written; this is a defect of pipelinectl: please report it with the file"),
            LayoutError::Edit(_) => Self::usage(message).hint("nothing was changed"),
        }
    }
}
