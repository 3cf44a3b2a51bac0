# Where pipelinectl keeps what the team and its builds share: a lock for each pipeline, who holds it back, and the record of
# every release. `pipelinectl.toml` names it in [releases].
resource "aws_dynamodb_table" "releases" {
  name         = "pipelinectl-releases"
  billing_mode = "PAY_PER_REQUEST"

  # One project is one partition, so that a lock and a listing need a single query each.
  hash_key  = "project"
  range_key = "item"

  attribute {
    name = "project"
    type = "S"
  }

  attribute {
    name = "item"
    type = "S"
  }

  # A rollback goes back to what the records say: they are worth as much as the images.
  deletion_protection_enabled = var.protect_releases

  point_in_time_recovery {
    enabled = true
  }
}
