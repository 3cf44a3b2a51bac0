"""The server: accounts, faults, protocols, connections, conditional writes."""

import http.client
import time

import boto3

from .support import ENDPOINT, TestCase


class Server(TestCase):
    def test_the_access_key_decides_the_account(self):
        self.assertEqual(self.client("sts").get_caller_identity()["Account"], self.account)
        other = self.client("sts", account="999999999999")
        self.assertEqual(other.get_caller_identity()["Account"], "999999999999")

    def test_an_assumed_role_belongs_to_its_account(self):
        role = "arn:aws:iam::888888888888:role/deployer"
        given = self.client("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
        assumed = boto3.client(
            "sts",
            endpoint_url=ENDPOINT,
            region_name="eu-west-1",
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )
        self.assertEqual(assumed.get_caller_identity()["Account"], "888888888888")

    def test_errors_speak_the_protocol_of_their_service(self):
        self.control("set", {"faults": [{"operation": "*", "code": "AccessDenied", "always": True, "status": 403}]})
        calls = {
            "ecr": lambda: self.client("ecr").describe_repositories(),
            "sts": lambda: self.client("sts").get_caller_identity(),
            "lambda": lambda: self.client("lambda").get_function(FunctionName="f"),
            "s3": lambda: self.client("s3").get_object(Bucket="some-bucket", Key="k"),
            "sns": lambda: self.client("sns").list_topics(),
            "secretsmanager": lambda: self.client("secretsmanager").get_secret_value(SecretId="s"),
        }
        for service, call in calls.items():
            with self.subTest(service):
                self.refused("AccessDenied", call)

    def test_the_log_names_operations_of_every_protocol(self):
        self.client("sts").get_caller_identity()
        s3 = self.client("s3")
        s3.create_bucket(Bucket=f"log-{self.account}", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket=f"log-{self.account}", Key="folder/state", Body=b"{}")
        s3.list_objects_v2(Bucket=f"log-{self.account}")
        s3.get_bucket_versioning(Bucket=f"log-{self.account}")
        self.client("lambda").list_functions()
        seen = [call["operation"] for call in self.control("calls")["calls"]]
        expected = ["GetCallerIdentity", "CreateBucket", "PutObject", "ListObjectsV2", "GetBucketVersioning", "ListFunctions"]
        self.assertEqual(seen, expected)

    def test_a_conditional_write_loses_against_what_is_there(self):
        s3, bucket = self.client("s3"), f"lock-{self.account}"
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket=bucket, Key="state.tflock", Body=b"first", IfNoneMatch="*")
        put = {"Bucket": bucket, "Key": "state.tflock", "Body": b"second", "IfNoneMatch": "*"}
        error = self.refused("PreconditionFailed", s3.put_object, **put)
        self.assertEqual(error.response["ResponseMetadata"]["HTTPStatusCode"], 412)
        self.assertEqual(s3.get_object(Bucket=bucket, Key="state.tflock")["Body"].read(), b"first")

    def test_a_redrive_policy_comes_back_as_it_was_set(self):
        sqs = self.client("sqs")
        sqs.create_queue(QueueName="dead")
        policy = f'{{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:{self.account}:dead","maxReceiveCount":5}}'
        queue = sqs.create_queue(QueueName="q", Attributes={"RedrivePolicy": policy})["QueueUrl"]
        got = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        self.assertEqual(got["RedrivePolicy"], policy)

    def test_put_image_may_be_called_ten_times_at_once_and_ten_times_a_second(self):
        image = self.seed("weco/a", "one")
        ecr = self.client("ecr")
        answers = []
        started = time.monotonic()
        for number in range(14):
            try:
                ecr.put_image(repositoryName="weco/a", imageManifest=image["manifest"], imageTag=f"t{number}")
                answers.append("taken")
            except ecr.exceptions.ClientError as error:
                answers.append(error.response["Error"]["Code"])
        refilled = int((time.monotonic() - started) * 10)
        self.assertEqual(answers[:10], ["taken"] * 10)
        self.assertLessEqual(answers.count("taken"), 11 + refilled)
        if refilled < 3:
            self.assertIn("ThrottlingException", answers)
        time.sleep(0.15)
        ecr.put_image(repositoryName="weco/a", imageManifest=image["manifest"], imageTag="later")

    def test_a_connection_serves_more_than_one_request(self):
        connection = http.client.HTTPConnection(ENDPOINT.removeprefix("http://"))
        for _ in range(3):
            connection.request("GET", f"/_sandbox/calls?account={self.account}")
            answer = connection.getresponse()
            answer.read()
            self.assertFalse(answer.will_close)
        connection.close()
