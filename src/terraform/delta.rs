//! The change of one resource in the JSON of a plan, as much of it as is needed.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::contents::Effect;
use super::differences::{Differences, Sides};
use super::marks::Marks;
use super::physical_names::Names;
use super::redact::Redactor;

/// What is done to a resource, and how it is before and after. Values are read whole only where something changes in
/// them; of all others, the names are taken while they are read.
pub(super) struct Delta {
    pub(super) effect: Effect,
    pub(super) importing: bool,
    replace_paths: Vec<Vec<Step>>,
    before: Side,
    after: Side,
    unknown: Value,
    before_sensitive: Option<Value>,
    after_sensitive: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    Name(String),
    Index(u64),
    Other(IgnoredAny),
}

enum Side {
    Names(Names),
    Whole(Value),
}

impl Side {
    fn names(&self) -> Names {
        match self {
            Self::Names(names) => names.clone(),
            // it takes values of every kind
            Self::Whole(value) => Names::deserialize(value).unwrap_or_default(),
        }
    }
}

/// Reads a side of a change.
struct SideOf {
    whole: bool,
}

impl<'de> DeserializeSeed<'de> for SideOf {
    type Value = Side;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Side, D::Error> {
        if self.whole {
            Value::deserialize(deserializer).map(Side::Whole)
        } else {
            Names::deserialize(deserializer).map(Side::Names)
        }
    }
}

fn changes_values(effect: &Effect) -> bool {
    matches!(effect, Effect::Update | Effect::Replace | Effect::ReplaceCreateFirst | Effect::ReplaceForget)
}

fn marks(value: Option<&Value>) -> Marks {
    value.and_then(|value| Marks::deserialize(value).ok()).unwrap_or_default()
}

impl Delta {
    /// The names of what is destroyed.
    pub(super) fn names_before(&self) -> Vec<String> {
        self.before.names().of_old(&marks(self.before_sensitive.as_ref()))
    }

    /// The names of what is made.
    pub(super) fn names_after(&self, resource_type: &str) -> Vec<String> {
        let (sensitive, unknown) = (marks(self.after_sensitive.as_ref()), marks(Some(&self.unknown)));
        self.after.names().of_new(&sensitive, &unknown, resource_type)
    }

    /// The attributes that force a replacement: `environment[0].variables`.
    pub(super) fn replace_paths(&self) -> Vec<String> {
        self.replace_paths.iter().map(|path| path_text(path)).collect()
    }

    /// What changes in it.
    pub(super) fn differences(&self, forcing: &[String], redactor: &Redactor) -> Differences {
        let (Side::Whole(before), Side::Whole(after), true) = (&self.before, &self.after, changes_values(&self.effect))
        else {
            return Differences::default();
        };
        let sensitive = self.before_sensitive.as_ref().zip(self.after_sensitive.as_ref());
        Differences::of(&Sides { before, after, unknown: &self.unknown, sensitive }, forcing, redactor)
    }
}

fn path_text(path: &[Step]) -> String {
    path.iter().fold(String::new(), |text, step| match step {
        Step::Name(name) => super::shorten::step(&text, name),
        Step::Index(index) => format!("{text}[{index}]"),
        Step::Other(_) => format!("{text}[…]"),
    })
}

struct DeltaVisitor;

impl<'de> Visitor<'de> for DeltaVisitor {
    type Value = Delta;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a change")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Delta, M::Error> {
        let mut effect = None;
        let mut delta = Delta {
            effect: Effect::NoOp,
            importing: false,
            replace_paths: Vec::new(),
            before: Side::Names(Names::default()),
            after: Side::Names(Names::default()),
            unknown: Value::Null,
            before_sensitive: None,
            after_sensitive: None,
        };
        while let Some(key) = map.next_key::<String>()? {
            // Terraform writes the actions first; where they came later, whatever was before is read whole.
            let whole = effect.as_ref().is_none_or(changes_values);
            match key.as_str() {
                "actions" => effect = Some(Effect::from_actions(&map.next_value::<Vec<String>>()?)),
                "importing" => delta.importing = map.next_value::<Option<IgnoredAny>>()?.is_some(),
                "replace_paths" => delta.replace_paths = map.next_value::<Option<_>>()?.unwrap_or_default(),
                "before" => delta.before = map.next_value_seed(SideOf { whole })?,
                "after" => delta.after = map.next_value_seed(SideOf { whole })?,
                "after_unknown" => delta.unknown = map.next_value()?,
                "before_sensitive" => delta.before_sensitive = Some(map.next_value()?),
                "after_sensitive" => delta.after_sensitive = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        delta.effect = effect.ok_or_else(|| serde::de::Error::missing_field("actions"))?;
        Ok(delta)
    }
}

impl<'de> Deserialize<'de> for Delta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DeltaVisitor)
    }
}
