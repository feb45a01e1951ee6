"""Webhook signatures in Stripe's manner, of the time and the body: `t=<Unix time>,v1=<hex>`."""

from __future__ import annotations

import hashlib
import hmac

from wrencos_core.api import now
from wrencos_core.contracts.payments import BadSignature

# A message that is older may be one that somebody has recorded and sends again.
_TOLERANCE_SECONDS = 300
_LONGEST_HEADER = 4096


def check(header: str, body: bytes, secret: str) -> None:
    """Raise BadSignature unless `header` signs `body`, now.

    There may be several `v1`, as while a secret is replaced by another.
    """
    if len(header) > _LONGEST_HEADER:
        raise BadSignature("the signature is too long")
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) < 12):
        raise BadSignature("the signature has no time")
    expected = signature(body, secret, int(times[0]))
    if not any(_same(expected, value) for name, _, value in parts if name == "v1"):
        raise BadSignature("the signature is not valid")
    if abs(now().timestamp() - int(times[0])) > _TOLERANCE_SECONDS:
        raise BadSignature("the message is too old")


def signature(body: bytes, secret: str, moment: int) -> str:
    """The value of `v1` for a body sent at `moment`, in seconds of Unix time."""
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
