//! What runs the services of a pipeline, made by calls to AWS instead of terraform.

use serde_json::{Value, json};

use super::shape::{CLUSTER, Runner, Service};
use crate::{Error, Estate, LocalAws, Result};

impl Estate {
    /// Makes the Lambda functions and ECS services of a pipeline, running what its tags name. The tags must be there.
    ///
    /// They have the names that terraform gives them in a medium estate: `<namespace>-<service>`, ECS services in the
    /// cluster `concepts`, each with a circuit breaker that rolls back.
    pub fn create_targets(&self, namespace: &str) -> Result<()> {
        let aws = self.local_aws()?;
        let tag = self.shape.pipeline_tag(namespace);
        let role = format!("{namespace}-services");
        let form = [("Action", "CreateRole"), ("RoleName", role.as_str()), ("AssumeRolePolicyDocument", "{}")];
        aws.ask_query("iam", &form)?;
        for service in self.shape.run_by(Runner::Lambda) {
            let function = json!({
                "FunctionName": format!("{namespace}-{}", service.name),
                "Role": format!("arn:aws:iam::{}:role/{role}", aws.account_id()),
                "PackageType": "Image",
                "Code": {"ImageUri": self.image_uri(aws, service, &tag)?},
            });
            aws.ask_rest("lambda", "POST", "/2015-03-31/functions", &function)?;
        }
        for service in self.shape.run_by(Runner::Ecs) {
            let name = format!("{namespace}-{}", service.name);
            let image = format!("{}/{}:{tag}", self.shape.registry.host(), service.repository);
            let container = json!({"name": "main", "image": image, "memory": 512, "essential": true});
            aws.ecs("RegisterTaskDefinition", &json!({"family": name, "containerDefinitions": [container]}))?;
            let created = json!({
                "cluster": CLUSTER, "serviceName": name, "taskDefinition": name, "desiredCount": 1, "launchType": "FARGATE",
                "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}},
            });
            aws.ecs("CreateService", &created)?;
        }
        Ok(())
    }

    fn image_uri(&self, aws: &LocalAws, service: &Service, tag: &str) -> Result<String> {
        let repository = format!("{}/{}", self.shape.registry.host(), service.repository);
        if self.shape.by_tag {
            return Ok(format!("{repository}:{tag}"));
        }
        let image = aws.tagged(&service.repository, tag)?;
        let image = image.ok_or_else(|| Error::answer(format!("{repository}:{tag}"), "no such tag"))?;
        Ok(format!("{repository}@{}", image.digest))
    }

    /// The digest that a Lambda function runs; `None` where there is no such function.
    pub fn running_function(&self, function: &str) -> Result<Option<String>> {
        let path = format!("/2015-03-31/functions/{function}");
        let Ok(answer) = self.local_aws()?.ask_rest("lambda", "GET", &path, &Value::Null) else { return Ok(None) };
        let resolved = answer["Code"]["ResolvedImageUri"].as_str();
        Ok(resolved.and_then(|uri| uri.split_once('@')).map(|(_, digest)| digest.to_owned()))
    }

    /// The digests that the running tasks of an ECS service in the cluster `concepts` have, each once.
    pub fn running_tasks(&self, service: &str) -> Result<Vec<String>> {
        let aws = self.local_aws()?;
        let listed = aws.ecs("ListTasks", &json!({"cluster": CLUSTER, "serviceName": service}))?;
        if listed["taskArns"].as_array().is_none_or(Vec::is_empty) {
            return Ok(Vec::new());
        }
        let described = aws.ecs("DescribeTasks", &json!({"cluster": CLUSTER, "tasks": listed["taskArns"]}))?;
        let tasks = described["tasks"].as_array().into_iter().flatten();
        let containers = tasks.flat_map(|task| task["containers"].as_array().into_iter().flatten());
        let digests = containers.filter_map(|container| container["imageDigest"].as_str().map(str::to_owned));
        let mut digests: Vec<_> = digests.collect();
        digests.sort();
        digests.dedup();
        Ok(digests)
    }
}
