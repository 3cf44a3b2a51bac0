"""Which account a request belongs to, and what is switched on for that account.

AWS derives the account from the access key. So does the local AWS, which lets many tests share one server: each has an
account of its own, with its own resources, faults and call log.
"""

import re
import threading

DEFAULT_ACCOUNT = "123456789012"

_ACCESS_KEY = re.compile(r"Credential=([^/,\s]+)/")
_ACCOUNT_IN_KEY = re.compile(r"SANDBOX0(\d{12})")


def access_key_of(environ):
    """The access key id that signed the request, or an empty string (AWS Signature Version 4, "Authorization header")."""
    found = _ACCESS_KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
    return found.group(1) if found else ""


def account_of(environ):
    """The account of a request: ``SANDBOX0`` and twelve digits name it; a key that moto gave out is moto's to know."""
    key = access_key_of(environ)
    named = _ACCOUNT_IN_KEY.fullmatch(key)
    if named:
        return named.group(1)
    if not re.fullmatch(r"A[KS]IA[A-Z0-9]{16}", key):
        return DEFAULT_ACCOUNT
    from moto.iam.models import get_account_id_from

    return get_account_id_from(key)


class Account:
    """The switches and the call log of one account."""

    def __init__(self):
        self.latency_ms = 0
        self.lambda_update_s = 0.0
        self.ecs_rollout_s = 0.0
        self.put_image_rate = True
        self.expired = False
        self.faults = []
        self.calls = []
        self.throttles = {}

    SWITCHES = ("latency_ms", "lambda_update_s", "ecs_rollout_s", "put_image_rate", "expired", "faults")

    def set(self, switches):
        """Changes the switches named, refusing one that does not exist: a typing error must not make a test pass."""
        unknown = sorted(set(switches) - set(self.SWITCHES))
        if unknown:
            raise ValueError(f"unknown switch {', '.join(unknown)}; there are {', '.join(self.SWITCHES)}")
        for name, value in switches.items():
            setattr(self, name, [Fault(**fault) for fault in value] if name == "faults" else value)


class Fault:
    """One refusal to come: ``operation`` fails at its ``nth`` matching call, or at each with ``always``.

    ``resource`` narrows it to calls that name that repository, function or other value in a parameter. With ``after``
    the call takes effect and only its answer is lost, as when a connection breaks.
    """

    def __init__(self, operation, code, nth=1, always=False, status=400, message=None, resource=None, after=False):
        self.operation, self.code, self.nth, self.always = operation, code, nth, always
        self.status, self.message, self.resource, self.after = status, message or code, resource, after
        self.seen = 0

    def strikes(self, call):
        """Counts a call that matches; true when this one is to be refused. ``*`` stands for every operation."""
        if self.operation not in ("*", call["operation"]):
            return False
        if self.resource is not None and self.resource not in _values(call["parameters"]):
            return False
        self.seen += 1
        return self.always or self.seen == self.nth


def _values(node):
    if isinstance(node, dict):
        return [value for child in node.values() for value in _values(child)]
    if isinstance(node, list):
        return [value for child in node for value in _values(child)]
    return [node]


_ACCOUNTS = {}
_LOCK = threading.Lock()


def account(account_id):
    """The switches and log of ``account_id``, made at its first use."""
    with _LOCK:
        return _ACCOUNTS.setdefault(account_id, Account())


def forget(account_id):
    """Puts the switches of ``account_id`` back and empties its log. Its resources stay."""
    with _LOCK:
        _ACCOUNTS[account_id] = Account()
