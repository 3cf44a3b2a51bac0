//! What changes inside a resource, in short: for the eyes of whoever approves a plan.

use serde::Serialize;
use serde_json::Value;

use super::redact::Redactor;
use super::shorten::{both, one, step};

/// How many attributes of a resource are kept.
const KEPT: usize = 6;
/// How many are looked at, to find those that are worth most.
const LOOKED_AT: usize = 64;
/// Longer lists are not compared entry by entry.
const ENTRIES: usize = 200;

/// What changes inside a resource. No value that terraform marks as sensitive is in it, and only a little of a long one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Differences {
    /// Those that are shown: what forces a replacement first.
    pub shown: Vec<Difference>,
    /// What will be known when it is applied.
    pub unknown: Vec<String>,
    /// How many more there are.
    pub left_out: usize,
}

/// One attribute that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which: `environment[0].variables.LEVEL`.
    pub path: String,
    /// How: `30 → 60`.
    pub change: String,
    /// Whether the resource is made anew because of it.
    pub forces: bool,
}

/// A resource before and after, as a plan's JSON has it ("JSON Output Format" of the Terraform documentation).
pub(super) struct Sides<'a> {
    pub(super) before: &'a Value,
    pub(super) after: &'a Value,
    pub(super) unknown: &'a Value,
    /// None where the plan does not say what is sensitive: then no value is shown.
    pub(super) sensitive: Option<(&'a Value, &'a Value)>,
}

impl Differences {
    /// Compares both sides. `forcing` are the attributes that force a replacement.
    pub(super) fn of(sides: &Sides<'_>, forcing: &[String], redactor: &Redactor) -> Self {
        let all = Value::Bool(true);
        let marks = sides.sensitive.unwrap_or((&all, &all));
        let mut search = Search { forcing, redactor, found: Self::default() };
        match (sides.before, sides.after) {
            (Value::Object(_), Value::Object(_)) => {
                let (before, after, unknown) = (sides.before, sides.after, sides.unknown);
                // At the top the names are shown even where everything else is hidden.
                search.entries("", before, after, &Marks { unknown, before: marks.0, after: marks.1 });
            }
            _ => return Self::default(),
        }
        let mut found = search.found;
        found.shown.sort_by_key(|it| !it.forces);
        found.left_out += found.shown.len().saturating_sub(KEPT) + found.unknown.len().saturating_sub(KEPT);
        found.shown.truncate(KEPT);
        found.unknown.truncate(KEPT);
        found
    }

    /// Without what they are.
    pub(super) fn only_counted(&self) -> Self {
        Self { left_out: self.count(), ..Self::default() }
    }

    /// How many attributes change.
    pub fn count(&self) -> usize {
        self.shown.len() + self.unknown.len() + self.left_out
    }
}

/// What a plan says of values besides the values themselves.
#[derive(Clone, Copy)]
struct Marks<'a> {
    unknown: &'a Value,
    before: &'a Value,
    after: &'a Value,
}

const NONE: Marks<'static> = Marks { unknown: &Value::Null, before: &Value::Null, after: &Value::Null };

impl Marks<'_> {
    fn of_entry(&self, name: &str) -> Self {
        self.each(|marks| if let Value::Object(entries) = marks { entries.get(name) } else { None })
    }

    fn of_item(&self, index: usize) -> Self {
        self.each(|marks| if let Value::Array(items) = marks { items.get(index) } else { None })
    }

    /// What is marked as a whole, marks all that is in it.
    fn each(&self, of: impl for<'v> Fn(&'v Value) -> Option<&'v Value>) -> Self {
        let inner = |marks| if is_true(marks) { marks } else { of(marks).unwrap_or(&Value::Null) };
        Self { unknown: inner(self.unknown), before: inner(self.before), after: inner(self.after) }
    }

    fn hide(&self) -> bool {
        is_true(self.before) || is_true(self.after)
    }

    fn are_any(&self) -> bool {
        [self.unknown, self.before, self.after].into_iter().any(contains_true)
    }
}

