"""What a request asks for: its service, region, operation and parameters, read without disturbing the request."""

import functools
import io
import json
import re
from urllib.parse import parse_qs, unquote

_SCOPE = re.compile(r"Credential=[^/]*/\d+/([^/]+)/([^/]+)/aws4_request")
# Long or secret, and of no use in a log.
_LEFT_OUT = {"imageManifest", "SecretString", "SecretBinary", "ZipFile", "Version", "Action"}


def read(environ):
    """The call that a WSGI request makes. The body is put back for moto to read again."""
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    region, service = scope.groups() if scope else ("", "")
    call = {"service": service, "region": region, "protocol": "rest", "parameters": {}}
    if service == "s3":
        call["operation"], call["parameters"] = _s3(environ)
        call["protocol"] = "s3"
        return call
    body = _body(environ)
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        call["protocol"], call["operation"] = "json", target.rsplit(".", 1)[-1]
        call["parameters"] = _json(body)
    elif environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        form = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
        call["protocol"], call["operation"] = "query", form.get("Action", "")
        call["parameters"] = form
    else:
        call["operation"], in_path = _rest(service, environ)
        call["parameters"] = {**_json(body), **in_path}
    call["parameters"] = {name: value for name, value in call["parameters"].items() if name not in _LEFT_OUT}
    return call


def _body(environ):
    if environ.get("HTTP_TRANSFER_ENCODING") == "chunked":
        body = environ["wsgi.input"].read()
        environ["CONTENT_LENGTH"] = str(len(body))
        del environ["HTTP_TRANSFER_ENCODING"]
    else:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _json(body):
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _s3(environ):
    """Operation and parameters of an S3 request (Amazon S3 API Reference, the request syntax of each operation)."""
    path = unquote(environ.get("PATH_INFO", "/")).lstrip("/")
    bucket, _, key = path.partition("/")
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    method = environ["REQUEST_METHOD"]
    parameters = {"Bucket": bucket, **({"Key": key} if key else {})}
    if not bucket:
        return "ListBuckets", parameters
    if key:
        return {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}.get(
            method, f"{method.title()}Object"
        ), parameters
    # A sub-resource is a name without a value: ?versioning. The parameters of a listing may be empty as well.
    names = (name for name, values in query.items() if values == [""])
    part = next((name for name in names if name not in ("prefix", "delimiter", "marker")), "")
    if method == "GET" and not part:
        return "ListObjectsV2", parameters
    verb = {"GET": "Get", "HEAD": "Head", "PUT": "Put" if part else "Create", "DELETE": "Delete"}.get(method, "Post")
    return f"{verb}Bucket{part.title()}", parameters


def _rest(service, environ):
    """Operation and path parameters of a REST request, from the service's own model in botocore."""
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
    for operation, verb, pattern in _routes(service):
        found = pattern.fullmatch(path) if verb == method else None
        if found:
            return operation, {name: unquote(value) for name, value in found.groupdict().items()}
    return f"{method} {path}", {}


@functools.lru_cache(maxsize=None)
def _routes(service):
    from botocore.exceptions import UnknownServiceError
    from botocore.loaders import Loader

    try:
        model = Loader().load_service_model(service, "service-2")
    except (UnknownServiceError, ValueError):
        return []
    routes = []
    for name, operation in model["operations"].items():
        uri = operation["http"]["requestUri"].split("?")[0]
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(uri))
        pattern = re.sub(r"\\{(\w+)\\\+\\}", r"(?P<\1>.+)", pattern)
        routes.append((name, operation["http"]["method"], re.compile(pattern + "/?")))
    return routes
