"""Tickets: a browser can't send headers with an upgrade, and a token must not stand in a URL."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, cast

import msgspec
from redis import Redis
from redis.exceptions import RedisError

from wrencos_core.websockets.errors import InvalidTicket, RealTimeUnavailable

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

_LONGEST = 100


class Bearer(msgspec.Struct, frozen=True):
    """For whom a ticket was issued: a user in one session, or a guest."""

    user_id: str | None = None
    session_id: str | None = None


class Tickets:
    """Issues tickets that open one socket each, within seconds."""

    def __init__(self, platform: Platform) -> None:
        self._redis: Redis = platform.redis
        self._prefix = f"{platform.rooms.prefix}ticket:"
        self.seconds = platform.settings.websocket_ticket_seconds

    def issue(self, bearer: Bearer) -> str:
        """A new ticket: 256 random bits, of which only the hash is stored."""
        ticket = secrets.token_urlsafe(32)
        try:
            self._redis.set(self._key(ticket), msgspec.json.encode(bearer), ex=self.seconds)
        except RedisError as error:
            raise RealTimeUnavailable() from error
        return ticket

    def redeem(self, ticket: str) -> Bearer:
        """Whose ticket this is; it is used up thereby. Raises InvalidTicket."""
        if not ticket or len(ticket) > _LONGEST:
            raise InvalidTicket("Ask POST /api/ws-ticket for a ticket and send it as `?ticket=`.")
        try:
            stored = cast("bytes | None", self._redis.getdel(self._key(ticket)))
        except RedisError as error:
            raise RealTimeUnavailable() from error
        if stored is None:
            raise InvalidTicket()
        return msgspec.json.decode(stored, type=Bearer)

    def _key(self, ticket: str) -> str:
        return self._prefix + hashlib.sha256(ticket.encode()).hexdigest()
