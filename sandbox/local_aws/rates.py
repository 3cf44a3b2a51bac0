"""How many calls a second an account may make, where a tool that works on many services meets the limit.

* PutImage: 10 a second after a burst of 10, an account and region ("Amazon ECR service quotas"). On at first.
* Lambda's control calls: 15 a second together, but for GetFunction, GetPolicy and what invokes ("Lambda quotas"). Off at first.
"""

import time

from . import errors

_APART = {"GetFunction", "GetPolicy", "Invoke", "InvokeAsync", "InvokeWithResponseStream"}


def refusal(call, switches):
    """The answer to a call that comes too soon after those before it; None for one that may pass."""
    if switches.put_image_rate and call["operation"] == "PutImage":
        if not _token(switches.buckets, f"PutImage {call['region']}", 10.0):
            return errors.answer(call, 400, "ThrottlingException", "Rate exceeded")
    if switches.lambda_rate and call["service"] == "lambda" and call["operation"] not in _APART:
        if not _token(switches.buckets, f"lambda {call['region']}", 15.0):
            return errors.answer(call, 429, "TooManyRequestsException", "Rate exceeded")
    return None


def _token(buckets, name, per_second):
    """Takes a token from a bucket that holds as many as come in a second; false where it is empty."""
    now = time.monotonic()
    tokens, before = buckets.get(name, (per_second, now))
    tokens = min(per_second, tokens + (now - before) * per_second)
    buckets[name] = (tokens - 1 if tokens >= 1 else tokens, now)
    return tokens >= 1
