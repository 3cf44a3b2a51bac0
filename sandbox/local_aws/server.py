"""The HTTP server in front of moto: latency, faults, rates, expired credentials and the call log.

moto's backends are not safe for threads, so one request at a time reaches them; latency is slept outside that lock, as
many at once as there are clients. Connections stay open, as with AWS.
"""

import functools
import importlib
import io
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

# Before moto is imported. The first two are not wanted: they cost seconds, and images are resolved for real. The third is
# for browsers.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
os.environ.setdefault("MOTO_LAMBDA_STUB_ECR", "false")
os.environ.setdefault("MOTO_DISABLE_GLOBAL_CORS", "true")

from moto.core import responses  # noqa: E402
from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402

from . import calls, control, errors, rates  # noqa: E402
from .accounts import account, account_of  # noqa: E402

_LOCK = threading.RLock()


# The patches that a service of moto stands on; each module has an apply().
_PATCHES = {"ecr": ["ecr", "lifecycle"], "lambda": ["ecr", "lambda_"], "ecs": ["ecr", "ecs"], "sqs": ["sqs"]}
_applied = set()


def _patch(service):
    for name in _PATCHES.get(service.removeprefix("aws"), []):
        if name not in _applied:
            importlib.import_module(f".{name}", __package__).apply()
            _applied.add(name)


def _backend(service):
    """moto's application for a service, patched before its first request."""
    _patch(service)
    return create_backend_app(service)


_moto = DomainDispatcherApplication(_backend)
# Both look the same thing up on disk or by reflection for each request, which took two thirds of its time.
_moto.get_backend_for_host = functools.lru_cache(maxsize=None)(_moto.get_backend_for_host)
responses.method_names_from_class = functools.lru_cache(maxsize=None)(responses.method_names_from_class)


def application(environ, start):
    """The WSGI application: control requests, else one AWS call."""
    if environ["PATH_INFO"].startswith("/_sandbox/"):
        with _LOCK:
            _patch("ecr")
            return control.handle(environ, start)
    call = calls.read(environ)
    with _LOCK:
        call["account"] = account_of(environ)
        switches = account(call["account"])
        call["at"] = round(time.time(), 4)
        switches.calls.append(call)
        struck = switches.struck(call)
    if switches.latency_ms:
        time.sleep(switches.latency_ms / 1000)
    if switches.expired:
        return _refuse(call, start, errors.expired(call))
    if struck and not struck.after:
        return _refuse(call, start, errors.answer(call, struck.status, struck.code, struck.message))
    with _LOCK:
        limited = rates.refusal(call, switches)
    if limited:
        return _refuse(call, start, limited)
    environ["HTTP_X_MOTO_ACCOUNT_ID"] = call["account"]
    with _LOCK:
        status, headers, body = _ask_moto(environ)
    if struck:
        return _refuse(call, start, errors.answer(call, struck.status, struck.code, struck.message))
    call["status"] = int(status.split()[0])
    start(status, headers)
    return [body]


def _refuse(call, start, answer):
    status, headers, body = answer
    call["status"] = int(status.split()[0])
    start(status, headers)
    return [body]


def _ask_moto(environ):
    got = {}

    def start(status, headers, _exc_info=None):
        got["status"], got["headers"] = status, headers

    body = _moto(environ, start)
    try:
        return_body = b"".join(body)
    finally:
        getattr(body, "close", lambda: None)()
    return got["status"], got["headers"], return_body


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1 with connections that stay open. The servers that come with moto close each one."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def answer(self):
        """One request, whatever its method."""
        chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        length = int(self.headers.get("Content-Length") or 0)
        body = self._chunks() if chunked else self.rfile.read(length)
        path, _, query = self.path.partition("?")
        environ = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1"),
            "RAW_URI": self.path,
            "REQUEST_URI": self.path,
            "QUERY_STRING": query,
            "SERVER_NAME": self.server.server_address[0],
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            if name.lower() not in ("content-type", "content-length", "transfer-encoding", "expect"):
                environ["HTTP_" + name.upper().replace("-", "_")] = value
        got = {}
        body = b"".join(application(environ, lambda status, headers: got.update(status=status, headers=headers)))
        self._send(got["status"], got["headers"], body)

    def _send(self, status, headers, body):
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection", "date", "server"):
                self.send_header(name, value)
        told = next((value for name, value in headers if name.lower() == "content-length"), None)
        is_head = self.command == "HEAD"
        if int(code) not in (204, 304):
            self.send_header("Content-Length", told if is_head and told else str(len(body)))
        self.end_headers()
        if not is_head and int(code) not in (204, 304):
            self.wfile.write(body)
        self.wfile.flush()

    def _chunks(self):
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = answer

    def log_message(self, *_):
        """Nothing is logged: the call log has it."""


class Server(ThreadingHTTPServer):
    """A thread for each connection, none of which keeps the process alive."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that goes away mid-request is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def serve(port):
    """Serves until standard input ends, which it does when whoever started this process is gone, however it went."""
    server = Server(("127.0.0.1", port), Handler)
    port = server.server_address[1]
    os.environ["MOTO_PORT"] = str(port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(port, flush=True)
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)
