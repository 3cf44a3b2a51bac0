//! Reads the JSON of a plan as a stream: each resource is reduced before the next one is read.

use std::fmt;
use std::io::Read;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::address::Address;
use super::contents::{Change, Check, Deferred, Drift, Effect, Invocation, OutputChange, Plan};
use super::delta::Delta;
use super::error::Error;
use super::redact::Redactor;

/// Reads a plan from what `show -json` writes.
///
/// The parser's own message is not passed on: it may hold a value. What the `redactor` knows is never kept.
pub fn read_plan(reader: impl Read, redactor: &Redactor) -> Result<Plan, Error> {
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let plan = deserializer.deserialize_map(PlanVisitor { redactor });
    plan.map_err(|error| Error::PlanUnreadable { line: error.line(), column: error.column() })
}

/// Of how many resources it is kept what changes in them; of the others, how many attributes do.
const DETAILED: usize = 400;

struct PlanVisitor<'a> {
    redactor: &'a Redactor,
}

impl<'de> Visitor<'de> for PlanVisitor<'_> {
    type Value = Plan;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a plan")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Plan, M::Error> {
        let mut plan = Plan::default();
        let mut detailed = 0;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "format_version" => plan.format_version = map.next_value()?,
                "terraform_version" => plan.terraform_version = map.next_value()?,
                "errored" => plan.errored = map.next_value::<Option<bool>>()?.unwrap_or(false),
                "complete" => plan.complete = map.next_value()?,
                "applyable" => plan.applyable = map.next_value()?,
                "resource_changes" => map.next_value_seed(each(|raw: RawChange| {
                    let mut change = raw.reduce(self.redactor);
                    detailed += usize::from(change.differences.count() > 0);
                    if detailed > DETAILED {
                        change.differences = change.differences.only_counted();
                    }
                    if change.stands() {
                        let module = change.address.outermost().unwrap_or_else(Address::root);
                        if !plan.standing.contains(&module) {
                            plan.standing.insert(module);
                        }
                    }
                    if change.is_quiet() && change.effect == Effect::NoOp {
                        plan.unchanged += 1;
                    } else {
                        plan.changes.push(change);
                    }
                }))?,
                "resource_drift" => map.next_value_seed(each(|raw: RawDrift| {
                    let effect = Effect::from_actions(&raw.change.actions);
                    let address = Address::lenient(&raw.address);
                    let says_the_same = effect == Effect::Update && raw.says_the_same();
                    if effect != Effect::NoOp && !says_the_same {
                        plan.drift.push(Drift { address, effect });
                    }
                }))?,
                "output_changes" => map.next_value_seed(EachOutput(&mut plan.outputs))?,
                "checks" => map.next_value_seed(each(|raw: RawCheck| {
                    if matches!(raw.status.as_str(), "fail" | "error") {
                        plan.checks.push(Check { address: raw.address.to_display, status: raw.status });
                    }
                }))?,
                "deferred_changes" => map.next_value_seed(each(|raw: RawDeferred| {
                    let address = Address::lenient(&raw.resource_change.map(|it| it.address).unwrap_or_default());
                    plan.deferred.push(Deferred { address, reason: raw.reason });
                }))?,
                "deferred_action_invocations" => map.next_value_seed(each(|raw: RawDeferredAction| {
                    let address = Address::lenient(&raw.action_invocation.map(|it| it.address).unwrap_or_default());
                    plan.deferred.push(Deferred { address, reason: raw.reason });
                }))?,
                "action_invocations" => map.next_value_seed(each(|raw: RawAddress| {
                    plan.invocations.push(Invocation { address: Address::lenient(&raw.address) });
                }))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(plan)
    }
}

/// Hands the elements of an array, one at a time, to a function.
struct Each<T, F: FnMut(T)> {
    take: F,
    element: PhantomData<T>,
}

fn each<T, F: FnMut(T)>(take: F) -> Each<T, F> {
    Each { take, element: PhantomData }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Each<T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Each<T, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(mut self, mut elements: S) -> Result<(), S::Error> {
        while let Some(element) = elements.next_element()? {
            (self.take)(element);
        }
        Ok(())
    }
}

/// Collects the outputs that change.
struct EachOutput<'a>(&'a mut Vec<OutputChange>);

