resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each = local.queues

  alarm_name        = "${aws_sqs_queue.dead_letters[each.key].name}-not-empty"
  alarm_description = "Messages could not be processed by ${var.namespace}-${each.value.service}. They are kept for 14 days."

  namespace   = "AWS/SQS"
  metric_name = "ApproximateNumberOfMessagesVisible"
  dimensions  = { QueueName = aws_sqs_queue.dead_letters[each.key].name }
  statistic   = "Maximum"

  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
  tags          = local.tags
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = local.services

  alarm_name        = "${aws_lambda_function.service[each.key].function_name}-errors"
  alarm_description = "The function ended with errors. Its log group is ${aws_cloudwatch_log_group.service[each.key].name}."

  namespace   = "AWS/Lambda"
  metric_name = "Errors"
  dimensions  = { FunctionName = aws_lambda_function.service[each.key].function_name }
  statistic   = "Sum"

  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
  tags          = local.tags
}
