terraform {
  # The lock file beside an S3 state (use_lockfile) is generally available since Terraform 1.11.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Bucket and region come from backend.hcl: terraform init -backend-config=backend.hcl
  backend "s3" {
    key          = "concepts/terraform.tfstate"
    use_lockfile = true
  }
}
