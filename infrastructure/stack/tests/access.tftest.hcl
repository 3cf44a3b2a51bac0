# Each function may do what it needs, on what is its own.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  namespace      = "2022-08-31"
  search_cluster = { host_secret = "search/host", credentials_secret = "search/credentials" }
}

run "roles" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for policy in values(aws_iam_role_policy.service)[*].policy : [
        for statement in jsondecode(policy).Statement : [
          for resource in statement.Resource :
          strcontains(resource, "2022-08-31") || can(regex(":secret:search/(host|credentials)-[?]{6}$", resource))
        ]
      ]
    ]))
    error_message = "A role reaches beyond its own pipeline and its two secrets."
  }

  assert {
    condition = !anytrue(flatten([
      for policy in values(aws_iam_role_policy.service)[*].policy : [
        for statement in jsondecode(policy).Statement : [for action in statement.Action : strcontains(action, "*")]
      ]
    ]))
    error_message = "A role allows actions by wildcard."
  }

  assert {
    condition = {
      for service, policy in aws_iam_role_policy.service :
      service => [for statement in jsondecode(policy.policy).Statement : statement.Sid]
      } == {
      concepts_aggregator      = ["WriteItsLogs", "ReadTheSearchCluster", "WorkOnItsQueue", "PublishToItsTopic"]
      concepts_aggregator_bulk = ["WriteItsLogs", "ReadTheSearchCluster"]
      concepts_ingestor        = ["WriteItsLogs", "ReadTheSearchCluster"]
      concepts_recorder        = ["WriteItsLogs", "ReadTheSearchCluster", "WorkOnItsQueue"]
      concepts_recorder_bulk   = ["WriteItsLogs", "ReadTheSearchCluster"]
    }
    error_message = "A service has another right than it needs."
  }

  assert {
    condition = (
      jsondecode(aws_iam_role_policy.service["concepts_recorder"].policy).Statement[2].Resource
      == ["arn:aws:sqs:eu-west-1:123456789012:concepts-2022-08-31-recorder"]
    )
    error_message = "The recorder works on its own queue alone."
  }

  assert {
    condition     = alltrue([for service, policy in aws_iam_role_policy.service : policy.role == "2022-08-31-${service}"])
    error_message = "Each service has a role of its own."
  }
}

run "queues_take_messages_from_their_topic_alone" {
  command = plan

  assert {
    condition = alltrue([
      for queue, topic in { aggregator = "works", recorder = "aggregated" } :
      jsondecode(aws_sqs_queue.queue[queue].policy).Statement == [{
        Sid       = "FromItsTopic"
        Effect    = "Allow"
        Principal = { Service = "sns.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = "arn:aws:sqs:eu-west-1:123456789012:concepts-2022-08-31-${queue}"
        Condition = {
          ArnEquals = { "aws:SourceArn" = "arn:aws:sns:eu-west-1:123456789012:concepts-2022-08-31-${topic}" }
        }
      }]
    ])
    error_message = "A queue takes messages from elsewhere than its topic."
  }
}

run "secrets_stay_names" {
  command = plan

  assert {
    condition = alltrue([
      for function in aws_lambda_function.service :
      function.environment[0].variables["SEARCH_HOST_SECRET"] == "search/host"
      && function.environment[0].variables["SEARCH_CREDENTIALS_SECRET"] == "search/credentials"
    ])
    error_message = "A function is told the names of its secrets, and reads them itself."
  }
}
