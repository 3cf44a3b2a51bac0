output "works_topic_arn" {
  description = "Where the catalogue pipeline publishes the works that this pipeline is to look at."
  value       = aws_sns_topic.topic["works"].arn
}

output "functions" {
  description = "Service = the name of its function, to start one by hand."
  value       = { for service, function in aws_lambda_function.service : service => function.function_name }
}

output "indexes" {
  description = "The search indexes that this pipeline writes."
  value       = [local.authoritative_index, local.used_index, local.concepts_index]
}

output "names" {
  description = "Every physical name that this pipeline takes. Two pipelines have none in common."
  value = sort(concat(
    values(aws_lambda_function.service)[*].function_name,
    values(aws_iam_role.service)[*].name,
    values(aws_iam_role_policy.service)[*].name,
    values(aws_cloudwatch_log_group.service)[*].name,
    values(aws_sns_topic.topic)[*].name,
    values(aws_sqs_queue.queue)[*].name,
    values(aws_sqs_queue.dead_letters)[*].name,
    values(aws_cloudwatch_metric_alarm.dead_letters)[*].alarm_name,
    values(aws_cloudwatch_metric_alarm.errors)[*].alarm_name,
    values(aws_cloudwatch_event_rule.ingestion)[*].name,
    values(aws_cloudwatch_event_target.ingestion)[*].target_id,
    values(aws_lambda_permission.ingestion)[*].statement_id,
  ))
}
