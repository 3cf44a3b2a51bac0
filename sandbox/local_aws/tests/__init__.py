"""Tests of the local AWS against boto3, a client that knows what AWS answers. Run by the crate's own tests."""
