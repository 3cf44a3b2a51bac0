//! A policy of docs/iam, and whether it allows a call.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sandbox::Call;
use serde::Deserialize;
use serde_json::Value;

/// What stands in the policies for region and account.
const PLACE: &str = "eu-west-1:123456789012";
/// Statements without which the command still does its work.
const OPTIONAL: &str = "Optional";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Policy {
    version: String,
    pub statement: Vec<Statement>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Statement {
    pub sid: String,
    effect: String,
    pub action: Vec<String>,
    resource: Vec<String>,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, Value>>,
}

/// One permission that a call needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    pub action: String,
    resource: String,
    /// The keys that conditions look at.
    keys: BTreeMap<String, String>,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/iam")
}

/// The commands that have a policy.
pub fn commands() -> BTreeSet<String> {
    let entries = fs::read_dir(folder()).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").path());
    let policies = names.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    policies.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
}

impl Policy {
    pub fn of(command: &str) -> Self {
        let file = folder().join(format!("{command}.json"));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let policy: Self = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(policy.version, "2012-10-17", "{command}");
        assert!(policy.statement.iter().all(|statement| statement.effect == "Allow"), "{command}");
        policy
    }

    /// Every action that it allows.
    pub fn actions(&self) -> BTreeSet<String> {
        self.statement.iter().flat_map(|statement| statement.action.clone()).collect()
    }

    /// The same without those that the command can do without.
    pub fn needed(&self) -> BTreeSet<String> {
        let needed = self.statement.iter().filter(|statement| !statement.is_optional());
        needed.flat_map(|statement| statement.action.clone()).collect()
    }

    pub fn allows(&self, access: &Access) -> bool {
        self.statement.iter().any(|statement| statement.allows(access))
    }
}

impl Statement {
    pub fn is_optional(&self) -> bool {
        self.sid.starts_with(OPTIONAL)
    }

    fn allows(&self, access: &Access) -> bool {
        self.action.contains(&access.action)
            && self.resource.iter().any(|pattern| matches(pattern, &access.resource))
            && self.condition.iter().all(|(operator, keys)| {
                assert!(["ArnEquals", "ForAllValues:StringEquals"].contains(&operator.as_str()), "{operator}");
                keys.iter().all(|(key, wanted)| {
                    let found = access.keys.get(key).expect("the call has the key");
                    *wanted == found.as_str() || *wanted == Value::from(vec![found.as_str()])
                })
            })
    }
}

/// Whether a pattern with `*` fits.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let mut ends = text.char_indices().map(|(index, _)| index).chain([text.len()]);
            ends.any(|index| matches(rest, &text[index..]))
        }),
    }
}

/// What a call needs ("Actions, resources, and condition keys for AWS services"); nothing for one that needs none.
pub fn accesses(call: &Call) -> Vec<Access> {
    let text = |name: &str| call.parameter(name).unwrap_or_default().to_owned();
    let one = |resource: String| vec![access(call, &call.operation, resource)];
    match call.service.as_str() {
        "sts" => Vec::new(),
        "ecr" if call.operation == "DescribeRepositories" => one(arn("ecr", "repository/*")),
        "ecr" => one(arn("ecr", &format!("repository/{}", text("repositoryName")))),
        "lambda" => one(arn("lambda", &format!("function:{}", text("FunctionName")))),
        "secretsmanager" => one(arn("secretsmanager", &format!("secret:{}-AbCdEf", text("SecretId")))),
        "ecs" => of_ecs(call),
        "dynamodb" => of_dynamodb(call),
        other => panic!("no policy is known for {other}:{}", call.operation),
    }
}

fn of_ecs(call: &Call) -> Vec<Access> {
    let cluster = call.parameter("cluster").unwrap_or_default();
    let each = |name: &str| -> Vec<String> {
        let all = call.parameters[name].as_array().expect("a list");
        all.iter().map(|one| one.as_str().expect("a name").to_owned()).collect()
    };
    let service = |name: &str| arn("ecs", &format!("service/{cluster}/{name}"));
    let resources = match call.operation.as_str() {
        "DescribeServices" => each("services").iter().map(|name| service(name)).collect(),
        "UpdateService" => vec![service(call.parameter("service").unwrap_or_default())],
        "DescribeTasks" => each("tasks").iter().map(|task| elsewhere(task)).collect(),
        _ => vec!["*".to_owned()],
    };
    let keys = BTreeMap::from([("ecs:cluster".to_owned(), arn("ecs", &format!("cluster/{cluster}")))]);
    resources
        .into_iter()
        .map(|resource| Access { keys: keys.clone(), ..access(call, &call.operation, resource) })
        .collect()
}

/// A transaction needs what its parts need ("Using IAM with DynamoDB transactions").
fn of_dynamodb(call: &Call) -> Vec<Access> {
    let parts: Vec<(String, &Value)> = match call.parameters["TransactItems"].as_array() {
        Some(items) => items
            .iter()
            .flat_map(|item| item.as_object().expect("an object"))
            .map(|(kind, part)| (format!("{kind}Item"), part))
            .collect(),
        None => vec![(call.operation.clone(), &call.parameters)],
    };
    let of_part = |(operation, part): (String, &Value)| {
        let keys = ["/Item/project/S", "/Key/project/S", "/ExpressionAttributeValues/:project/S"];
        let project = keys.iter().find_map(|pointer| part.pointer(pointer)).and_then(Value::as_str);
        let project = project.unwrap_or_else(|| panic!("{operation} names no project: {part}"));
        let table = part["TableName"].as_str().expect("a table");
        Access {
            keys: BTreeMap::from([("dynamodb:LeadingKeys".to_owned(), project.to_owned())]),
            ..access(call, &operation, arn("dynamodb", &format!("table/{table}")))
        }
    };
    parts.into_iter().map(of_part).collect()
}

fn access(call: &Call, operation: &str, resource: String) -> Access {
    Access { action: format!("{}:{operation}", call.service), resource, keys: BTreeMap::new() }
}

/// The ARN of a task as it would be in the policies' account.
fn elsewhere(task: &str) -> String {
    arn("ecs", task.splitn(6, ':').last().unwrap_or_default())
}

fn arn(service: &str, rest: &str) -> String {
    format!("arn:aws:{service}:{PLACE}:{rest}")
}

#[test]
fn patterns_fit_what_they_should() {
    assert!(matches("repository/weco/*", "repository/weco/a"));
    assert!(!matches("repository/weco/*", "repository/other/a"));
    assert!(matches("function:*-concepts_*", "function:2022-08-31-concepts_ingestor"));
    assert!(!matches("function:*-concepts_*", "function:concepts"));
    assert!(matches("*", "anything"));
    assert!(!matches("table/a", "table/ab"));
}
