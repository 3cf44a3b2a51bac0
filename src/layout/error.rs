//! What keeps a pipeline from being added.

use crate::hcl::{EditError, SyntaxError};
use crate::pipeline::Namespace;
use crate::template::TemplateError;

/// What keeps a pipeline from being read or added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// A file is not HCL.
    #[error("{path}:{}:{}: {}", error.line, error.column, error.message)]
    Syntax {
        /// The file.
        path: String,
        /// What is wrong in it.
        error: SyntaxError,
    },
    /// A `.tf.json` file is not JSON.
    #[error("{path} is not JSON: {reason}")]
    Json {
        /// The file.
        path: String,
        /// What is wrong in it.
        reason: String,
    },
    /// The label is taken by a block that is another pipeline, or none.
    #[error("the label '{label}' is taken: {path}:{line}")]
    DuplicateLabel {
        /// The label.
        label: String,
        /// The file of the block that has it.
        path: String,
        /// The line of that block, from 1.
        line: usize,
    },
    /// Terraform would not take the label.
    #[error(
        "'{label}' cannot be the label of a module: it must begin with a letter or '_', and go on with letters, digits, '_' and '-'"
    )]
    InvalidLabel {
        /// The label.
        label: String,
    },
    /// A pipeline that the user named is not there.
    #[error("there is no pipeline {namespace}{}", among(known))]
    NoSuchPipeline {
        /// What was asked for.
        namespace: Namespace,
        /// Those there are, the newest first.
        known: Vec<Namespace>,
    },
    /// There is nothing to copy.
    #[error("there is no pipeline yet that the new one could be copied from")]
    NoSibling,
    /// The configured pattern does not allow the namespace, or the like.
    #[error("{reason}")]
    Namespace {
        /// What is wrong.
        reason: String,
    },
    /// The template has a wrong placeholder.
    #[error("{name}: {error}")]
    Template {
        /// The template's name.
        name: String,
        /// What is wrong in it.
        error: TemplateError,
    },
    /// The template, with its placeholders replaced, is not HCL.
    #[error("{name}:{}:{}: {}", error.line, error.column, error.message)]
    TemplateSyntax {
        /// The template's name.
        name: String,
        /// What is wrong in it.
        error: SyntaxError,
    },
    /// The template is something else than one module block.
    #[error("{name} must hold one module block with one label and nothing else")]
    NotOneModule {
        /// The template's name.
        name: String,
    },
    /// A value could not be set or removed.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// Neither the new block's attribute nor its label says its namespace.
    #[error("the new block would not be known as pipeline {namespace}: {reason}")]
    NotRecognised {
        /// The namespace that was asked for.
        namespace: Namespace,
        /// What it says instead.
        reason: String,
    },
    /// Under the new namespace a key of the block would stand there twice.
    #[error("in the new block {what}")]
    KeyTwice {
        /// Which key, and where.
        what: String,
    },
    /// The pipeline is there, in a file that is not edited.
    #[error("{namespace} is there already, in {path}")]
    InJson {
        /// The pipeline.
        namespace: Namespace,
        /// The file.
        path: String,
    },
    /// The file to be edited is JSON.
    #[error("{path} is JSON, which is not edited")]
    JsonFile {
        /// The file.
        path: String,
    },
    /// The text after the edit is not what was meant: a defect of this program. Nothing was written.
    #[error("the edit of {path} was checked and came out wrong: {what}")]
    Check {
        /// The file.
        path: String,
        /// What was found.
        what: String,
    },
}

fn among(known: &[Namespace]) -> String {
    let names: Vec<&str> = known.iter().take(5).map(Namespace::as_str).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!(" (there are {}{})", names.join(", "), if known.len() > 5 { ", …" } else { "" }),
    }
}
