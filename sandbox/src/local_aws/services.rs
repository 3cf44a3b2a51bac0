//! Shorthands for what tests ask of single services.

use serde_json::{Value, json};

use super::LocalAws;
use crate::Result;

impl LocalAws {
    /// Makes an ECR repository.
    pub fn create_repository(&self, repository: &str) -> Result<()> {
        self.ecr("CreateRepository", &json!({"repositoryName": repository})).map(drop)
    }

    /// Makes an S3 bucket.
    pub fn create_bucket(&self, bucket: &str) -> Result<()> {
        let region = &self.region;
        let body = format!(
            "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
        );
        let signed = self.signature("s3");
        self.server.request("PUT", &format!("/{bucket}"), &[("Authorization", signed.as_str())], &body).map(drop)
    }

    /// Makes a secret in Secrets Manager.
    pub fn create_secret(&self, name: &str, value: &str) -> Result<()> {
        let body =
            json!({"Name": name, "SecretString": value, "ClientRequestToken": "00000000-0000-4000-8000-000000000000"});
        self.ask("secretsmanager", "secretsmanager.CreateSecret", &body).map(drop)
    }

    /// Makes a table of `DynamoDB`, on demand, with two keys that are text.
    pub fn create_table(&self, table: &str, hash: &str, range: &str) -> Result<()> {
        let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
        let text = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
        let body = json!({
            "TableName": table,
            "KeySchema": [key(hash, "HASH"), key(range, "RANGE")],
            "AttributeDefinitions": [text(hash), text(range)],
            "BillingMode": "PAY_PER_REQUEST",
        });
        self.dynamodb("CreateTable", &body).map(drop)
    }

    /// A call of `DynamoDB`, such as `Query`.
    pub fn dynamodb(&self, operation: &str, body: &Value) -> Result<Value> {
        self.ask("dynamodb", &format!("DynamoDB_20120810.{operation}"), body)
    }

    /// A call of ECS, such as `DescribeServices`.
    pub fn ecs(&self, operation: &str, body: &Value) -> Result<Value> {
        self.ask("ecs", &format!("AmazonEC2ContainerServiceV20141113.{operation}"), body)
    }

    /// A call of ECR, such as `PutLifecyclePolicy`.
    pub fn ecr(&self, operation: &str, body: &Value) -> Result<Value> {
        self.ask("ecr", &format!("AmazonEC2ContainerRegistry_V20150921.{operation}"), body)
    }
}
