//! What a local module takes, what it makes, and what it calls.

use std::collections::{BTreeMap, BTreeSet};

use crate::hcl::{Block, Item, Items, Locals, Span, SyntaxError, items, literal_string, position_of};

use super::super::{LayoutError, SourceFile};
use super::things::{Thing, things, things_of};
use super::types::Type;

/// The attribute that is the physical name of a resource, unique in its account and region, and how many characters it
/// may have ("Service quotas" and the API reference of each service). Names that are unique in something else only, such
/// as those of a role's policies, are not among them.
const NAMES: [(&str, &str, usize); 24] = [
    ("aws_cloudwatch_event_rule", "name", 64),
    ("aws_cloudwatch_log_group", "name", 512),
    ("aws_cloudwatch_metric_alarm", "alarm_name", 255),
    ("aws_db_instance", "identifier", 63),
    ("aws_dynamodb_table", "name", 255),
    ("aws_ecr_repository", "name", 256),
    ("aws_ecs_cluster", "name", 255),
    ("aws_elasticsearch_domain", "domain_name", 28),
    ("aws_iam_policy", "name", 128),
    ("aws_iam_role", "name", 64),
    ("aws_iam_user", "name", 64),
    ("aws_kinesis_stream", "name", 128),
    ("aws_lambda_function", "function_name", 64),
    ("aws_lb", "name", 32),
    ("aws_lb_target_group", "name", 32),
    ("aws_opensearch_domain", "domain_name", 28),
    ("aws_rds_cluster", "cluster_identifier", 63),
    ("aws_s3_bucket", "bucket", 63),
    ("aws_scheduler_schedule_group", "name", 64),
    ("aws_secretsmanager_secret", "name", 512),
    ("aws_sfn_state_machine", "name", 80),
    ("aws_sns_topic", "name", 256),
    ("aws_sqs_queue", "name", 80),
    ("aws_ssm_parameter", "name", 2048),
];

/// A variable of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// What it takes.
    pub kind: Type,
    /// What it is when it is not given; without one it must be given.
    pub default: Option<String>,
    /// Whether it may be null.
    pub nullable: bool,
}

/// A resource whose physical name is an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// `aws_sns_topic.updates`
    pub address: String,
    pub kind: String,
    pub provider: String,
    pub expression: String,
    pub longest: usize,
    /// Expressions that tell it from others of its name; none where it may not be made, or more than once.
    pub apart: Option<Vec<String>>,
    pub in_module: bool,
    pub path: String,
    pub line: usize,
    pub column: usize,
}

/// A local module that a module calls once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub label: String,
    pub folder: String,
    pub inputs: BTreeMap<String, String>,
    pub providers: Option<String>,
}

/// A module in a folder beside the root, or the root itself.
#[derive(Debug, Clone, Default)]
pub struct Module {
    pub(super) files: Vec<SourceFile>,
    pub(super) variables: BTreeMap<String, Variable>,
    pub(super) named: Vec<Named>,
    pub(super) calls: Vec<Call>,
}

impl Module {
    /// Reads the texts of its files.
    pub fn read(files: Vec<SourceFile>) -> Result<Self, LayoutError> {
        for file in &files {
            things(file).map_err(|error: SyntaxError| LayoutError::Syntax { path: file.path.clone(), error })?;
        }
        let things = things_of(files.iter());
        let mut module = Self::default();
        for thing in &things {
            module.take(thing);
            module.call(thing);
        }
        for named in &mut module.named {
            named.in_module = true;
        }
        // A provider that is made of variables may work in another account for each caller.
        if things.iter().any(|thing| thing.kind == "provider") {
            module.named.iter_mut().for_each(|named| named.apart = None);
        }
        drop(things);
        module.files = files;
        Ok(module)
    }

