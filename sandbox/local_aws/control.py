"""The requests below ``/_sandbox/`` that steer the local AWS. ``?account=`` says which account is meant.

=====================  =====================================================================================
GET  /_sandbox/calls   the calls, in order: operation, service, region, parameters, at (seconds), status
POST /_sandbox/set     switches of ``accounts.Account``; a JSON object of those that change
POST /_sandbox/forget  switches back, log emptied; resources stay
POST /_sandbox/image   puts an image of a kind there with its tags: region, repository, seed, kind, tags, pushed_at
POST /_sandbox/tag     gives an image that is there another tag: region, repository, digest, tag
GET  /_sandbox/image   what a tag names: region, repository, tag or digest; null where there is nothing
=====================  =====================================================================================
"""

import json
from urllib.parse import parse_qs

from . import images
from .accounts import DEFAULT_ACCOUNT, account, forget


def handle(environ, start):
    """Answers one control request: 200 with JSON, or 400 with the reason."""
    query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    owner = query.get("account", DEFAULT_ACCOUNT)
    raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    try:
        status, value = "200 OK", _act(environ, owner, query, json.loads(raw or b"{}"))
    except Exception as error:  # any mistake of a test belongs in that test's output
        status, value = "400 Bad Request", {"error": f"{type(error).__name__}: {error}"}
    data = json.dumps(value).encode()
    start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(data)))])
    return [data]


def _act(environ, owner, query, body):
    asked = (environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/_sandbox/"))
    if asked == ("GET", "calls"):
        return {"calls": account(owner).calls}
    if asked == ("POST", "set"):
        account(owner).set(body)
        return {}
    if asked == ("POST", "forget"):
        forget(owner)
        return {}
    if asked == ("POST", "image"):
        return _put(owner, **body)
    if asked == ("POST", "tag"):
        return _tag(owner, **body)
    if asked == ("GET", "image"):
        return _get(owner, query)
    raise ValueError(f"no such control request: {' '.join(asked)}")


def _repository(owner, region, name):
    from . import ecr

    repositories = ecr.models.ecr_backends[owner][region].repositories
    if name not in repositories:
        raise ValueError(f"no repository {name} in account {owner}, {region}")
    return repositories[name]


def _put(owner, region, repository, seed, kind, tags, pushed_at=None):
    """Seeds an image past PutImage's rate limit and the call log; true digests all the same."""
    from . import ecr

    _repository(owner, region, repository)
    backend = ecr.models.ecr_backends[owner][region]
    for media_type, manifest in images.build(seed, kind):
        digest = images.digest(manifest)
        there = ecr.find(backend.repositories[repository], digest, None)
        image = there or ecr.store(backend, repository, manifest, None, media_type, digest)
        if pushed_at is not None:
            image.image_pushed_at = pushed_at
    for tag in tags:
        if tag not in image.image_tags:
            ecr.store(backend, repository, manifest, tag, media_type, digest)
    return _described(image)


def _tag(owner, region, repository, digest, tag):
    from . import ecr

    image = ecr.find(_repository(owner, region, repository), digest, None)
    if image is None:
        raise ValueError(f"no image {digest} in {repository}")
    if tag not in image.image_tags:
        backend = ecr.models.ecr_backends[owner][region]
        ecr.store(backend, repository, image.image_manifest, tag, image.image_manifest_media_type, digest)
    return _described(image)


def _get(owner, query):
    from . import ecr

    repository = _repository(owner, query["region"], query["repository"])
    image = ecr.find(repository, query.get("digest"), query.get("tag"))
    return None if image is None else _described(image)


def _described(image):
    return {
        "digest": image.get_image_digest(),
        "media_type": image.image_manifest_media_type,
        "manifest": image.image_manifest,
        "tags": list(image.image_tags),
    }
