"""Amazon ECR as its API Reference describes it, where moto differs.

* A digest is the SHA-256 of the manifest ("Image"). moto hashes the layers.
* PutImage ("PutImage", "Errors"; "Image tag mutability"): the digest given is compared, the children of an index must
  be there, a tag that moves leaves its old image untagged and reachable by digest.
* BatchGetImage: what is missing comes in ``failures``; an image is converted when its own media type is not accepted
  ("BatchGetImage", ``acceptedMediaTypes``).
* BatchDeleteImage: an image that an index names cannot go (``ImageReferencedByManifestList``).
* ListImages, DescribeImages and DescribeRepositories give pages and filter by tag status.
* ``registryId`` names another account's registry ("Private registry", cross-account access); IAM is not enforced.
"""

import json
import re

from moto.core.responses import ActionResult
from moto.ecr import models, responses

from . import images
from .errors import service_error

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


def put_image(self, repository_name, image_manifest, image_tag, image_manifest_mediatype=None, digest=None):
    """ECRBackend.put_image: adds an image, or a tag to one that is there."""
    return store(self, repository_name, image_manifest, image_tag, image_manifest_mediatype, digest)


def store(backend, repository_name, manifest, tag, media_type=None, digest=None):
    """What PutImage does: images that are there before a test begins come this way too."""
    repository = backend._get_repository(repository_name)
    parsed = _parse(manifest)
    media_type = media_type or parsed.get("mediaType")
    if not media_type:
        raise service_error(
            "InvalidParameterException", "image manifest mediatype not provided in manifest or parameter"
        )
    actual = images.digest(manifest)
    if digest and digest != actual:
        raise service_error(
            "ImageDigestDoesNotMatchException", f"The digest {digest} is not the image's digest {actual}."
        )
    if tag and not _TAG.fullmatch(tag):
        raise service_error(
            "InvalidParameterException", f"Invalid parameter at 'imageTag' failed to satisfy constraint: '{tag}'"
        )
    present = {image.get_image_digest(): image for image in repository.images}
    missing = [child["digest"] for child in parsed.get("manifests", []) if child["digest"] not in present]
    if missing:
        raise service_error(
            "ReferencedImagesNotFoundException",
            f"Images with digests {missing} required for pushing image into repository '{repository_name}' do not exist",
        )
    image = present.get(actual)
    holder = next((other for other in repository.images if tag and tag in other.image_tags), None)
    if image and (not tag or tag in image.image_tags):
        raise models.ImageAlreadyExistsException(
            registry_id=repository.registry_id, image_tag=tag, digest=actual, repository_name=repository_name
        )
    if holder and repository.is_tag_immutable():
        raise service_error(
            "ImageTagAlreadyExistsException",
            f"The image tag '{tag}' already exists in the '{repository_name}' repository and cannot be overwritten "
            "because the repository is immutable.",
        )
    if holder:
        holder.image_tags.remove(tag)
    if not image:
        image = models.Image(backend.account_id, None, manifest, repository_name, media_type, actual)
        repository.images.append(image)
    if tag:
        image.image_tags.append(tag)
    image.image_tag = tag
    return image


def _parse(manifest):
    try:
        return json.loads(manifest)
    except ValueError:
        raise service_error(
            "InvalidParameterException",
            "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'",
        ) from None


def batch_get_image(self):
    """ECRResponse.batch_get_image."""
    backend, name = self.ecr_backend, self._get_param("repositoryName")
    repository = backend._get_repository(name, self._get_param("registryId"))
    accepted = self._get_param("acceptedMediaTypes") or [images.DOCKER_IMAGE]
    found, failures = [], []
    for wanted in self._get_param("imageIds"):
        digest, tag = wanted.get("imageDigest"), wanted.get("imageTag")
        image = find(repository, digest, tag)
        if image is None:
            clash = digest and tag and find(repository, digest, None)
            failures.append(
                {
                    "imageId": wanted,
                    "failureCode": "ImageTagDoesNotMatchDigest" if clash else "ImageNotFound",
                    "failureReason": "Requested image not found",
                }
            )
            continue
        manifest, media_type = image.image_manifest, image.image_manifest_media_type
        if not digest and media_type not in accepted:
            manifest, media_type = _converted(repository, image)
        found.append(
            {
                "registryId": repository.registry_id,
                "repositoryName": name,
                "imageManifest": manifest,
                "imageManifestMediaType": media_type,
                "imageId": {"imageDigest": images.digest(manifest), **({"imageTag": tag} if tag else {})},
            }
        )
    return ActionResult({"images": found, "failures": failures})


