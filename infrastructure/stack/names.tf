data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

locals {
  tags = { Pipeline = var.namespace }

  function_names = { for service in keys(local.services) : service => "${var.namespace}-${service}" }
  log_groups     = { for service, name in local.function_names : service => "/aws/lambda/${name}" }
  queue_names    = { for queue in keys(local.queues) : queue => "concepts-${var.namespace}-${queue}" }
  topic_names    = { for queue in local.queues : queue.topic => "concepts-${var.namespace}-${queue.topic}" }

  # How the ARNs of a service begin. Policies are made from names, not from the resources' own ARNs, for two reasons:
  # a plan shows them in full, and nothing has to wait for a new queue (the provider looks at one for 25 s).
  arn = {
    for service in ["logs", "secretsmanager", "sns", "sqs"] : service => join(":", [
      "arn",
      data.aws_partition.current.partition,
      service,
      data.aws_region.current.name,
      data.aws_caller_identity.current.account_id,
    ])
  }
}
