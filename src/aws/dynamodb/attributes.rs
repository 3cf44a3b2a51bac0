//! Items as the SDK wants them: maps of attributes, and conditions as expressions.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Condition, Item};

/// The hash key.
pub(super) const PROJECT: &str = "project";
/// The range key.
pub(super) const ITEM: &str = "item";

pub(super) type Attributes = HashMap<String, AttributeValue>;

pub(super) fn keys(project: &str, key: &str) -> Attributes {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    [(PROJECT.to_owned(), text(project)), (ITEM.to_owned(), text(key))].into()
}

pub(super) fn written(project: &str, item: &Item) -> Attributes {
    let fields = item.fields.iter().map(|(name, value)| (name.clone(), AttributeValue::S(value.clone())));
    keys(project, &item.key).into_iter().chain(fields).collect()
}

pub(super) fn read(attributes: Attributes) -> Item {
    let mut item = Item::default();
    for (name, value) in attributes {
        match value {
            AttributeValue::S(key) if name == ITEM => item.key = key,
            AttributeValue::S(value) if name != PROJECT => drop(item.fields.insert(name, value)),
            _ => {}
        }
    }
    item
}

pub(super) type Expression = (Option<String>, Option<HashMap<String, String>>, Option<Attributes>);

pub(super) fn expression(condition: Condition<'_>) -> Expression {
    let name = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    match condition {
        Condition::Always => (None, None, None),
        Condition::Absent => (Some("attribute_not_exists(#item)".to_owned()), Some([name("#item", ITEM)].into()), None),
        Condition::Has(fields) => {
            let equal: Vec<String> = (0..fields.len()).map(|index| format!("#f{index} = :f{index}")).collect();
            let names = fields.iter().enumerate().map(|(index, (field, _))| name(&format!("#f{index}"), field));
            let values = fields
                .iter()
                .enumerate()
                .map(|(index, (_, value))| (format!(":f{index}"), AttributeValue::S((*value).to_owned())));
            (Some(equal.join(" AND ")), Some(names.collect()), Some(values.collect()))
        }
    }
}
