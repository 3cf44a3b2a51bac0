# The table of the releases, in the form that pipelinectl's store wants.

mock_provider "aws" {
  source = "./stack/tests/mocks"
}

run "table" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.releases.name == "pipelinectl-releases"
    error_message = "pipelinectl.toml names another table."
  }

  assert {
    condition = (
      aws_dynamodb_table.releases.hash_key == "project"
      && aws_dynamodb_table.releases.range_key == "item"
      && alltrue([for attribute in aws_dynamodb_table.releases.attribute : attribute.type == "S"])
    )
    error_message = "Records are found by project and item, both text."
  }

  assert {
    condition     = aws_dynamodb_table.releases.billing_mode == "PAY_PER_REQUEST"
    error_message = "A few calls a day need no capacity of their own."
  }

  assert {
    condition = (
      aws_dynamodb_table.releases.deletion_protection_enabled
      && one(aws_dynamodb_table.releases.point_in_time_recovery).enabled
    )
    error_message = "Records could be lost."
  }
}

run "an_estate_to_be_taken_down_lets_go_of_it" {
  command = plan

  variables {
    protect_releases = false
  }

  assert {
    condition     = !aws_dynamodb_table.releases.deletion_protection_enabled
    error_message = "The table could not be deleted."
  }
}
