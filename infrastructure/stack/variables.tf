variable "namespace" {
  description = "Name of the pipeline, usually the date it was made. It is part of every name, and the tag of the images that run."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]*$", var.namespace))
    error_message = "A namespace begins with a letter or digit and goes on with letters, digits, '_' and '-'. Lambda and SQS names allow no other characters."
  }

  validation {
    # 64 characters for a function and for a role, less "-concepts_aggregator_bulk".
    condition     = length(var.namespace) <= 39
    error_message = "A namespace has at most 39 characters: Lambda function and IAM role names made from it must stay within 64."
  }
}

variable "search_cluster" {
  description = "Names of the Secrets Manager secrets that hold the search cluster's host, and the credentials for it. The functions read them when they start."
  type = object({
    host_secret        = string
    credentials_secret = string
  })
  nullable = false

  validation {
    condition = alltrue([
      for name in values(var.search_cluster) : can(regex("^[A-Za-z0-9/_+=.@-]{1,512}$", name))
    ])
    error_message = "Give the names of two secrets, not their ARNs and not their values: letters, digits and /_+=.@- (Secrets Manager, CreateSecret)."
  }
}

variable "repository_prefix" {
  description = "What stands before the service's name in the name of its ECR repository."
  type        = string
  default     = "weco/"
  nullable    = false
}

variable "ingestion_schedules" {
  description = "When the ingestor fetches an authority by itself: authority = EventBridge schedule expression. None: by hand only."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for authority in keys(var.ingestion_schedules) : can(regex("^[a-z0-9-]{1,17}$", authority))])
    error_message = "An authority is at most 17 lower-case letters, digits and '-', so that the name of its EventBridge rule stays within 64 characters."
  }

  validation {
    condition     = alltrue([for schedule in values(var.ingestion_schedules) : can(regex("^(cron|rate)\\(.+\\)$", schedule))])
    error_message = "A schedule is cron(...) or rate(...), as EventBridge rules take it."
  }
}

variable "queue_concurrency" {
  description = "How many copies of a function work on one queue at the same time, at most."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.queue_concurrency >= 2 && var.queue_concurrency <= 1000
    error_message = "Lambda takes 2 to 1000 as the maximum concurrency of a queue."
  }
}

variable "log_retention_days" {
  description = "Days for which the functions' logs are kept."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "CloudWatch Logs keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731 days."
  }
}

variable "alarm_topic_arns" {
  description = "SNS topics that hear of this pipeline's alarms."
  type        = list(string)
  default     = []
  nullable    = false
}
