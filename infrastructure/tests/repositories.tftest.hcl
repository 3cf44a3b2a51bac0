# The image repositories, which all pipelines share.

mock_provider "aws" {
  source = "./stack/tests/mocks"
}

run "repositories" {
  command = plan

  assert {
    condition = toset(values(aws_ecr_repository.service)[*].name) == toset([
      "weco/concepts_aggregator",
      "weco/concepts_aggregator_bulk",
      "weco/concepts_ingestor",
      "weco/concepts_recorder",
      "weco/concepts_recorder_bulk",
    ])
    error_message = "pipelinectl.toml names five repositories."
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.service : repository.image_tag_mutability == "MUTABLE"])
    error_message = "Pipeline tags could not move."
  }
}

run "pipeline_tags_stand_before_old_builds" {
  command = plan

  assert {
    condition = length(aws_ecr_lifecycle_policy.service) == 5 && alltrue([
      for policy in aws_ecr_lifecycle_policy.service :
      [for rule in jsondecode(policy.policy).rules : rule.rulePriority] == [1, 2]
    ])
    error_message = "Each repository has two rules, the protecting one first."
  }

  assert {
    # One pattern: several would select only the images that match them all. `*` is the only wildcard.
    condition = alltrue([
      for policy in aws_ecr_lifecycle_policy.service :
      jsondecode(policy.policy).rules[0].selection.tagPatternList == ["20*-*-*"]
      && jsondecode(policy.policy).rules[0].selection.countNumber >= 10000
    ])
    error_message = "The first rule selects images with a pipeline tag, and never expires one."
  }

  assert {
    condition = alltrue([
      for policy in aws_ecr_lifecycle_policy.service :
      jsondecode(policy.policy).rules[1].selection.tagPrefixList == ["ref."]
      && jsondecode(policy.policy).rules[1].selection.countType == "imageCountMoreThan"
      && jsondecode(policy.policy).rules[1].selection.countNumber == 200
    ])
    error_message = "The second rule expires old builds by number, not by age."
  }
}

run "too_few_builds_kept" {
  command = plan

  variables {
    kept_builds = 1
  }

  expect_failures = [var.kept_builds]
}
