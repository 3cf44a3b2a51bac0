//! Checks a file against a schema that others have written.

use std::path::Path;
use std::process::Command;

use crate::{Result, places, process, python};

/// Whether Buildkite takes `path` for a pipeline: check-jsonschema, with the schema that Buildkite publishes. The error says
/// what is wrong and where.
pub fn is_buildkite(path: &Path) -> Result<()> {
    let python = python::environment(&places::source_folder().join("schemas/requirements.txt"))?;
    let mut command = Command::new(python);
    process::run(command.args(["-m", "check_jsonschema", "--builtin-schema", "vendor.buildkite"]).arg(path)).map(drop)
}
