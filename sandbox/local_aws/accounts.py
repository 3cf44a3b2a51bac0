"""Which account a request belongs to, and what is switched on for that account.

AWS derives the account from the access key. So does the local AWS, which lets many tests share one server: each has an
account of its own, with its own resources, faults and call log.
"""

import copy
import random
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

    # Each switch and how it stands at first. The documentation of `Switches` in Rust says what each does.
    SWITCHES = {
        "latency_ms": 0,
        "lambda_update_s": 0.0,
        "lambda_failing": {},
        "lambda_rate": False,
        "ecs_rollout_s": 0.0,
        "ecs_failing": [],
        "ecs_crashing": [],
        "lifecycle_preview_s": 0.0,
        "put_image_rate": True,
        "expired": False,
        "faults": [],
        "chaos": None,
    }

    def __init__(self):
        self.__dict__.update(copy.deepcopy(self.SWITCHES))
        self.calls = []
        self.buckets = {}

    def set(self, switches):
        """Changes the switches named, refusing one that does not exist: a typing error must not make a test pass."""
        unknown = sorted(set(switches) - set(self.SWITCHES))
        if unknown:
            raise ValueError(f"unknown switch {', '.join(unknown)}; there are {', '.join(self.SWITCHES)}")
        for name, value in switches.items():
            if name == "faults":
                value = [Fault(**fault) for fault in value]
            elif name == "chaos":
                value = value and Chaos(**value)
            setattr(self, name, value)

    def struck(self, call):
        """The fault that this call meets, if any. Every fault counts it."""
        named = [fault for fault in self.faults if fault.strikes(call)]
        by_chance = self.chaos.strikes(call) if self.chaos else None
        return named[0] if named else by_chance


class Chaos:
    """A share of all calls fails. Whether the fifth call of an operation does is the same in each run of a test.

    A call that is throttled never takes effect. Of the others that fail, every second one did its work all the same.
    """

    def __init__(self, share, codes, seed=1, services=None):
        self.share, self.codes, self.seed, self.services = share, codes, seed, services
        self.seen = {}

    def strikes(self, call):
        """The fault for this call, if it is one that fails."""
        if self.services and call["service"] not in self.services:
            return None
        operation = call["operation"]
        self.seen[operation] = number = self.seen.get(operation, 0) + 1
        chance = random.Random(f"{self.seed} {operation} {number}")
        if chance.random() >= self.share:
            return None
        code = chance.choice(self.codes)
        is_limit = any(part in code for part in ("Throttl", "TooManyRequests", "SlowDown"))
        if is_limit:
            return Fault(operation, code, status=429 if call["protocol"] == "rest" else 400, message="Rate exceeded")
        return Fault(operation, code, status=500, after=chance.random() < 0.5)


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
