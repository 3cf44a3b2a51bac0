//! What a local module takes, and what it makes.

use std::collections::{BTreeMap, BTreeSet};

use crate::hcl::{Block, Item, Items, Locals, SyntaxError, items, label_text, line_of, literal_string};

use super::super::{LayoutError, SourceFile};
use super::attributes;
use super::types::Type;

/// The attribute that is the physical name of a resource, unique in its account and region. Names that are unique in
/// something else only, such as those of a role's policies, are not among them.
const NAMES: [(&str, &str); 24] = [
    ("aws_cloudwatch_event_rule", "name"),
    ("aws_cloudwatch_log_group", "name"),
    ("aws_cloudwatch_metric_alarm", "alarm_name"),
    ("aws_db_instance", "identifier"),
    ("aws_dynamodb_table", "name"),
    ("aws_ecr_repository", "name"),
    ("aws_ecs_cluster", "name"),
    ("aws_elasticsearch_domain", "domain_name"),
    ("aws_iam_policy", "name"),
    ("aws_iam_role", "name"),
    ("aws_iam_user", "name"),
    ("aws_kinesis_stream", "name"),
    ("aws_lambda_function", "function_name"),
    ("aws_lb", "name"),
    ("aws_opensearch_domain", "domain_name"),
    ("aws_rds_cluster", "cluster_identifier"),
    ("aws_s3_bucket", "bucket"),
    ("aws_scheduler_schedule_group", "name"),
    ("aws_secretsmanager_secret", "name"),
    ("aws_sfn_state_machine", "name"),
    ("aws_sns_topic", "name"),
    ("aws_sqs_queue", "name"),
    ("aws_ssm_parameter", "name"),
    ("aws_lb_target_group", "name"),
];

/// A variable of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// What it takes.
    pub kind: Type,
    /// What it is when it is not given; without one it must be given.
    pub default: Option<String>,
}

/// A resource whose physical name is an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// `aws_sns_topic.updates`
    pub address: String,
    /// Its type and the provider it is made with.
    pub sort: String,
    pub expression: String,
    pub path: String,
    pub line: usize,
    pub column: usize,
}

/// A module in a folder beside the root, or the root itself.
#[derive(Debug, Clone, Default)]
pub struct Module {
    pub(super) files: Vec<SourceFile>,
    pub(super) variables: BTreeMap<String, Variable>,
    pub(super) named: Vec<Named>,
}

impl Module {
    /// Reads the texts of its files.
    pub fn read(files: Vec<SourceFile>) -> Result<Self, LayoutError> {
        let mut module = Self::default();
        for file in files.iter().filter(|file| !file.is_json() && !file.is_override()) {
            let error = |error: SyntaxError| LayoutError::Syntax { path: file.path.clone(), error };
            for item in items(&file.text).map_err(error)? {
                if let Item::Block(block) = item {
                    module.take(file, &block).map_err(error)?;
                }
            }
        }
        module.files = files;
        Ok(module)
    }

    fn take(&mut self, file: &SourceFile, block: &Block) -> Result<(), SyntaxError> {
        let text = &file.text;
        let labels: Vec<&str> = block.labels.iter().map(|label| label_text(text, label)).collect();
        match (&text[block.kind.clone()], labels.as_slice()) {
            ("variable", [name]) => {
                let given = attributes(text, block)?;
                let value = |name: &str| given.get(name).map(|(_, value)| &text[value.clone()]);
                let kind = value("type").map_or(Type::Any, Type::read);
                let default = value("default").map(str::to_owned);
                self.variables.insert((*name).to_owned(), Variable { kind, default });
            }
            ("resource", [kind, name]) => {
                let Some((_, attribute)) = NAMES.iter().find(|(named, _)| named == kind) else { return Ok(()) };
                let given = attributes(text, block)?;
                let Some((offset, value)) = given.get(attribute) else { return Ok(()) };
                if given.contains_key("count") || given.contains_key("for_each") {
                    return Ok(());
                }
                let provider = given.get("provider").map_or("", |(_, value)| &text[value.clone()]);
                let position = crate::hcl::position_of(text, *offset);
                self.named.push(Named {
                    address: format!("{kind}.{name}"),
                    sort: format!("{kind} {provider}"),
                    expression: text[value.clone()].to_owned(),
                    path: file.path.clone(),
                    line: position.line,
                    column: position.column,
                });
            }
            _ => {}
        }
        Ok(())
    }

    /// Its locals.
    pub(super) fn locals(&self) -> Locals<'_> {
        locals_of(self.files.iter())
    }
}

/// The locals of these files. What cannot be read is just not known.
pub(in crate::layout) fn locals_of<'a>(files: impl Iterator<Item = &'a SourceFile>) -> Locals<'a> {
    let mut locals = Locals::new();
    for file in files.filter(|file| !file.is_json()) {
        for block in items(&file.text).unwrap_or_default() {
            if let Item::Block(block) = block
                && &file.text[block.kind.clone()] == "locals"
            {
                let _ = locals.add(&file.text, &block);
            }
        }
    }
    locals
}

/// The folders, relative to the project's, of the local modules that the module blocks of these files call.
pub fn module_folders(files: &[SourceFile]) -> BTreeSet<String> {
    let mut folders = BTreeSet::new();
    for file in files.iter().filter(|file| !file.is_json()) {
        for item in items(&file.text).unwrap_or_default() {
            if let Item::Block(block) = item {
                folders.extend(folder_of(file, &block));
            }
        }
    }
    folders
}

/// The folder of the local module that a block calls; none where it is no module block, or calls another sort of module.
pub(in crate::layout) fn folder_of(file: &SourceFile, block: &Block) -> Option<String> {
    let text = &file.text;
    if &text[block.kind.clone()] != "module" {
        return None;
    }
    let source = Items::new(text, block.body.clone()).map_while(Result::ok).find_map(|item| match item {
        Item::Attribute(attribute) if &text[attribute.name.clone()] == "source" => {
            literal_string(&text[attribute.value])
        }
        _ => None,
    })?;
    if !(source.starts_with("./") || source.starts_with("../")) {
        return None;
    }
    let mut parts: Vec<&str> = file.path.rsplit_once('/').map_or(Vec::new(), |(folder, _)| folder.split('/').collect());
    for part in source.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The line of a block.
pub(super) fn line(file: &SourceFile, block: &Block) -> usize {
    line_of(&file.text, block.kind.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_folders() {
        let folders = |path: &str, source: &str| {
            let text = format!("module \"x\" {{\n  source = \"{source}\"\n}}\n");
            module_folders(&[SourceFile::new(path, text)]).into_iter().next()
        };
        assert_eq!(folders("infrastructure/main.tf", "./stack/").as_deref(), Some("infrastructure/stack"));
        assert_eq!(
            folders("infrastructure/2022/main.tf", "../modules/stack").as_deref(),
            Some("infrastructure/modules/stack")
        );
        assert_eq!(folders("main.tf", "../beside").as_deref(), Some("../beside"));
        assert_eq!(folders("main.tf", "git::x"), None);
    }
}
