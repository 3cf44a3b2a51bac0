"""Container images for the local ECR: manifests as Docker and buildx write them, with true digests.

Sources: "Image Manifest Version 2, Schema 2" (Docker distribution), "OCI Image Manifest" and "OCI Image Index".
"""

import hashlib
import json

DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_IMAGE = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
INDEXES = (DOCKER_LIST, OCI_INDEX)

# kind → media type of the whole, and of its children where it has some
KINDS = {
    "docker": (DOCKER_IMAGE, None),
    "docker-list": (DOCKER_LIST, DOCKER_IMAGE),
    "oci": (OCI_IMAGE, None),
    "oci-index": (OCI_INDEX, OCI_IMAGE),
}


def digest(text):
    """The digest of a manifest: the SHA-256 of its bytes (OCI "Content Descriptors", section "Digests")."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def image(seed, media_type, architecture="amd64"):
    """The manifest of an image; another seed gives another image. Three spaces of indentation, as Docker writes."""
    oci = media_type == OCI_IMAGE
    config = json.dumps({"architecture": architecture, "os": "linux", "created_by": seed})
    layer = "application/vnd.oci.image.layer.v1.tar+gzip" if oci else "application/vnd.docker.image.rootfs.diff.tar.gzip"
    kind = "application/vnd.oci.image.config.v1+json" if oci else "application/vnd.docker.container.image.v1+json"
    manifest = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": {"mediaType": kind, "size": len(config), "digest": digest(config)},
        "layers": [
            {"mediaType": layer, "size": 31_000_000, "digest": digest("base layer")},
            {"mediaType": layer, "size": 7_000_000, "digest": digest(seed + architecture)},
        ],
    }
    return json.dumps(manifest, indent=3)


def build(seed, kind):
    """The manifests of an image of this kind, the children of an index first: a list of (media type, manifest)."""
    media_type, child_type = KINDS[kind]
    if child_type is None:
        return [(media_type, image(seed, media_type))]
    children = [(architecture, image(seed, child_type, architecture)) for architecture in ("amd64", "arm64")]
    index = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "manifests": [
            {
                "mediaType": child_type,
                "digest": digest(manifest),
                "size": len(manifest),
                "platform": {"architecture": architecture, "os": "linux"},
            }
            for architecture, manifest in children
        ],
    }
    return [(child_type, manifest) for _, manifest in children] + [(media_type, json.dumps(index, indent=3))]


def first_child(manifest):
    """The digest of the image that an index has for its first platform."""
    return json.loads(manifest)["manifests"][0]["digest"]


def as_docker(manifest):
    """An OCI image's manifest as a registry converts it for a client that accepts Docker's form only: other bytes."""
    converted = json.loads(manifest)
    converted["mediaType"] = DOCKER_IMAGE
    converted["config"]["mediaType"] = "application/vnd.docker.container.image.v1+json"
    for layer in converted["layers"]:
        layer["mediaType"] = "application/vnd.docker.image.rootfs.diff.tar.gzip"
    return json.dumps(converted, indent=3)