fn is_true(marks: &Value) -> bool {
    *marks == Value::Bool(true)
}

fn contains_true(marks: &Value) -> bool {
    match marks {
        Value::Bool(marked) => *marked,
        Value::Array(items) => items.iter().any(contains_true),
        Value::Object(entries) => entries.values().any(contains_true),
        Value::Null | Value::Number(_) | Value::String(_) => false,
    }
}

struct Search<'a> {
    forcing: &'a [String],
    redactor: &'a Redactor,
    found: Differences,
}

impl Search<'_> {
    fn compare(&mut self, path: &str, before: &Value, after: &Value, marks: &Marks<'_>) {
        if is_true(marks.unknown) {
            if self.forces(path) {
                self.add(path, "known after apply".to_owned());
            } else if self.found.unknown.len() < LOOKED_AT {
                self.found.unknown.push(self.redactor.hide(path));
            } else {
                self.found.left_out += 1;
            }
            return;
        }
        if marks.hide() {
            if before != after {
                self.add(path, "a sensitive value".to_owned());
            }
            return;
        }
        match (before, after) {
            (Value::Object(_), Value::Object(_) | Value::Null) | (Value::Null, Value::Object(_)) => {
                self.entries(path, before, after, marks);
            }
            (Value::Array(before), Value::Array(after)) => self.items(path, before, after, marks),
            (Value::Null, Value::Array(after)) if !after.is_empty() => self.items(path, &[], after, marks),
            (Value::Array(before), Value::Null) if !before.is_empty() => self.items(path, before, &[], marks),
            (Value::String(before), Value::String(after)) if before != after => self.texts(path, before, after),
            _ if before != after && !marks.are_any() => {
                self.add(path, format!("{} → {}", self.value(before), self.value(after)));
            }
            _ if before != after => self.add(path, "a value that is sensitive or not known yet".to_owned()),
            _ => {}
        }
    }

    fn entries(&mut self, path: &str, before: &Value, after: &Value, marks: &Marks<'_>) {
        let names = [before, after, marks.unknown].into_iter().filter_map(Value::as_object).flat_map(|it| it.keys());
        let mut names: Vec<&String> = names.collect();
        names.sort();
        names.dedup();
        for name in names {
            let of = |object: &Value| object.get(name).cloned().unwrap_or_default();
            if before.get(name) == after.get(name) && !contains_true(marks.of_entry(name).unknown) {
                continue;
            }
            self.compare(&step(path, name), &of(before), &of(after), &marks.of_entry(name));
        }
    }

    fn items(&mut self, path: &str, before: &[Value], after: &[Value], marks: &Marks<'_>) {
        let counts = || format!("{} → {} entries", before.len(), after.len());
        if marks.are_any() {
            if before.len() != after.len() {
                return self.add(path, counts());
            }
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                self.compare(&format!("{path}[{index}]"), before, after, &marks.of_item(index));
            }
            return;
        }
        if before == after {
            return;
        }
        if before.len() > ENTRIES || after.len() > ENTRIES {
            return self.add(path, format!("{}, not all the same", counts()));
        }
        // The order in a set follows from its entries: what is the same in both is left out wherever it stands.
        let mut gone: Vec<&Value> = before.iter().collect();
        let mut come = Vec::new();
        for (index, value) in after.iter().enumerate() {
            match gone.iter().position(|other| *other == value) {
                Some(same) => drop(gone.remove(same)),
                None => come.push((index, value)),
            }
        }
        let scalar = |value: &Value| !matches!(value, Value::Object(_) | Value::Array(_));
        match (gone.as_slice(), come.as_slice()) {
            ([], []) => self.add(path, "another order".to_owned()),
            ([before], [(index, after)]) => self.compare(&format!("{path}[{index}]"), before, after, &NONE),
            _ if gone.iter().all(|it| scalar(it)) && come.iter().all(|(_, it)| scalar(it)) => {
                let come: Vec<&Value> = come.into_iter().map(|(_, value)| value).collect();
                let parts = [("takes out", gone), ("adds", come)].into_iter().filter(|(_, values)| !values.is_empty());
                let parts: Vec<String> = parts.map(|(what, values)| format!("{what} {}", self.list(&values))).collect();
                self.add(path, parts.join(", "));
            }
            _ => self.add(path, format!("{}, {} taken out, {} added", counts(), gone.len(), come.len())),
        }
    }

    /// A text may be JSON, a policy for instance: then what differs in that is told.
    fn texts(&mut self, path: &str, before: &str, after: &str) {
        let secret = |text: &str| self.redactor.hide(text) != text;
        if !secret(before) && !secret(after) {
            let document = |text: &str| serde_json::from_str::<Value>(text).ok().filter(|it| !it.is_number());
            let is_document = |it: &Value| it.is_object() || it.is_array();
            if let (Some(old), Some(new)) = (document(before), document(after))
                && is_document(&old)
                && is_document(&new)
                && old.is_object() == new.is_object()
            {
                if old == new {
                    self.add(path, "the same JSON, written in another way".to_owned());
                } else {
                    self.compare(path, &old, &new, &NONE);
                }
                return;
            }
        }
        let (before, after) = both(&self.redactor.hide(before), &self.redactor.hide(after));
        self.add(path, format!("{before} → {after}"));
    }

    fn value(&self, value: &Value) -> String {
        match value {
            Value::Null => "not set".to_owned(),
            Value::String(text) => one(&self.redactor.hide(text)),
            other => self.redactor.hide(&other.to_string()),
        }
    }

    fn list(&self, values: &[&Value]) -> String {
        const NAMED: usize = 3;
        let named: Vec<String> = values.iter().take(NAMED).map(|value| self.value(value)).collect();
        let more = values.len().saturating_sub(NAMED);
        if more == 0 { named.join(", ") } else { format!("{} and {more} more", named.join(", ")) }
    }

    /// Whether it is, is in or has in it what forces a replacement.
    fn forces(&self, path: &str) -> bool {
        let inside = |path: &str, whole: &str| {
            path.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.forcing.iter().any(|forcing| inside(path, forcing) || inside(forcing, path))
    }

    fn add(&mut self, path: &str, change: String) {
        let forces = self.forces(path);
        if self.found.shown.len() < LOOKED_AT || forces && self.found.shown.len() < 2 * LOOKED_AT {
            self.found.shown.push(Difference { path: self.redactor.hide(path), change, forces });
        } else {
            self.found.left_out += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(before: &Value, after: &Value, unknown: &Value, sensitive: &Value, forcing: &[&str]) -> Vec<String> {
        let sides = Sides { before, after, unknown, sensitive: Some((sensitive, &Value::Bool(false))) };
        let forcing: Vec<String> = forcing.iter().map(ToString::to_string).collect();
        let redactor = Redactor::new(["hunter22".to_owned()]);
        let found = Differences::of(&sides, &forcing, &redactor);
        let force = |it: &Difference| if it.forces { "!" } else { "" };
        let mut lines: Vec<String> =
            found.shown.iter().map(|it| format!("{}{}: {}", force(it), it.path, it.change)).collect();
        lines.extend(found.unknown.iter().map(|it| format!("{it}?")));
        lines.extend((found.left_out > 0).then(|| format!("+{}", found.left_out)));
        lines
    }

    fn plainly(before: &Value, after: &Value) -> Vec<String> {
        told(before, after, &Value::Null, &Value::Bool(false), &[])
    }

    #[test]
    fn tells_what_was_and_what_will_be() {
        let before = json!({"delay": 0, "name": "q", "tags": {"a": "1", "b.c": "2"}, "gone": true, "same": [1]});
        let after = json!({"delay": 5, "name": "r", "tags": {"a": "1", "b.c": "3"}, "gone": null, "same": [1]});
        assert_eq!(
            plainly(&before, &after),
            ["delay: 0 → 5", "gone: true → not set", r#"name: "q" → "r""#, r#"tags["b.c"]: "2" → "3""#]
        );
        assert_eq!(plainly(&json!({"tags": null}), &json!({"tags": {"a": "1"}})), [r#"tags.a: not set → "1""#]);
        assert_eq!(plainly(&Value::Null, &json!({"a": 1})), [""; 0]);
    }

    #[test]
    fn lists_tell_what_comes_and_goes() {
        let lists = |before, after| plainly(&json!({"l": before}), &json!({"l": after}));
        assert_eq!(lists(json!(["a", "b", "c"]), json!(["c", "a"])), [r#"l: takes out "b""#]);
        assert_eq!(lists(json!(["a", "b"]), json!(["x", "a"])), [r#"l[0]: "b" → "x""#]);
        assert_eq!(lists(json!(null), json!(["a", "b"])), [r#"l: adds "a", "b""#]);
        assert_eq!(lists(json!([1, 2]), json!([2, 1])), ["l: another order"]);
        assert_eq!(lists(json!([{"a": 1, "b": 2}]), json!([{"a": 1, "b": 3}])), ["l[0].b: 2 → 3"]);
        assert_eq!(lists(json!([{"a": 1}]), json!([{"a": 2}, {"a": 3}])), ["l: 1 → 2 entries, 1 taken out, 2 added"]);
    }

    #[test]
    fn policies_are_compared_as_json() {
        let policy = |resource: &str| json!({"policy": format!(r#"{{"Statement":[{{"Effect":"Allow","Resource":"{resource}"}}]}}"#)});
        assert_eq!(plainly(&policy("a"), &policy("b")), [r#"policy.Statement[0].Resource: "a" → "b""#]);
        assert_eq!(
            plainly(&json!({"p": "{\"a\":1}"}), &json!({"p": "{ \"a\": 1 }"})),
            ["p: the same JSON, written in another way"]
        );
    }

    #[test]
    fn sensitive_values_are_never_told() {
        let (before, after) =
            (json!({"a": "s3cret", "m": {"k": "s3cret", "o": 1}}), json!({"a": "n3w", "m": {"k": "n3w", "o": 2}}));
        let told = told(&before, &after, &Value::Null, &json!({"a": true, "m": {"k": true}}), &[]);
        assert_eq!(told, ["a: a sensitive value", "m.k: a sensitive value", "m.o: 1 → 2"]);
        let sides = Sides { before: &before, after: &after, unknown: &Value::Null, sensitive: None };
        let unmarked = Differences::of(&sides, &[], &Redactor::default());
        assert!(!format!("{unmarked:?}").contains("s3cret") && unmarked.count() == 2, "{unmarked:?}");
        let lists = plainly(&json!({"l": ["hunter22"]}), &json!({"l": ["x", "y", "hunter22hunter22"]}));
        assert!(!format!("{lists:?}").contains("hunter22"), "{lists:?}");
        let sensitive = json!({"l": [{}, {"p": true}]});
        let hidden = super::tests::told(
            &json!({"l": [{"p": "a"}, {"p": "b"}]}),
            &json!({"l": [{"p": "c"}, {"p": "d"}, {"p": "e"}]}),
            &Value::Null,
            &sensitive,
            &[],
        );
        assert_eq!(hidden, ["l: 2 → 3 entries"]);
    }

    #[test]
    fn what_is_not_known_yet_and_what_forces() {
        let before = json!({"arn": "a", "id": "i", "name": "n", "size": 1});
        let after = json!({"name": "m", "size": 2});
        let unknown = json!({"arn": true, "id": true});
        let lines = told(&before, &after, &unknown, &json!({}), &["size", "id"]);
        assert_eq!(lines, ["!id: known after apply", "!size: 1 → 2", r#"name: "n" → "m""#, "arn?"]);
    }

    #[test]
    fn only_a_little_is_kept() {
        let many =
            |value: &str| Value::Object((0..500).map(|n| (format!("k{n:03}"), json!(value.repeat(9_000)))).collect());
        let lines = plainly(&many("a"), &many("b"));
        assert_eq!((lines.len(), lines.last().map(String::as_str)), (7, Some("+494")));
        assert!(lines.iter().all(|line| line.len() < 120), "{lines:?}");
    }
}
