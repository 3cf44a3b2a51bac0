# Two pipelines live side by side because no name is taken twice.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  search_cluster      = { host_secret = "search/host", credentials_secret = "search/credentials" }
  ingestion_schedules = { mesh = "rate(7 days)" }
}

run "august" {
  command = plan

  variables {
    namespace = "2022-08-31"
  }

  assert {
    condition     = alltrue([for name in output.names : strcontains(name, "2022-08-31")])
    error_message = "Names without the namespace: ${join(", ", [for name in output.names : name if !strcontains(name, "2022-08-31")])}"
  }

  assert {
    # 5 functions, each with role, policy, log group and alarm; 2 topics; 2 queues, each with dead letters and an
    # alarm; 1 schedule with rule, target and permission.
    condition     = length(output.names) == 5 * 5 + 2 + 2 * 3 + 3
    error_message = "The output `names` has ${length(output.names)} names: does it leave a resource out?"
  }

  assert {
    condition     = alltrue([for index in output.indexes : endswith(index, "-2022-08-31")])
    error_message = "Two pipelines would write one search index."
  }

  assert {
    condition     = output.functions["concepts_aggregator_bulk"] == "2022-08-31-concepts_aggregator_bulk"
    error_message = "pipelinectl.toml knows the functions as <namespace>-<service>."
  }

  assert {
    condition = alltrue([
      for tags in concat(
        values(aws_lambda_function.service)[*].tags,
        values(aws_sqs_queue.queue)[*].tags,
        values(aws_sns_topic.topic)[*].tags,
        values(aws_iam_role.service)[*].tags,
        values(aws_lambda_event_source_mapping.queue)[*].tags,
      ) : tags["Pipeline"] == "2022-08-31"
    ])
    error_message = "Costs are told apart by the tag Pipeline."
  }
}

run "october" {
  command = plan

  variables {
    namespace = "2022-10-14"
  }

  assert {
    condition     = length(setintersection(output.names, run.august.names)) == 0
    error_message = "Both pipelines take ${join(", ", setintersection(output.names, run.august.names))}"
  }

  assert {
    condition     = length(setintersection(output.indexes, run.august.indexes)) == 0
    error_message = "Both pipelines write ${join(", ", setintersection(output.indexes, run.august.indexes))}"
  }
}

run "the_longest_namespace_fits" {
  command = plan

  variables {
    namespace           = "2022-08-31-${join("", [for i in range(28) : "x"])}"
    ingestion_schedules = { a-long-authority1 = "rate(1 day)" }
  }

  assert {
    condition = length(var.namespace) == 39 && alltrue([
      for name in concat(
        values(aws_lambda_function.service)[*].function_name,
        values(aws_iam_role.service)[*].name,
        values(aws_cloudwatch_event_rule.ingestion)[*].name,
        values(aws_cloudwatch_event_target.ingestion)[*].target_id,
      ) : length(name) <= 64
    ])
    error_message = "Lambda, IAM and EventBridge allow 64 characters."
  }

  assert {
    condition = alltrue([
      for name in concat(values(aws_sqs_queue.queue)[*].name, values(aws_sqs_queue.dead_letters)[*].name) :
      length(name) <= 80
    ])
    error_message = "SQS allows 80 characters."
  }
}
