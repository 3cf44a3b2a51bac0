bucket  = "concepts-terraform-state-123456789012"
region  = "eu-west-1"
encrypt = true
