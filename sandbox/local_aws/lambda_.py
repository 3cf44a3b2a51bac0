"""AWS Lambda with functions made from container images, where moto differs.

* "Create a Lambda function using a container image": the tag is resolved when the code is created or updated, never
  afterwards; ``GetFunction`` says ``ResolvedImageUri``. Image indexes are refused.
* "Lambda function states": a new function is Pending, then Active; an update is InProgress, then Successful; a second
  update meanwhile is a ResourceConflictException. How long that takes is the switch ``lambda_update_s``. Either can end as
  Failed, with a reason and its code, for the functions of the switch ``lambda_failing``; the code before then goes on.
* An image that is not there is an InvalidParameterValueException ("UpdateFunctionCode", "Errors").
"""

import re
import time

from moto.awslambda import models
from moto.awslambda.exceptions import LambdaClientError

from . import ecr, images
from .accounts import account

_Function = models.LambdaFunction
_set_function_code = _Function._set_function_code
_get_configuration = _Function.get_configuration
_get_code = _Function.get_code


def _refusal(status, code, message):
    return type(code, (LambdaClientError,), {"code": status})(code, message)


def _is_busy(function):
    return time.time() < getattr(function, "ready_at", 0)


def set_function_code(self, spec):
    """LambdaFunction._set_function_code: looks the image up now and keeps its digest."""
    if "ImageUri" not in spec:
        return _set_function_code(self, spec)
    is_update = spec is not self.code
    if is_update and _is_busy(self):
        raise _refusal(
            409,
            "ResourceConflictException",
            "The operation cannot be performed at this time. "
            f"An update is in progress for resource: {self.function_arn}",
        )
    uri = spec["ImageUri"]
    image = ecr.resolve(uri)
    if image is None:
        raise _refusal(
            400,
            "InvalidParameterValueException",
            f"Source image {uri} does not exist. Provide a valid source image.",
        )
    if image.image_manifest_media_type in images.INDEXES:
        raise _refusal(
            400,
            "InvalidParameterValueException",
            f"The image manifest, config or layer media type for the source image {uri} is not supported.",
        )
    if is_update and spec.get("DryRun"):
        return None
    switches = account(self.account_id)
    self.failure = switches.lambda_failing.get(self.function_name)
    self.is_new = not is_update
    self.ready_at = time.time() + switches.lambda_update_s
    if is_update and self.failure:
        return None
    self.code_sha_256 = image.get_image_digest().removeprefix("sha256:")
    self.code_size, self.code_digest, self.code_bytes = 0, "", b""
    self.code["ImageUri"] = uri
    return None


def get_configuration(self, on_create=False):
    """LambdaFunction.get_configuration: the state while something is under way."""
    configuration = _get_configuration(self, on_create)
    busy = self.package_type == "Image" and _is_busy(self)
    if busy and getattr(self, "is_new", False):
        configuration["State"] = "Pending"
        configuration["LastUpdateStatus"] = "InProgress"
    elif busy:
        configuration["LastUpdateStatus"] = "InProgress"
    elif getattr(self, "failure", None):
        code, reason = self.failure["code"], self.failure["reason"]
        configuration.update(LastUpdateStatus="Failed", LastUpdateStatusReason=reason, LastUpdateStatusReasonCode=code)
        if self.is_new:
            configuration.update(State="Failed", StateReason=reason, StateReasonCode=code)
    # An image without overrides has no ImageConfigResponse in AWS; an empty one is a difference in every plan.
    overrides = (configuration.get("ImageConfigResponse") or {}).get("ImageConfig", {})
    if not any(overrides.values()):
        configuration.pop("ImageConfigResponse", None)
    return configuration


def get_code(self):
    """LambdaFunction.get_code: ``Code.ResolvedImageUri`` is the digest that runs."""
    code = _get_code(self)
    if "ImageUri" in self.code:
        repository = re.split(r"[:@]", self.code["ImageUri"])[0]
        code["Code"]["ResolvedImageUri"] = f"{repository}@sha256:{self.code_sha_256}"
    return code


def update_function_code(self, function_name, qualifier, body):
    """LambdaBackend.update_function_code: once. moto does the update twice, the second of which would be a conflict."""
    function = self.get_function(function_name, qualifier)
    configuration = function.update_function_code(body)
    if body.get("Publish") and not body.get("DryRun"):
        return self.publish_version(function_name).get_configuration()
    return configuration


def apply():
    """Puts the patches in place."""
    models.LambdaBackend.update_function_code = update_function_code
    _Function._set_function_code = set_function_code
    _Function.get_configuration = get_configuration
    _Function.get_code = get_code
