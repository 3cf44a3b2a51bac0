# The image that carries the namespace as its tag when the plan is made. Where there is none, the plan fails here.
data "aws_ecr_image" "service" {
  for_each = local.services

  repository_name = "${var.repository_prefix}${each.key}"
  image_tag       = var.namespace
}

resource "aws_cloudwatch_log_group" "service" {
  for_each = local.services

  name              = local.log_groups[each.key]
  retention_in_days = var.log_retention_days
  tags              = local.tags
}

resource "aws_lambda_function" "service" {
  for_each = local.services

  function_name = local.function_names[each.key]
  description   = each.value.description
  role          = aws_iam_role.service[each.key].arn
  package_type  = "Image"

  # By digest (repository@sha256:…): what was planned is what runs, even if the tag moves before the apply.
  image_uri = data.aws_ecr_image.service[each.key].image_uri

  memory_size = each.value.memory
  timeout     = each.value.timeout

  environment {
    variables = merge(
      each.value.environment,
      {
        SEARCH_HOST_SECRET        = var.search_cluster.host_secret
        SEARCH_CREDENTIALS_SECRET = var.search_cluster.credentials_secret
      },
      each.value.publishes_to == null ? {} : { TOPIC_ARN = aws_sns_topic.topic[each.value.publishes_to].arn },
    )
  }

  tags = local.tags

  # Lambda makes a log group that keeps logs for ever when it finds none. A role without its policy cannot write logs.
  depends_on = [aws_cloudwatch_log_group.service, aws_iam_role_policy.service]
}

resource "aws_lambda_event_source_mapping" "queue" {
  for_each = local.queues

  event_source_arn                   = aws_sqs_queue.queue[each.key].arn
  function_name                      = aws_lambda_function.service[each.value.service].arn
  batch_size                         = 10
  maximum_batching_window_in_seconds = local.batching_window

  # The function names the messages that failed; the others are not tried again.
  function_response_types = ["ReportBatchItemFailures"]

  # A limit on the queue, not reserved concurrency on the function: that would be taken from all other functions of
  # the account, once for each pipeline.
  scaling_config {
    maximum_concurrency = var.queue_concurrency
  }

  tags = local.tags
}