impl<'de> DeserializeSeed<'de> for EachOutput<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for EachOutput<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("outputs by name")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some((name, raw)) = map.next_entry::<String, RawActions>()? {
            let effect = Effect::from_actions(&raw.actions);
            if effect != Effect::NoOp {
                self.0.push(OutputChange { name, effect });
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct RawActions {
    actions: Vec<String>,
}

#[derive(Deserialize)]
struct RawAddress {
    #[serde(default)]
    address: String,
}

#[derive(Deserialize)]
struct RawDrift {
    address: String,
    #[serde(rename = "type", default)]
    resource_type: String,
    change: RawDriftChange,
}

#[derive(Deserialize)]
struct RawDriftChange {
    actions: Vec<String>,
    #[serde(default)]
    before: Value,
    #[serde(default)]
    after: Value,
}

/// What an IAM role reads back of policies that other resources attach to it ("Resource: `aws_iam_role`", AWS provider).
const OF_OTHERS: [&str; 2] = ["inline_policy", "managed_policy_arns"];

impl RawDrift {
    fn says_the_same(mut self) -> bool {
        if self.resource_type == "aws_iam_role" {
            for value in [&mut self.change.before, &mut self.change.after] {
                if let Some(attributes) = value.as_object_mut() {
                    attributes.retain(|name, _| !OF_OTHERS.contains(&name.as_str()));
                }
            }
        }
        same(&self.change.before, &self.change.after)
    }
}

/// Whether two values differ in nothing but ways to say nothing. After it has made something, a provider reads back
/// empty lists and texts where the state has null; nobody changed those.
fn same(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let of = |object: &serde_json::Map<String, Value>, key: &str| object.get(key).cloned().unwrap_or_default();
            before.keys().chain(after.keys()).all(|key| same(&of(before, key), &of(after, key)))
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            before.iter().zip(after).all(|(before, after)| same(before, after))
        }
        _ => before == after || (is_empty(before) && is_empty(after)),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(entries) => entries.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[derive(Deserialize)]
struct RawCheck {
    address: RawCheckAddress,
    #[serde(default)]
    status: String,
}

#[derive(Deserialize)]
struct RawCheckAddress {
    to_display: String,
}

#[derive(Deserialize)]
struct RawDeferred {
    #[serde(default)]
    reason: String,
    resource_change: Option<RawAddress>,
}

#[derive(Deserialize)]
struct RawDeferredAction {
    #[serde(default)]
    reason: String,
    action_invocation: Option<RawAddress>,
}

#[derive(Deserialize)]
struct RawChange {
    address: String,
    previous_address: Option<String>,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type", default)]
    resource_type: String,
    action_reason: Option<String>,
    deposed: Option<String>,
    change: Delta,
}

impl RawChange {
    fn reduce(self, redactor: &Redactor) -> Change {
        let delta = self.change;
        let names_before = if delta.effect.destroys() { delta.names_before() } else { Vec::new() };
        let names_after = if delta.effect.creates() { delta.names_after(&self.resource_type) } else { Vec::new() };
        let replace_paths = delta.replace_paths();
        Change {
            address: Address::lenient(&self.address),
            previous_address: self.previous_address.as_deref().map(Address::lenient),
            data: self.mode == "data",
            resource_type: self.resource_type,
            reason: self.action_reason,
            deposed: self.deposed,
            importing: delta.importing,
            differences: delta.differences(&replace_paths, redactor),
            effect: delta.effect,
            replace_paths,
            names_before,
            names_after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_in_an_error() {
        for text in [r#"{"format_version":17}"#, r#"{"errored":"hunter2"}"#, r#"{"complete":hunter2"#, "hunter2", ""] {
            let error = read_plan(text.as_bytes(), &Redactor::default()).expect_err(text);
            assert!(!format!("{error:?} {error}").contains("hunter2"));
        }
    }

    fn drift(resource_type: &str, before: &str, after: &str) -> usize {
        let text = format!(
            r#"{{"format_version":"1.2","resource_drift":[{{"address":"{resource_type}.x","type":"{resource_type}","change":{{
                "actions":["update"],"before":{before},"after":{after}}}}}]}}"#
        );
        read_plan(text.as_bytes(), &Redactor::default()).expect("a plan").drift.len()
    }

    #[test]
    fn drift_that_says_nothing_new_is_none() {
        let queue = |before, after| drift("aws_sqs_queue", before, after);
        assert_eq!(queue(r#"{"tags":null,"list":null,"name":"q"}"#, r#"{"tags":{},"list":[],"name":"q"}"#), 0);
        assert_eq!(queue(r#"{"name":"q"}"#, r#"{"name":"q","policy":""}"#), 0);
        assert_eq!(queue(r#"{"delay":0}"#, r#"{"delay":5}"#), 1);
        assert_eq!(queue(r#"{"on":null}"#, r#"{"on":false}"#), 1);
        assert_eq!(queue(r#"{"list":["a"]}"#, r#"{"list":[]}"#), 1);
        let policies = (r#"{"inline_policy":[],"path":"/"}"#, r#"{"inline_policy":[{"name":"p"}],"path":"/"}"#);
        assert_eq!(drift("aws_iam_role", policies.0, policies.1), 0);
        assert_eq!(drift("aws_sqs_queue", policies.0, policies.1), 1);
    }
}
