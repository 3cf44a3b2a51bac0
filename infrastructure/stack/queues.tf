# The works topic is where the catalogue pipeline publishes. Each pipeline has its own: two that shared one could not
# be retired apart.
resource "aws_sns_topic" "topic" {
  for_each = local.topic_names

  name = each.value
  tags = local.tags
}

resource "aws_sqs_queue" "dead_letters" {
  for_each = local.queues

  name                      = "${local.queue_names[each.key]}-dlq"
  message_retention_seconds = 14 * 24 * 60 * 60
  sqs_managed_sse_enabled   = true
  tags                      = local.tags
}

resource "aws_sqs_queue" "queue" {
  for_each = local.queues

  name                    = local.queue_names[each.key]
  sqs_managed_sse_enabled = true

  # AWS, "Creating and configuring an Amazon SQS event source mapping": six times the function's timeout and the
  # batching window besides, and at least five receives before a message is dead.
  visibility_timeout_seconds = 6 * local.services[each.value.service].timeout + local.batching_window

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters[each.key].arn
    maxReceiveCount     = 5
  })

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "FromItsTopic"
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "${local.arn.sqs}:${local.queue_names[each.key]}"
      Condition = { ArnEquals = { "aws:SourceArn" = "${local.arn.sns}:${local.topic_names[each.value.topic]}" } }
    }]
  })

  tags = local.tags
}

resource "aws_sns_topic_subscription" "queue" {
  for_each = local.queues

  topic_arn            = aws_sns_topic.topic[each.value.topic].arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.queue[each.key].arn
  raw_message_delivery = true
}