def find(repository, digest, tag):
    """The image of a repository with this digest and this tag; either may be left out."""
    return next(
        (
            image
            for image in repository.images
            if (not digest or image.get_image_digest() == digest) and (not tag or tag in image.image_tags)
        ),
        None,
    )


def _converted(repository, image):
    """An index answers with its first child, an OCI image in Docker's form: what an old client can read."""
    if image.image_manifest_media_type in images.INDEXES:
        image = find(repository, images.first_child(image.image_manifest), None)
    if image.image_manifest_media_type == images.OCI_IMAGE:
        return images.as_docker(image.image_manifest), images.DOCKER_IMAGE
    return image.image_manifest, image.image_manifest_media_type


_batch_delete_image = models.ECRBackend.batch_delete_image


def batch_delete_image(self, repository_name, registry_id=None, image_ids=None):
    """ECRBackend.batch_delete_image: children of an index stay, untagged images can go."""
    repository = self._get_repository(repository_name, registry_id)
    in_use = {
        child["digest"] for image in repository.images for child in json.loads(image.image_manifest).get("manifests", [])
    }
    for_moto, deleted, failures = [], [], []
    for wanted in image_ids or []:
        image = None if "imageTag" in wanted else find(repository, wanted.get("imageDigest"), None)
        if image is not None and image.get_image_digest() in in_use:
            failures.append(
                {
                    "imageId": wanted,
                    "failureCode": "ImageReferencedByManifestList",
                    "failureReason": "Requested image referenced by manifest list",
                }
            )
        elif image is not None and not image.image_tags:
            repository.images.remove(image)
            deleted.append({"imageDigest": image.get_image_digest()})
        else:
            for_moto.append(wanted)
    rest = {"imageIds": [], "failures": []}
    if for_moto:
        rest = _batch_delete_image(self, repository_name, registry_id, for_moto)
    return {"imageIds": list(rest["imageIds"]) + deleted, "failures": rest["failures"] + failures}


def paged(answer, key, default):
    """A listing operation with ``filter.tagStatus``, ``maxResults`` and ``nextToken``."""

    def page(self):
        result = answer(self)
        items = list(result.result[key])
        status = (self._get_param("filter") or {}).get("tagStatus")
        if status in ("TAGGED", "UNTAGGED"):
            items = [item for item in items if _is_tagged(item) == (status == "TAGGED")]
        if key == "imageIds":
            items = [{name: value for name, value in item.items() if value is not None} for item in items]
        start, size = int(self._get_param("nextToken") or 0), int(self._get_param("maxResults") or default)
        result.result[key] = items[start : start + size]
        if start + size < len(items):
            result.result["nextToken"] = str(start + size)
        return result

    return page


def _is_tagged(item):
    return bool(item.get("imageTag") if isinstance(item, dict) else getattr(item, "image_tags", None))


def size_in_bytes(self):
    """Image.get_image_size_in_bytes: the layers and the configuration, as pushed; an index has none of its own."""
    manifest = json.loads(self.image_manifest)
    if "layers" not in manifest:
        return None
    return manifest["config"].get("size", 0) + sum(layer["size"] for layer in manifest["layers"])


def resolve(uri):
    """The image that a URI names now, by tag or digest; None where there is none."""
    found = re.fullmatch(
        r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)(?::([^@]+))?(?:@(sha256:\w+))?", uri or ""
    )
    if not found:
        return None
    owner, region, name, tag, digest = found.groups()
    repository = models.ecr_backends[owner][region].repositories.get(name)
    if repository is None:
        return None
    return find(repository, digest, None if digest else tag or "latest")


def _backend(self):
    return models.ecr_backends[self._get_param("registryId") or self.current_account][self.region]


def apply():
    """Puts the patches in place."""
    models.Image._create_digest = lambda self: setattr(self, "_image_digest", images.digest(self.image_manifest))
    models.Image.get_image_size_in_bytes = size_in_bytes
    models.ECRBackend.put_image = put_image
    models.ECRBackend.batch_delete_image = batch_delete_image
    responses.ECRResponse.ecr_backend = property(_backend)
    responses.ECRResponse.batch_get_image = batch_get_image
    for name, key in (
        ("describe_images", "imageDetails"),
        ("list_images", "imageIds"),
        ("describe_repositories", "repositories"),
    ):
        setattr(responses.ECRResponse, name, paged(getattr(responses.ECRResponse, name), key, 100))
