"""AWS Lambda with container images."""

import time

from .support import TestCase


class Lambda(TestCase):
    def setUp(self):
        super().setUp()
        self.image = self.seed("weco/a", "one", tags=["latest"])
        self.functions = self.client("lambda")
        role = self.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self.uri = f"{self.account}.dkr.ecr.eu-west-1.amazonaws.com/weco/a"
        self.create = {"FunctionName": "f", "Role": role, "PackageType": "Image"}

    def running(self):
        return self.functions.get_function(FunctionName="f")["Code"]["ResolvedImageUri"].split("@")[1]

    def test_a_tag_is_resolved_at_the_update_and_not_after(self):
        self.functions.create_function(**self.create, Code={"ImageUri": f"{self.uri}:latest"})
        newer = self.seed("weco/a", "two", tags=["next"])
        self.client("ecr").put_image(repositoryName="weco/a", imageManifest=newer["manifest"], imageTag="latest")
        self.assertEqual(self.running(), self.image["digest"])
        self.functions.update_function_code(FunctionName="f", ImageUri=f"{self.uri}:latest")
        self.assertEqual(self.running(), newer["digest"])

    def test_by_digest_the_uri_stays_as_given(self):
        uri = f"{self.uri}@{self.image['digest']}"
        self.functions.create_function(**self.create, Code={"ImageUri": uri})
        code = self.functions.get_function(FunctionName="f")["Code"]
        self.assertEqual((code["ImageUri"], code["ResolvedImageUri"]), (uri, uri))

    def test_an_index_and_an_absent_image_are_refused(self):
        self.seed("weco/a", "list", "oci-index", ["list"])
        for tag, reason in (("list", "is not supported"), ("absent", "does not exist")):
            code = {"ImageUri": f"{self.uri}:{tag}"}
            error = self.refused("InvalidParameterValueException", self.functions.create_function, **self.create, Code=code)
            self.assertIn(reason, str(error))

    def test_an_update_takes_a_while_and_another_meanwhile_is_a_conflict(self):
        self.functions.create_function(**self.create, Code={"ImageUri": f"{self.uri}:latest"})
        self.control("set", {"lambda_update_s": 1})
        update = {"FunctionName": "f", "ImageUri": f"{self.uri}:latest"}
        answer = self.functions.update_function_code(**update)
        self.assertEqual(answer["LastUpdateStatus"], "InProgress")
        self.refused("ResourceConflictException", self.functions.update_function_code, **update)
        time.sleep(1.1)
        self.assertEqual(self.functions.get_function(FunctionName="f")["Configuration"]["LastUpdateStatus"], "Successful")

    def test_an_update_that_fails_says_why_and_the_code_before_goes_on(self):
        self.functions.create_function(**self.create, Code={"ImageUri": f"{self.uri}:latest"})
        newer = self.seed("weco/a", "two", tags=["next"])
        failing = {"f": {"code": "InvalidImage", "reason": "The layer cannot be unpacked."}}
        self.control("set", {"lambda_failing": failing, "lambda_update_s": 0.4})
        update = {"FunctionName": "f", "ImageUri": f"{self.uri}@{newer['digest']}"}
        self.assertEqual(self.functions.update_function_code(**update)["LastUpdateStatus"], "InProgress")
        time.sleep(0.5)
        configuration = self.functions.get_function(FunctionName="f")["Configuration"]
        self.assertEqual((configuration["State"], configuration["LastUpdateStatus"]), ("Active", "Failed"))
        self.assertEqual(configuration["LastUpdateStatusReasonCode"], "InvalidImage")
        self.assertEqual(configuration["LastUpdateStatusReason"], "The layer cannot be unpacked.")
        self.assertEqual(self.running(), self.image["digest"])
        self.control("set", {"lambda_failing": {}, "lambda_update_s": 0})
        self.functions.update_function_code(**update)
        self.assertEqual(self.running(), newer["digest"])
        self.assertEqual(self.functions.get_function(FunctionName="f")["Configuration"]["LastUpdateStatus"], "Successful")

    def test_a_new_function_can_fail_too(self):
        self.control("set", {"lambda_failing": {"f": {"code": "ImageAccessDenied", "reason": "No permission."}}})
        self.functions.create_function(**self.create, Code={"ImageUri": f"{self.uri}:latest"})
        configuration = self.functions.get_function(FunctionName="f")["Configuration"]
        self.assertEqual((configuration["State"], configuration["StateReasonCode"]), ("Failed", "ImageAccessDenied"))

    def test_a_new_function_is_pending_and_then_active(self):
        self.control("set", {"lambda_update_s": 0.5})
        answer = self.functions.create_function(**self.create, Code={"ImageUri": f"{self.uri}:latest"})
        self.assertEqual(answer["State"], "Pending")
        time.sleep(0.6)
        configuration = self.functions.get_function(FunctionName="f")["Configuration"]
        self.assertEqual((configuration["State"], configuration["LastUpdateStatus"]), ("Active", "Successful"))
        self.assertNotIn("ImageConfigResponse", configuration)
