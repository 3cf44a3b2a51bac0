"""A server in this process, and boto3 clients for an account of its own per test."""

import itertools
import json
import threading
import unittest
import urllib.request

import boto3
from botocore.config import Config

from local_aws.server import Handler, Server

_server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=_server.serve_forever, daemon=True).start()
ENDPOINT = f"http://127.0.0.1:{_server.server_address[1]}"
_accounts = itertools.count(300_000_000_001)


class TestCase(unittest.TestCase):
    """A test with a fresh account."""

    def setUp(self):
        self.account = str(next(_accounts))

    def client(self, service, account=None, region="eu-west-1"):
        """A boto3 client that tries once only."""
        return boto3.client(
            service,
            endpoint_url=ENDPOINT,
            region_name=region,
            aws_access_key_id=f"SANDBOX0{account or self.account}",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1, "mode": "standard"}),
        )

    def control(self, name, body=None):
        """A control request; GET without a body."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{ENDPOINT}/_sandbox/{name}?account={self.account}", data)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def seed(self, repository, seed, kind="docker", tags=()):
        """An image in a repository, made if need be; gives its description."""
        ecr = self.client("ecr")
        try:
            ecr.create_repository(repositoryName=repository)
        except ecr.exceptions.RepositoryAlreadyExistsException:
            pass
        body = {"region": "eu-west-1", "repository": repository, "seed": seed, "kind": kind, "tags": list(tags)}
        return self.control("image", body)

    def refused(self, code, call, **parameters):
        """The call must fail with this error code; gives the error."""
        from botocore.exceptions import ClientError

        with self.assertRaises(ClientError) as caught:
            call(**parameters)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception
