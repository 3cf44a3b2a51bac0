# What runs, what feeds it, and who hears when it fails.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  namespace           = "2022-08-31"
  search_cluster      = { host_secret = "search/host", credentials_secret = "search/credentials" }
  ingestion_schedules = { mesh = "rate(7 days)" }
  alarm_topic_arns    = ["arn:aws:sns:eu-west-1:123456789012:alarms"]
}

override_resource {
  target          = aws_sqs_queue.dead_letters["aggregator"]
  override_during = plan
  values          = { arn = "arn:aws:sqs:eu-west-1:123456789012:concepts-2022-08-31-aggregator-dlq" }
}

override_resource {
  target          = aws_sqs_queue.queue["recorder"]
  override_during = plan
  values          = { arn = "arn:aws:sqs:eu-west-1:123456789012:concepts-2022-08-31-recorder" }
}

override_resource {
  target          = aws_lambda_function.service["concepts_recorder"]
  override_during = plan
  values          = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:2022-08-31-concepts_recorder" }
}

override_resource {
  target          = aws_lambda_function.service["concepts_ingestor"]
  override_during = plan
  values          = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:2022-08-31-concepts_ingestor" }
}

run "images" {
  command = plan

  assert {
    condition = alltrue([
      for function in aws_lambda_function.service :
      function.package_type == "Image" && can(regex("@sha256:[0-9a-f]{64}$", function.image_uri))
    ])
    error_message = "A function runs a tag, which may move between plan and apply."
  }

  assert {
    condition = alltrue([
      for service, image in data.aws_ecr_image.service :
      image.image_tag == "2022-08-31" && image.repository_name == "weco/${service}"
    ])
    error_message = "The image is the one that carries the namespace, in the service's own repository."
  }

  assert {
    condition = toset(keys(aws_lambda_function.service)) == toset([
      "concepts_aggregator", "concepts_aggregator_bulk", "concepts_ingestor", "concepts_recorder", "concepts_recorder_bulk",
    ])
    error_message = "A pipeline has five functions."
  }
}

run "queues" {
  command = plan

  assert {
    condition = jsondecode(aws_sqs_queue.queue["aggregator"].redrive_policy) == {
      deadLetterTargetArn = "arn:aws:sqs:eu-west-1:123456789012:concepts-2022-08-31-aggregator-dlq"
      maxReceiveCount     = 5
    }
    error_message = "A message that fails five times goes to the queue's own dead letters."
  }

  assert {
    condition = alltrue([
      for name, queue in aws_sqs_queue.queue :
      queue.visibility_timeout_seconds == (
        6 * aws_lambda_function.service["concepts_${name}"].timeout
        + aws_lambda_event_source_mapping.queue[name].maximum_batching_window_in_seconds
      )
    ])
    error_message = "A message would be seen again while a function still works on it."
  }

  assert {
    condition = alltrue([
      for queue in concat(values(aws_sqs_queue.queue), values(aws_sqs_queue.dead_letters)) : queue.sqs_managed_sse_enabled
    ])
    error_message = "A queue is not encrypted."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.queue["recorder"].event_source_arn
      == "arn:aws:sqs:eu-west-1:123456789012:concepts-2022-08-31-recorder"
      && aws_lambda_event_source_mapping.queue["recorder"].function_name
      == "arn:aws:lambda:eu-west-1:123456789012:function:2022-08-31-concepts_recorder"
    )
    error_message = "The recorder works on the recorder's queue."
  }

  assert {
    condition = alltrue([
      for mapping in aws_lambda_event_source_mapping.queue :
      contains(mapping.function_response_types, "ReportBatchItemFailures")
    ])
    error_message = "One bad message would bring its whole batch back."
  }

  assert {
    condition     = alltrue([for function in aws_lambda_function.service : coalesce(function.reserved_concurrent_executions, -1) == -1])
    error_message = "Reserved concurrency is taken from all other functions of the account."
  }
}

run "schedules" {
  command = plan

  assert {
    condition = (
      jsondecode(aws_cloudwatch_event_target.ingestion["mesh"].input).authority == "mesh"
      && aws_cloudwatch_event_target.ingestion["mesh"].arn
      == "arn:aws:lambda:eu-west-1:123456789012:function:2022-08-31-concepts_ingestor"
      && aws_lambda_permission.ingestion["mesh"].source_arn == aws_cloudwatch_event_rule.ingestion["mesh"].arn
    )
    error_message = "The schedule starts the ingestor with its authority, and no other rule may."
  }
}

run "logs_and_alarms" {
  command = plan

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.service : group.retention_in_days == 30])
    error_message = "Logs would be kept for ever."
  }

  assert {
    condition = alltrue([
      for service, function in aws_lambda_function.service :
      aws_cloudwatch_log_group.service[service].name == "/aws/lambda/${function.function_name}"
      && aws_cloudwatch_metric_alarm.errors[service].dimensions["FunctionName"] == function.function_name
    ])
    error_message = "A function writes to another log group, or has no alarm."
  }

  assert {
    condition = alltrue([
      for name, queue in aws_sqs_queue.dead_letters :
      aws_cloudwatch_metric_alarm.dead_letters[name].dimensions["QueueName"] == queue.name
    ])
    error_message = "Dead letters would lie unseen."
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.errors), values(aws_cloudwatch_metric_alarm.dead_letters)) :
      alarm.threshold == 0 && alarm.comparison_operator == "GreaterThanThreshold"
      && alarm.treat_missing_data == "notBreaching"
      && alarm.alarm_actions == toset(["arn:aws:sns:eu-west-1:123456789012:alarms"])
    ])
    error_message = "The first failure is told, silence is no failure."
  }
}
