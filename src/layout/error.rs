//! What keeps a pipeline from being added.

use crate::hcl::{EditError, SyntaxError};
use crate::pipeline::{Estate, Namespace};
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
    /// The address is that of several blocks.
    #[error("{address} stands there {} times: {}", places.len(), places.join(", "))]
    DuplicateTarget {
        /// The address.
        address: String,
        /// File, line and column of each.
        places: Vec<String>,
    },
    /// No block has the address.
    #[error("there is no {address}{}", file.as_ref().map_or_else(String::new, |file| format!(" in {file}")))]
    NoSuchBlock {
        /// The address.
        address: String,
        /// The file that was looked in, if it was only one.
        file: Option<String>,
        /// The addresses of blocks of the same kind.
        known: Vec<String>,
    },
    /// The block is there, in a file that is not edited.
    #[error("{path}:{line}:{column}: {address} is written as JSON, which is not edited")]
    BlockInJson {
        /// The address.
        address: String,
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A block is to go that something else names.
    #[error("{address} is named elsewhere: {}", places.join(", "))]
    StillNamed {
        /// Its address.
        address: String,
        /// File, line and column of each.
        places: Vec<String>,
    },
    /// The value is a local that something else uses, too.
    #[error("{refused}, and {local} is used elsewhere, too: {}", places.join(", "))]
    SharedLocal {
        /// Why it cannot be changed where it is.
        refused: String,
        /// The local.
        local: String,
        /// File and line of each other use.
        places: Vec<String>,
    },
    /// The configured map is nowhere.
    #[error("there is no {map} in the Terraform root")]
    NoMap {
        /// Its name: `local.pipelines`.
        map: String,
    },
    /// The configured map is not written down entry by entry.
    #[error("{path}:{line}: {map} is the expression {expression}, not entries between braces")]
    ComputedMap {
        /// Its name: `local.pipelines`.
        map: String,
        /// The file.
        path: String,
        /// The line of the expression, from 1.
        line: usize,
        /// The expression, shortened.
        expression: String,
    },
    /// The template is something else than one entry of a map.
    #[error("{name} must hold one entry, \"{{{{namespace}}}}\" = {{ … }}, and nothing else")]
    NotOneEntry {
        /// The template's name.
        name: String,
    },
    /// A folder has no module block that is the pipeline, or several that might be.
    #[error("{folder} has no module block that is known to be the pipeline")]
    NoModule {
        /// The folder.
        folder: String,
    },
    /// Two roots would keep their states at the same place: the plan of one would destroy the other.
    #[error("{path}:{line}: the state of {namespace} would be kept where that of {other} is")]
    SameState {
        /// The pipeline.
        namespace: Namespace,
        /// The other one.
        other: Namespace,
        /// The file of the backend.
        path: String,
        /// Its line, from 1.
        line: usize,
    },
    /// The user asked for something that the layout does not have.
    #[error("{what} means nothing in the layout {layout}")]
    NotInLayout {
        /// What was asked for.
        what: &'static str,
        /// The layout.
        layout: &'static str,
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

impl LayoutError {
    pub(super) fn no_such_pipeline(namespace: &Namespace, estate: &Estate) -> Self {
        let known = estate.newest_first().into_iter().map(|pipeline| pipeline.namespace.clone()).collect();
        Self::NoSuchPipeline { namespace: namespace.clone(), known }
    }
}

fn among(known: &[Namespace]) -> String {
    let names: Vec<&str> = known.iter().take(5).map(Namespace::as_str).collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!(" (there are {}{})", names.join(", "), if known.len() > 5 { ", …" } else { "" }),
    }
}
