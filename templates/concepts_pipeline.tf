module "concepts_pipeline_{{namespace}}" {
  source    = "./stack"
  namespace = "{{namespace}}"

  search_cluster = {
    host_secret        = "concepts/{{namespace}}/search/host"
    credentials_secret = "concepts/{{namespace}}/search/credentials"
  }

  # No ingestion_schedules: a new pipeline is filled by hand first.
}