    /// What a root makes itself.
    pub(super) fn of_root(things: &[Thing<'_>], files: Vec<SourceFile>) -> Self {
        let mut module = Self { files, ..Self::default() };
        things.iter().filter(|thing| thing.kind == "resource").for_each(|thing| module.take(thing));
        module
    }

    /// Whether there is no file in its folder.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The folders of the local modules that it calls.
    pub fn folders(&self) -> BTreeSet<String> {
        module_folders(&self.files)
    }

    fn take(&mut self, thing: &Thing<'_>) {
        match (thing.kind, thing.labels.as_slice()) {
            ("variable", [name]) => {
                let kind = thing.value("type").map_or(Type::Any, Type::read);
                let default = thing.value("default").map(str::to_owned);
                let nullable = thing.value("nullable") != Some("false");
                self.variables.insert((*name).to_owned(), Variable { kind, default, nullable });
            }
            ("resource", [kind, name]) => {
                let Some((_, attribute, longest)) = NAMES.iter().find(|(named, ..)| named == kind) else { return };
                let Some(given) = thing.attributes.get(attribute) else { return };
                let position = position_of(&given.file.text, given.start);
                let many = ["count", "for_each"].iter().any(|name| thing.attributes.contains_key(name));
                let telling = ["region", "event_bus_name"].iter().filter_map(|name| thing.value(name));
                self.named.push(Named {
                    address: format!("{kind}.{name}"),
                    kind: (*kind).to_owned(),
                    provider: thing.value("provider").unwrap_or_default().to_owned(),
                    expression: given.text().to_owned(),
                    longest: *longest,
                    apart: (!many).then(|| telling.map(str::to_owned).collect()),
                    in_module: false,
                    path: given.file.path.clone(),
                    line: position.line,
                    column: position.column,
                });
            }
            _ => {}
        }
    }

    fn call(&mut self, thing: &Thing<'_>) {
        let many = ["count", "for_each"].iter().any(|name| thing.attributes.contains_key(name));
        if let (false, [label], Some(folder)) = (many, thing.labels.as_slice(), source_folder(thing)) {
            let input =
                |(name, given): (&&str, &super::things::Given<'_>)| ((*name).to_owned(), given.text().to_owned());
            self.calls.push(Call {
                label: (*label).to_owned(),
                folder,
                inputs: thing.attributes.iter().map(input).collect(),
                providers: thing.value("providers").map(str::to_owned),
            });
        }
    }

    /// Its locals.
    pub(super) fn locals(&self) -> Locals<'_> {
        locals_of(self.files.iter())
    }
}

/// The attributes of a block, each with its place and its value.
pub(in crate::layout) fn attributes<'a>(
    text: &'a str,
    block: &Block,
) -> Result<BTreeMap<&'a str, (usize, Span)>, SyntaxError> {
    let mut attributes = BTreeMap::new();
    for item in Items::new(text, block.body.clone()) {
        if let Item::Attribute(attribute) = item? {
            attributes.insert(&text[attribute.name.clone()], (attribute.name.start, attribute.value));
        }
    }
    Ok(attributes)
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
    let all = files.iter().flat_map(|file| things(file).unwrap_or_default());
    all.filter_map(|thing| source_folder(&thing)).collect()
}

/// The folder of the local module that a block calls; none where it is no module block, or calls another sort of module.
pub(in crate::layout) fn folder_of(file: &SourceFile, block: &Block) -> Option<String> {
    source_folder(&Thing::of(file, block))
}

/// The same of a thing.
pub(super) fn source_folder(thing: &Thing<'_>) -> Option<String> {
    let source = thing.attributes.get("source").filter(|_| thing.kind == "module")?;
    let path = literal_string(source.text())?;
    if !(path.starts_with("./") || path.starts_with("../")) {
        return None;
    }
    let folder = source.file.path.rsplit_once('/').map(|(folder, _)| folder);
    let mut parts: Vec<&str> = folder.map_or(Vec::new(), |folder| folder.split('/').collect());
    for part in path.split('/') {
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
