"""What can be switched to fail: credentials, permissions, rates, and a share of everything."""

from .support import TestCase

SERVICES = {
    "ecs": lambda client: client.list_clusters(),
    "ecr": lambda client: client.describe_repositories(),
    "lambda": lambda client: client.list_functions(),
    "dynamodb": lambda client: client.list_tables(),
}


class Everywhere(TestCase):
    def test_expired_credentials(self):
        self.control("set", {"expired": True})
        for service, call in SERVICES.items():
            with self.subTest(service):
                self.refused("ExpiredTokenException", call, client=self.client(service))

    def test_one_operation_may_be_forbidden_for_one_resource(self):
        faults = [
            {"operation": operation, "resource": resource, "code": "AccessDeniedException", "always": True}
            for operation, resource in (
                ("DescribeServices", "s"),
                ("GetItem", "lock#a"),
                ("GetFunction", "f"),
                ("UpdateFunctionCode", "f"),
            )
        ]
        self.control("set", {"faults": faults})
        ecs, functions, table = self.client("ecs"), self.client("lambda"), self.client("dynamodb")
        self.refused("AccessDeniedException", ecs.describe_services, cluster="c", services=["s"])
        self.refused("ClusterNotFoundException", ecs.describe_services, cluster="c", services=["other"])
        self.refused("AccessDeniedException", functions.get_function, FunctionName="f")
        self.refused("AccessDeniedException", functions.update_function_code, FunctionName="f", ImageUri="i")
        self.refused("ResourceNotFoundException", functions.get_function, FunctionName="other")
        self.refused("AccessDeniedException", table.get_item, TableName="t", Key={"item": {"S": "lock#a"}})
        self.refused("ResourceNotFoundException", table.get_item, TableName="t", Key={"item": {"S": "lock#b"}})


class Rates(TestCase):
    def codes(self, call, times):
        answers = []
        for _ in range(times):
            try:
                call()
                answers.append("taken")
            except self.functions.exceptions.ClientError as error:
                answers.append(error.response["Error"]["Code"])
        return answers

    def test_control_calls_of_lambda_when_switched_on(self):
        self.functions = self.client("lambda")
        self.assertEqual(set(self.codes(self.functions.list_functions, 40)), {"taken"})
        self.control("set", {"lambda_rate": True})
        answers = self.codes(self.functions.list_functions, 40)
        self.assertEqual(answers[:15], ["taken"] * 15)
        self.assertIn("TooManyRequestsException", answers)
        by_name = self.codes(lambda: self.functions.get_function(FunctionName="f"), 40)
        self.assertEqual(set(by_name), {"ResourceNotFoundException"}, "GetFunction has a rate of its own")


class Chaos(TestCase):
    def outcomes(self, account):
        client, self.account = self.client("ecr", account=account), account
        chaos = {"share": 0.3, "codes": ["ThrottlingException", "InternalServerError"], "seed": 7}
        self.control("set", {"chaos": chaos})
        outcomes = []
        for number in range(100):
            try:
                client.create_repository(repositoryName=f"weco/{number}")
                outcomes.append("done")
            except client.exceptions.ClientError as error:
                outcomes.append(error.response["Error"]["Code"])
        self.control("set", {"chaos": None})
        pages = client.get_paginator("describe_repositories").paginate()
        there = {repository["repositoryName"] for page in pages for repository in page["repositories"]}
        return outcomes, [f"weco/{number}" in there for number in range(100)]

    def test_a_share_fails_the_same_each_time_and_some_after_their_effect(self):
        outcomes, done = self.outcomes("777777777771")
        self.assertEqual(outcomes, self.outcomes("777777777772")[0])
        failed = [outcome for outcome in outcomes if outcome != "done"]
        self.assertTrue(20 <= len(failed) <= 40, failed)
        self.assertEqual(set(failed), {"ThrottlingException", "InternalServerError"})
        effect = {(outcome, there) for outcome, there in zip(outcomes, done)}
        self.assertIn(("InternalServerError", True), effect)
        self.assertIn(("InternalServerError", False), effect)
        self.assertNotIn(("ThrottlingException", True), effect)
        self.assertNotIn(("done", False), effect)

    def test_it_can_be_kept_to_some_services(self):
        chaos = {"share": 1.0, "codes": ["InternalServerError"], "services": ["ecs"]}
        self.control("set", {"chaos": chaos})
        self.client("ecr").describe_repositories()
        self.refused("InternalServerError", self.client("ecs").list_clusters)
