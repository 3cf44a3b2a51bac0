//! A table of DynamoDB whose items have two string keys, `project` and `item`, and fields that are strings.

mod attributes;

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio::time::sleep;

use attributes::{ITEM, PROJECT, expression, keys, read, written};

use super::error::AwsError;
use super::place::Place;
use super::retry::{ATTEMPTS, pause};

/// An answer takes milliseconds. Who waits longer for one loses a lease meanwhile.
pub(super) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one call may take with all its attempts.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// A table.
#[derive(Debug, Clone)]
pub struct Table {
    client: aws_sdk_dynamodb::Client,
    place: Place,
    name: String,
}

/// One item of a table, without its `project`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// The value of `item`, its range key.
    pub key: String,
    /// All other attributes; those that are no strings are left out.
    pub fields: BTreeMap<String, String>,
}

/// When an item is written.
#[derive(Debug, Clone, Copy)]
pub enum Condition<'a> {
    /// In any case.
    Always,
    /// Only if there is none with this key.
    Absent,
    /// Only if there is one, and its fields have these values.
    Has(&'a [(&'a str, &'a str)]),
}

/// What became of a write with a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It was done.
    Done,
    /// The condition did not hold; the item that is there, if there is one.
    Refused(Option<Item>),
}

/// A part of a write that is done as a whole or not at all.
#[derive(Debug, Clone)]
pub enum Change<'a> {
    /// Writes an item.
    Put(Item, Condition<'a>),
    /// Takes away the item with this key, if it is there.
    Delete(String, Condition<'a>),
}

impl Table {
    pub(super) fn new(client: aws_sdk_dynamodb::Client, place: Place, name: &str) -> Self {
        Self { client, place, name: name.to_owned() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The region it is in.
    pub fn region(&self) -> &str {
        &self.place.region
    }

    /// The item with this key, as it is after every write that was answered.
    pub async fn get(&self, project: &str, key: &str) -> Result<Option<Item>, AwsError> {
        let call =
            self.client.get_item().table_name(&self.name).set_key(Some(keys(project, key))).consistent_read(true);
        let answer = call.send().await.map_err(|error| self.error("GetItem", &error))?;
        Ok(answer.item.map(read))
    }

    /// The items whose keys begin with `prefix`, at most `limit`, in the order of their keys: the last ones first with
    /// `backwards`. Pages are followed until there are enough.
    pub async fn query(
        &self,
        project: &str,
        prefix: &str,
        limit: usize,
        backwards: bool,
    ) -> Result<Vec<Item>, AwsError> {
        let mut found = Vec::new();
        let mut from = None;
        while found.len() < limit {
            let wanted = i32::try_from(limit - found.len()).unwrap_or(i32::MAX);
            let call = self
                .client
                .query()
                .table_name(&self.name)
                .key_condition_expression("#project = :project AND begins_with(#item, :prefix)")
                .expression_attribute_names("#project", PROJECT)
                .expression_attribute_names("#item", ITEM)
                .expression_attribute_values(":project", AttributeValue::S(project.to_owned()))
                .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
                .consistent_read(true)
                .scan_index_forward(!backwards)
                .limit(wanted)
                .set_exclusive_start_key(from);
            let answer = call.send().await.map_err(|error| self.error("Query", &error))?;
            found.extend(answer.items.unwrap_or_default().into_iter().map(read));
            from = answer.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// Writes an item, in the place of one with the same key.
    pub async fn put(&self, project: &str, item: &Item, condition: Condition<'_>) -> Result<Written, AwsError> {
        let (expression, names, values) = expression(condition);
        let call = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(written(project, item)))
            .set_condition_expression(expression)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match call.send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) => match error.as_service_error() {
                Some(aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Written::Refused(failed.item().cloned().filter(|item| !item.is_empty()).map(read)))
                }
                _ => Err(self.error("PutItem", &error)),
            },
        }
    }

    /// Takes an item away; gives the one that was there.
    pub async fn delete(
        &self,
        project: &str,
        key: &str,
        condition: Condition<'_>,
    ) -> Result<(Written, Option<Item>), AwsError> {
        let (expression, names, values) = expression(condition);
        let call = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(keys(project, key)))
            .set_condition_expression(expression)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllOld);
        match call.send().await {
            Ok(answer) => Ok((Written::Done, answer.attributes.filter(|item| !item.is_empty()).map(read))),
            Err(error) => match error.as_service_error() {
                Some(aws_sdk_dynamodb::operation::delete_item::DeleteItemError::ConditionalCheckFailedException(_)) => {
                    Ok((Written::Refused(None), None))
                }
                _ => Err(self.error("DeleteItem", &error)),
            },
        }
    }

    /// Makes several changes, all or none: none where the condition of one does not hold.
    pub async fn change(&self, project: &str, changes: &[Change<'_>]) -> Result<Written, AwsError> {
        let changes: Vec<TransactWriteItem> =
            changes.iter().map(|change| self.transact(project, change)).collect::<Result<_, _>>()?;
        let mut attempt = 1;
        loop {
            let call = self.client.transact_write_items().set_transact_items(Some(changes.clone()));
            let Err(error) = call.send().await else { return Ok(Written::Done) };
            if reasons(&error).contains(&"ConditionalCheckFailed") {
                return Ok(Written::Refused(None));
            }
            // The SDK takes a cancelled transaction for final; one that was throttled or met another is not.
            if !was_in_the_way(&error) || attempt == ATTEMPTS {
                return Err(self.error("TransactWriteItems", &error));
            }
            sleep(pause(attempt)).await;
            attempt += 1;
        }
    }

    fn transact(&self, project: &str, change: &Change<'_>) -> Result<TransactWriteItem, AwsError> {
        let (Change::Put(_, condition) | Change::Delete(_, condition)) = change;
        let (expression, names, values) = expression(*condition);
        let item = TransactWriteItem::builder();
        let item = match change {
            Change::Put(new, _) => Put::builder()
                .table_name(&self.name)
                .set_item(Some(written(project, new)))
                .set_condition_expression(expression)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .build()
                .map(|put| item.put(put)),
            Change::Delete(key, _) => Delete::builder()
                .table_name(&self.name)
                .set_key(Some(keys(project, key)))
                .set_condition_expression(expression)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .build()
                .map(|delete| item.delete(delete)),
        };
        item.map(aws_sdk_dynamodb::types::builders::TransactWriteItemBuilder::build).map_err(|error| AwsError::Other {
            operation: "dynamodb:TransactWriteItems".to_owned(),
            resource: self.resource(),
            code: "incomplete".to_owned(),
            message: error.to_string(),
            request_id: None,
        })
    }

    fn resource(&self) -> String {
        format!("the table {}", self.name)
    }

    fn error<E>(&self, operation: &str, error: &SdkError<E, HttpResponse>) -> AwsError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match self.place.error(operation, &self.resource(), error) {
            AwsError::NotFound { .. } => {
                AwsError::TableNotFound { table: self.name.clone(), region: self.place.region.clone() }
            }
            other => other,
        }
    }
}

/// Why a transaction was cancelled.
fn reasons(error: &SdkError<TransactWriteItemsError, HttpResponse>) -> Vec<&str> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return Vec::new();
    };
    let codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    codes.filter(|code| *code != "None").collect()
}

fn was_in_the_way(error: &SdkError<TransactWriteItemsError, HttpResponse>) -> bool {
    let passing = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    let codes = reasons(error);
    !codes.is_empty() && codes.iter().all(|code| passing.contains(code))
}
