"""Previews of lifecycle policies in Amazon ECR, which moto lacks, evaluated over the repository's own images.

Sources: "Automate the cleanup of images by using lifecycle policies in Amazon ECR", section "How lifecycle policies work";
"Lifecycle policy properties in Amazon ECR"; "StartLifecyclePolicyPreview" and "GetLifecyclePolicyPreview".
"""

import json
import re
import time

from moto.core.responses import ActionResult
from moto.ecr.exceptions import LifecyclePolicyNotFoundException
from moto.ecr.policy_validation import EcrLifecyclePolicyValidator
from moto.ecr.responses import ECRResponse

from .accounts import account
from .errors import service_error

_DAY = 86_400


def expiring(images, policy, now):
    """What the policy would expire: a list of (image, rule priority), the oldest first.

    Rules are judged apart from one another: a count includes what another rule takes. But an image whose tags fit a
    rule is out of reach of every rule after it, and the children of an index stay as long as the index does.
    """
    children = {child["digest"] for image in images for child in json.loads(image.image_manifest).get("manifests", [])}
    newest_first = sorted(images, key=_pushed, reverse=True)
    spoken_for, taken = set(), []
    for rule in sorted(policy["rules"], key=lambda rule: rule["rulePriority"]):
        selection = rule["selection"]
        fitting = [image for image in newest_first if _fits(image, selection)]
        if selection["countType"] == "imageCountMoreThan":
            over = fitting[selection["countNumber"] :]
        else:
            over = [image for image in fitting if _pushed(image) < now - selection["countNumber"] * _DAY]
        free = [image for image in over if image.get_image_digest() not in spoken_for | children]
        taken += [(image, rule["rulePriority"]) for image in free]
        spoken_for |= {image.get_image_digest() for image in fitting}
    return sorted(taken, key=lambda found: _pushed(found[0]))


def _pushed(image):
    at = image.image_pushed_at
    return at if isinstance(at, (int, float)) else at.timestamp()


def _fits(image, selection):
    """Whether the tags of an image are those of a rule. Of several prefixes or patterns, each needs a tag that fits."""
    status, tags = selection["tagStatus"], image.image_tags
    if status == "any":
        return True
    if status == "untagged":
        return not tags
    prefixes = [re.escape(prefix) + ".*" for prefix in selection.get("tagPrefixList", [])]
    patterns = [".*".join(map(re.escape, pattern.split("*"))) for pattern in selection.get("tagPatternList", [])]
    return bool(tags) and all(any(re.fullmatch(form, tag) for tag in tags) for form in prefixes + patterns)


def start(self):
    """ECRResponse.start_lifecycle_policy_preview."""
    repository, now = _repository(self), time.time()
    text = self._get_param("lifecyclePolicyText")
    if text:
        EcrLifecyclePolicyValidator(text).validate()
    text = text or repository.lifecycle_policy
    if not text:
        raise LifecyclePolicyNotFoundException(repository.name, repository.registry_id)
    running = getattr(repository, "sandbox_preview", None)
    if running and now < running["ready_at"]:
        raise service_error(
            "LifecyclePolicyPreviewInProgressException",
            f"The previous lifecycle policy preview request for the repository with name '{repository.name}' "
            f"in the registry with id '{repository.registry_id}' has not completed. Please try again later.",
        )
    repository.sandbox_preview = {
        "text": text,
        "ready_at": now + account(self.current_account).lifecycle_preview_s,
        "found": [_result(image, priority) for image, priority in expiring(repository.images, json.loads(text), now)],
    }
    return ActionResult({**_head(repository), "status": "IN_PROGRESS"})


def get(self):
    """ECRResponse.get_lifecycle_policy_preview: a hundred results at a time, or those of ``imageIds``."""
    repository = _repository(self)
    preview = getattr(repository, "sandbox_preview", None)
    if preview is None:
        raise service_error(
            "LifecyclePolicyPreviewNotFoundException",
            f"There is no lifecycle policy preview for the repository with name '{repository.name}' "
            f"in the registry with id '{repository.registry_id}'",
        )
    if time.time() < preview["ready_at"]:
        return ActionResult({**_head(repository), "status": "IN_PROGRESS"})
    found, wanted = preview["found"], self._get_param("imageIds")
    status = (self._get_param("filter") or {}).get("tagStatus")
    if wanted is not None:
        found = [one for one in found if any(_is(one, identity) for identity in wanted)]
    if status in ("TAGGED", "UNTAGGED"):
        found = [one for one in found if bool(one["imageTags"]) == (status == "TAGGED")]
    start, size = int(self._get_param("nextToken") or 0), int(self._get_param("maxResults") or 100)
    answer = {
        **_head(repository),
        "status": "COMPLETE",
        "previewResults": found[start : start + size],
        "summary": {"expiringImageTotalCount": len(preview["found"])},
    }
    if start + size < len(found):
        answer["nextToken"] = str(start + size)
    return ActionResult(answer)


def _repository(self):
    return self.ecr_backend._get_repository(self._get_param("repositoryName"), self._get_param("registryId"))


def _head(repository):
    return {
        "registryId": repository.registry_id,
        "repositoryName": repository.name,
        "lifecyclePolicyText": repository.sandbox_preview["text"],
    }


def _result(image, priority):
    return {
        "imageTags": list(image.image_tags),
        "imageDigest": image.get_image_digest(),
        "imagePushedAt": _pushed(image),
        "action": {"type": "EXPIRE"},
        "appliedRulePriority": priority,
    }


def _is(result, identity):
    digest, tag = identity.get("imageDigest"), identity.get("imageTag")
    return digest in (None, result["imageDigest"]) and (tag is None or tag in result["imageTags"])


def apply():
    """Puts the operations in place."""
    ECRResponse.start_lifecycle_policy_preview = start
    ECRResponse.get_lifecycle_policy_preview = get
