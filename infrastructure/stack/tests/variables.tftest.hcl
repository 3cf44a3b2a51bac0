# Bad input is refused while planning.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  namespace      = "2022-08-31"
  search_cluster = { host_secret = "search/host", credentials_secret = "search/credentials" }
}

run "namespace_too_long" {
  command = plan

  variables {
    namespace = "2022-08-31-${join("", [for i in range(29) : "x"])}"
  }

  expect_failures = [var.namespace]
}

run "namespace_with_a_dot" {
  command = plan

  variables {
    namespace = "2022.08.31"
  }

  expect_failures = [var.namespace]
}

run "namespace_begins_with_a_hyphen" {
  command = plan

  variables {
    namespace = "-2022-08-31"
  }

  expect_failures = [var.namespace]
}

run "secret_by_arn" {
  command = plan

  variables {
    search_cluster = {
      host_secret        = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:search/host-AbCdEf"
      credentials_secret = "search/credentials"
    }
  }

  expect_failures = [var.search_cluster]
}

run "secret_by_wildcard" {
  command = plan

  variables {
    search_cluster = { host_secret = "search/*", credentials_secret = "search/credentials" }
  }

  expect_failures = [var.search_cluster]
}

run "authority_too_long" {
  command = plan

  variables {
    ingestion_schedules = { "library-of-congress-names" = "rate(7 days)" }
  }

  expect_failures = [var.ingestion_schedules]
}

run "schedule_is_no_schedule" {
  command = plan

  variables {
    ingestion_schedules = { mesh = "weekly" }
  }

  expect_failures = [var.ingestion_schedules]
}

run "retention_that_cloudwatch_does_not_know" {
  command = plan

  variables {
    log_retention_days = 31
  }

  expect_failures = [var.log_retention_days]
}

run "concurrency_too_low" {
  command = plan

  variables {
    queue_concurrency = 1
  }

  expect_failures = [var.queue_concurrency]
}
