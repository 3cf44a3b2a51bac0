variable "region" {
  description = "AWS region of the image repositories and of every pipeline."
  type        = string
  default     = "eu-west-1"
}

variable "protect_releases" {
  description = "Whether the table of the releases is kept from being deleted. Turn it off, and apply, before taking all down."
  type        = bool
  default     = true
}

variable "kept_builds" {
  description = "How many of the newest builds each image repository keeps. Images that a pipeline runs are kept besides."
  type        = number
  default     = 200

  validation {
    condition     = var.kept_builds >= 10 && floor(var.kept_builds) == var.kept_builds
    error_message = "Keep at least 10 builds, a whole number: a rollback needs an older image to go back to."
  }
}
