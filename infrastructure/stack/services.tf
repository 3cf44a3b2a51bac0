# How concepts flow through a pipeline:
#
#   authorities ─> ingestor ──────────────────────────> authoritative index ─┐
#   works topic ─> aggregator queue ─> aggregator ────> used concepts index ─┤
#                                          │                                 │ read
#                                  aggregated topic                          v
#                                          └─> recorder queue ─> recorder ─> concepts index
#
# aggregator_bulk and recorder_bulk do the same work over a whole index. They are started by hand, when a new pipeline
# is filled, and so have no queue.

locals {
  authoritative_index = "concepts-authoritative-${var.namespace}"
  used_index          = "concepts-used-${var.namespace}"
  concepts_index      = "concepts-${var.namespace}"

  # memory in MB, timeout in seconds. 900 is the most that Lambda gives.
  services = {
    concepts_ingestor = {
      description  = "Fetches the concepts of an authority, such as the Library of Congress or MeSH"
      memory       = 2048
      timeout      = 900
      queue        = null
      publishes_to = null
      environment  = { AUTHORITATIVE_INDEX = local.authoritative_index }
    }
    concepts_aggregator = {
      description  = "Collects the concepts that catalogue works use"
      memory       = 512
      timeout      = 60
      queue        = "aggregator"
      publishes_to = "aggregated"
      environment  = { USED_INDEX = local.used_index }
    }
    concepts_aggregator_bulk = {
      description  = "Collects the concepts of all catalogue works at once"
      memory       = 2048
      timeout      = 900
      queue        = null
      publishes_to = null
      environment  = { USED_INDEX = local.used_index }
    }
    concepts_recorder = {
      description  = "Merges authoritative and used concepts, as they change"
      memory       = 512
      timeout      = 60
      queue        = "recorder"
      publishes_to = null
      environment = {
        AUTHORITATIVE_INDEX = local.authoritative_index
        USED_INDEX          = local.used_index
        CONCEPTS_INDEX      = local.concepts_index
      }
    }
    concepts_recorder_bulk = {
      description  = "Merges all authoritative and used concepts at once"
      memory       = 2048
      timeout      = 900
      queue        = null
      publishes_to = null
      environment = {
        AUTHORITATIVE_INDEX = local.authoritative_index
        USED_INDEX          = local.used_index
        CONCEPTS_INDEX      = local.concepts_index
      }
    }
  }

  # Seconds for which messages are gathered before a function is called.
  batching_window = 5

  # The queues, each with the topic that feeds it and the service that works on it.
  queues = {
    aggregator = { topic = "works", service = "concepts_aggregator" }
    recorder   = { topic = "aggregated", service = "concepts_recorder" }
  }
}
