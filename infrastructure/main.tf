provider "aws" {
  region = var.region

  default_tags {
    tags = {
      Project   = "concepts"
      ManagedBy = "terraform"
    }
  }
}

# One block for each pipeline. `pipelinectl new` adds one.
module "concepts_pipeline_2022-08-31" {
  source    = "./stack"
  namespace = "2022-08-31"

  search_cluster = {
    host_secret        = "concepts/2022-08-31/search/host"
    credentials_secret = "concepts/2022-08-31/search/credentials"
  }

  ingestion_schedules = {
    lc-subjects = "cron(0 3 ? * SUN *)"
    lc-names    = "cron(0 6 ? * SUN *)"
    mesh        = "cron(0 3 ? * MON *)"
  }
}
