//! Which attributes of a resource are its physical names.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::marks::{Marks, MaybeText};

// Tags, descriptions and policies are in none of these lists: they may mention a pipeline that the resource does not belong to.

/// Attributes by which a thing itself is named, in hashicorp/aws and most other providers.
const OWN: &[&str] = &[
    "alarm_name",
    "alias",
    "cluster_identifier",
    "dashboard_name",
    "family",
    "identifier",
    "key_name",
    "layer_name",
    "name",
    "name_prefix",
];
/// Attributes that the provider gives to a thing.
const GIVEN: &[&str] = &["arn", "id", "url"];
/// Attributes that name what a thing is a part of. Some are the own name of one type: `bucket` of `aws_s3_bucket`.
const PARENT: &[&str] = &[
    "bucket",
    "cluster",
    "cluster_name",
    "db_name",
    "domain_name",
    "endpoint",
    "event_bus_name",
    "event_source_arn",
    "function_arn",
    "function_name",
    "group",
    "log_group_name",
    "queue_url",
    "repository",
    "resource_arn",
    "resource_id",
    "rule",
    "secret_id",
    "state_machine_arn",
    "stream_name",
    "table_name",
    "target_group_arn",
    "target_id",
    "topic_arn",
    "user",
    ROLE,
];
/// Names what a thing is a part of only where the thing has no ARN of its own: a function's `role` is not its name.
const ROLE: &str = "role";

/// The names of one object, with the attribute each of them comes from.
#[derive(Debug, Default, Clone)]
pub(super) struct Names(Vec<(String, String)>);

impl Names {
    /// The names of something that exists. Where there is nothing but an `id`, there is no name.
    pub(super) fn of_old(self, sensitive: &Marks) -> Vec<String> {
        let has_arn = self.has("arn");
        self.kept(has_arn, sensitive)
    }

    /// The names of something that will be made, as far as they are known. Nothing for a thing without a name of its own,
    /// or when it is not known what it will be a part of: that may carry the name.
    pub(super) fn of_new(self, sensitive: &Marks, unknown: &Marks, resource_type: &str) -> Vec<String> {
        let has_arn = self.has("arn") || unknown.has("arn");
        let named = self.0.iter().any(|(attribute, _)| is_own(attribute, resource_type));
        let part_of_unknown = PARENT.iter().any(|attribute| {
            unknown.has(attribute)
                && !(has_arn && *attribute == ROLE)
                && *attribute != "endpoint"
                && *attribute != "cluster_name"
        });
        if named && !part_of_unknown { self.kept(has_arn, sensitive) } else { Vec::new() }
    }

    fn has(&self, attribute: &str) -> bool {
        self.0.iter().any(|(name, _)| name == attribute)
    }

    /// The names that may be kept: not sensitive, and not made up by the provider for this one object (`sg-0a1b2c3d`, a
    /// UUID): such a thing cannot be another pipeline's too, and its name tells nothing.
    fn kept(self, has_arn: bool, sensitive: &Marks) -> Vec<String> {
        let mut kept = self.0;
        kept.retain(|(attribute, value)| {
            !(value.is_empty()
                || sensitive.has(attribute)
                || (has_arn && attribute == ROLE)
                || is_made_up(attribute, value))
        });
        if kept.iter().all(|(attribute, _)| attribute == "id") {
            return Vec::new();
        }
        let mut names: Vec<String> = kept.into_iter().map(|(_, value)| value).collect();
        names.sort();
        names.dedup();
        names
    }
}

fn is_own(attribute: &str, resource_type: &str) -> bool {
    OWN.contains(&attribute)
        || (PARENT.contains(&attribute) && attribute != ROLE)
            && resource_type.ends_with(&format!("_{}", attribute.trim_end_matches("_name")))
}

