locals {
  services = toset([
    "concepts_aggregator",
    "concepts_aggregator_bulk",
    "concepts_ingestor",
    "concepts_recorder",
    "concepts_recorder_bulk",
  ])
}

resource "aws_ecr_repository" "service" {
  for_each = local.services

  name = "weco/${each.key}"

  # Pipeline tags and `latest` move from build to build.
  image_tag_mutability = "MUTABLE"

  lifecycle {
    prevent_destroy = true
  }
}

# AWS, "Automate the cleanup of images by using lifecycle policies in Amazon ECR": an image that matches the tags of a
# rule cannot be expired by a rule that comes after it. So the first rule stands in front of all images that carry a
# pipeline tag, and its own count is never reached.
# AWS, "Lifecycle policy properties in Amazon ECR": the only wildcard is `*`, at most four in a pattern, and several
# patterns in one rule select only the images that match them all. A second form of pipeline tag needs its own rule.
resource "aws_ecr_lifecycle_policy" "service" {
  for_each = aws_ecr_repository.service

  repository = each.value.name

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Keep the images that carry the tag of a pipeline, such as 2022-08-31"
        selection = {
          tagStatus      = "tagged"
          tagPatternList = ["20*-*-*"]
          countType      = "imageCountMoreThan"
          countNumber    = 10000
        }
        action = { type = "expire" }
      },
      {
        # By count, not by age: after a quiet year the newest builds are still there.
        rulePriority = 2
        description  = "Expire old builds, each of which carries its commit"
        selection = {
          tagStatus     = "tagged"
          tagPrefixList = ["ref."]
          countType     = "imageCountMoreThan"
          countNumber   = var.kept_builds
        }
        action = { type = "expire" }
      },
    ]
  })
}

# Lambda fetches the images. Where this statement is missing, Lambda adds it by itself when a function is made, and
# every later plan would want to take it away again (AWS, "Create a Lambda function using a container image").
resource "aws_ecr_repository_policy" "service" {
  for_each = aws_ecr_repository.service

  repository = each.value.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LambdaECRImageRetrievalPolicy"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    }]
  })
}
