resource "aws_iam_role" "service" {
  for_each = local.services

  name        = local.function_names[each.key]
  description = "What the function ${local.function_names[each.key]} may do"
  tags        = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "service" {
  for_each = local.services

  name = local.function_names[each.key]
  role = aws_iam_role.service[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "WriteItsLogs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["${local.arn.logs}:log-group:${local.log_groups[each.key]}:log-stream:*"]
        },
        {
          # Secrets Manager ends each ARN with a hyphen and six random characters.
          Sid      = "ReadTheSearchCluster"
          Effect   = "Allow"
          Action   = ["secretsmanager:GetSecretValue"]
          Resource = [for secret in values(var.search_cluster) : "${local.arn.secretsmanager}:secret:${secret}-??????"]
        },
      ],
      each.value.queue == null ? [] : [{
        Sid      = "WorkOnItsQueue"
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = ["${local.arn.sqs}:${local.queue_names[each.value.queue]}"]
      }],
      each.value.publishes_to == null ? [] : [{
        Sid      = "PublishToItsTopic"
        Effect   = "Allow"
        Action   = ["sns:Publish"]
        Resource = ["${local.arn.sns}:${local.topic_names[each.value.publishes_to]}"]
      }],
    )
  })
}