/// Whether the last part of an id or an ARN is a UUID, a hexadecimal or decimal number, or one of them behind a short
/// prefix.
fn is_made_up(attribute: &str, value: &str) -> bool {
    if !matches!(attribute, "id" | "arn" | "resource_id" | "target_id" | "alias") {
        return false;
    }
    let last = value.rsplit([':', '/']).next().unwrap_or(value);
    let hexadecimal = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts: Vec<&str> = last.split('-').collect();
    match parts.as_slice() {
        [first, .., last] if parts.len() == 5 && first.len() == 8 && last.len() == 12 => {
            parts.iter().all(|it| hexadecimal(it))
        }
        [number] => {
            number.len() >= 10 && number.bytes().all(|byte| byte.is_ascii_digit())
                || number.len() >= 16 && hexadecimal(number)
        }
        [prefix, number] => {
            prefix.bytes().all(|byte| byte.is_ascii_lowercase())
                && hexadecimal(number)
                && (number.len() == 17 || *prefix == "sgrule")
        }
        _ => false,
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Names, M::Error> {
        let mut names = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if [OWN, GIVEN, PARENT].iter().any(|list| list.contains(&key.as_str())) {
                if let MaybeText(Some(value)) = map.next_value()? {
                    names.push((key, value));
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Names(names))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut elements: S) -> Result<Names, S::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Names::default())
    }

    fn visit_unit<E>(self) -> Result<Names, E> {
        Ok(Names::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Names, E> {
        Ok(Names::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Names, E> {
        Ok(Names::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Names, E> {
        Ok(Names::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Names, E> {
        Ok(Names::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Names, E> {
        Ok(Names::default())
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
        serde_json::from_str(text).expect(text)
    }

    fn old(object: &str, sensitive: &str) -> Vec<String> {
        read::<Names>(object).of_old(&read(sensitive))
    }

    fn new(resource_type: &str, object: &str, unknown: &str) -> Vec<String> {
        read::<Names>(object).of_new(&Marks::None, &read(unknown), resource_type)
    }

    #[test]
    fn keeps_names_and_nothing_else() {
        let object =
            r#"{"name":"n","arn":"a:n","tags":{"name":"t"},"description":"d","role":"r","bucket":null,"url":["x"]}"#;
        assert_eq!(old(object, "{}"), ["a:n", "n"]);
        assert_eq!(old(r#"{"role":"r","policy_arn":"p"}"#, "{}"), ["r"]);
        for nothing in ["null", r#""text""#, "[1,[2]]", "1.5", "true", r#"{"id":"none"}"#] {
            assert_eq!(old(nothing, "false"), Vec::<String>::new(), "{nothing}");
        }
    }

    #[test]
    fn sensitive_names_are_not_kept() {
        assert_eq!(old(r#"{"name":"secret","bucket":"b"}"#, r#"{"name":true,"tags":{"a":true}}"#), ["b"]);
        assert_eq!(old(r#"{"name":"secret","bucket":"b"}"#, "true"), Vec::<String>::new());
    }

    #[test]
    fn what_a_provider_makes_up_is_no_name() {
        for id in [
            "d4389d03-9fc0-925d-9e4f-b797c9a7fe32",
            "sg-0123456789abcdef0",
            "4577006791947779410",
            "sgrule-123456789",
            "arn:aws:lambda:eu-west-1:1:event-source-mapping:d4389d03-9fc0-925d-9e4f-b797c9a7fe32",
            "arn:aws:kms:eu-west-1:1:key/d4389d03-9fc0-925d-9e4f-b797c9a7fe32",
        ] {
            assert_eq!(old(&format!(r#"{{"arn":"{id}"}}"#), "{}"), Vec::<String>::new(), "{id}");
        }
        for id in ["my-queue", "2022-08-31-x", "arn:aws:sns:eu-west-1:1:topic", "concepts-20220831", "20220831-topic"] {
            assert_eq!(old(&format!(r#"{{"arn":"{id}"}}"#), "{}"), [id], "{id}");
        }
        assert_eq!(old(r#"{"name":"d4389d03-9fc0-925d-9e4f-b797c9a7fe32"}"#, "{}").len(), 1);
    }

    #[test]
    fn only_what_has_a_known_name_of_its_own_is_named() {
        let nothing = Vec::<String>::new();
        assert_eq!(new("aws_sns_topic", r#"{"name":"n"}"#, r#"{"arn":true,"id":true}"#), ["n"]);
        assert_eq!(new("aws_sns_topic_subscription", r#"{"topic_arn":"t"}"#, r#"{"endpoint":true}"#), nothing);
        assert_eq!(new("aws_iam_role_policy", r#"{"name":"logs"}"#, r#"{"id":true,"role":true}"#), nothing);
        assert_eq!(new("aws_iam_role_policy", r#"{"name":"logs","role":"r"}"#, r#"{"id":true}"#), ["logs", "r"]);
        assert_eq!(new("aws_lambda_function", r#"{"function_name":"f"}"#, r#"{"arn":true,"role":true}"#), ["f"]);
        assert_eq!(new("aws_lambda_permission", r#"{"function_name":"f"}"#, "{}"), nothing);
        assert_eq!(new("aws_s3_bucket", r#"{"bucket":"b"}"#, r#"{"arn":true}"#), ["b"]);
        assert_eq!(new("aws_s3_bucket_policy", r#"{"bucket":"b"}"#, "{}"), nothing);
    }
}
