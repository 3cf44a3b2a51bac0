resource "aws_cloudwatch_event_rule" "ingestion" {
  for_each = var.ingestion_schedules

  name                = "${var.namespace}-ingest-${each.key}"
  description         = "Fetch ${each.key} for the concepts pipeline ${var.namespace}"
  schedule_expression = each.value
  tags                = local.tags
}

resource "aws_cloudwatch_event_target" "ingestion" {
  for_each = var.ingestion_schedules

  rule      = aws_cloudwatch_event_rule.ingestion[each.key].name
  target_id = "${var.namespace}-concepts_ingestor"
  arn       = aws_lambda_function.service["concepts_ingestor"].arn
  input     = jsonencode({ authority = each.key })
}

resource "aws_lambda_permission" "ingestion" {
  for_each = var.ingestion_schedules

  statement_id  = "${var.namespace}-ingest-${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.service["concepts_ingestor"].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.ingestion[each.key].arn
}
