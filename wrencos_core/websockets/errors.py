"""Refusals before an upgrade, and the codes with which an open socket is closed."""

from __future__ import annotations

from enum import IntEnum

from simple_websocket import ConnectionClosed

from wrencos_core.errors import DomainError

__all__ = [
    "BadHandshake",
    "CloseCode",
    "ConnectionClosed",
    "ForeignOrigin",
    "InvalidTicket",
    "RealTimeUnavailable",
    "WrongProtocolVersion",
    "close_code",
]


class CloseCode(IntEnum):
    """Those of RFC 6455; a refusal is 4000 + the HTTP status that it would have been."""

    NORMAL = 1000
    SERVER_STOPS = 1001
    NO_BINARY = 1003
    NOT_JSON = 1007
    MISUSE = 1008
    TOO_BIG = 1009
    BUG = 1011
    TRY_AGAIN = 1013
    SESSION_ENDED = 4401
    NOT_ALLOWED = 4403


class BadHandshake(DomainError):
    slug, title = "bad-handshake", "This is no WebSocket handshake"


class WrongProtocolVersion(DomainError):
    status, slug, title = 426, "wrong-protocol-version", "Only version 13 of the protocol is spoken"


class ForeignOrigin(DomainError):
    status, slug, title = 403, "foreign-origin", "This site may not open a socket here"


class InvalidTicket(DomainError):
    status, slug, title = 401, "invalid-ticket", "The ticket is used up, expired or not ours"


class RealTimeUnavailable(DomainError):
    status, slug, title = 503, "real-time-unavailable", "Live connections are not possible just now"


def close_code(error: DomainError) -> int:
    """The code that tells a client of an open socket what an HTTP status would have."""
    return CloseCode.TRY_AGAIN if error.status >= 500 else 4000 + error.status
