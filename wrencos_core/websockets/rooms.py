"""Rooms: what is published in one reaches every socket in it, whichever process holds it.

A room is a Redis stream, its short history, and a channel. One script numbers, stores and
announces a message, so the order of the announcements is that of the numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec
import structlog
from redis import Redis
from redis.exceptions import RedisError

from wrencos_core.database import after_commit

if TYPE_CHECKING:
    from wrencos_core.settings import CoreSettings

log = structlog.get_logger(__name__)

# Money is a JSON number in major units, as it is over HTTP.
encode = msgspec.json.Encoder(decimal_format="number").encode

_NAME = re.compile(r"[a-z][a-z0-9]{1,30}(?::[A-Za-z0-9_.-]{1,64}){1,3}")
_RESERVED = ("room", "seq")
_FIELD = b"m"

# Numbers follow each other without a gap while a room lives. A new life begins at the time in
# milliseconds, which is above any number of the last one.
_LAST = """
local function last(key)
  local row = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)
  return row[1] and tonumber(string.match(row[1][1], '^%d+'))
end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function add(key, seq, text, most, seconds)
  redis.call('XADD', key, 'MAXLEN', most, string.format('%.0f-0', seq), 'm', text)
  redis.call('EXPIRE', key, seconds)
end
"""
_PUBLISH = f"""{_LAST}
local seq = (last(KEYS[1]) or now() - 1) + 1
add(KEYS[1], seq, ARGV[1], ARGV[2], ARGV[3])
redis.call('PUBLISH', KEYS[2], string.format('%.0f ', seq) .. ARGV[1])
return string.format('%.0f', seq)
"""
# An empty entry marks the beginning: who waits in an empty room can name where they stood.
_OPEN = f"""{_LAST}
local seq = last(KEYS[1])
if not seq then
  seq = now()
  add(KEYS[1], seq, '', ARGV[1], ARGV[2])
end
return string.format('%.0f', seq)
"""


class Entry(NamedTuple):
    """A published message: its number in the room, and its JSON."""

    seq: int
    payload: bytes


class Rooms:
    """Publishes to rooms and reads their histories; needs no web server."""

    def __init__(self, redis: Redis, settings: CoreSettings) -> None:
        self._redis = redis
        self._most = settings.websocket_history
        self._seconds = settings.websocket_history_minutes * 60
        self._max_bytes = settings.websocket_max_message_kb * 1024
        # Channels, unlike keys, are shared by the logical databases of a server.
        number = redis.connection_pool.connection_kwargs.get("db") or 0
        self.prefix = f"wrencos:{number}:ws:"
        # By which an admin knows the subscriptions in CLIENT LIST.
        self.client_name = f"wrencos-rooms-{number}"
        self._publish = redis.register_script(_PUBLISH)
        self._open = redis.register_script(_OPEN)

    def publish(self, room: str, message: Mapping[str, Any] | msgspec.Struct) -> None:
        """Send `message` to every socket in `room`; inside a transaction, once it is committed.

        `room` is `<plugin>:<id>`. The receivers get the JSON object with two members more: `room`
        and `seq`. When Redis can't be reached it is logged and not raised: the change stands.
        Raises ValueError for a name that is none, and for a message that is no object, has one of
        these members or is larger than a client's may be.
        """
        require_room_name(room)
        payload = self._encoded(message)
        after_commit(lambda: self._send(room, payload))

    def _encoded(self, message: Mapping[str, Any] | msgspec.Struct) -> bytes:
        payload = encode(message)
        if len(payload) > self._max_bytes:
            raise ValueError(f"a message of {len(payload)} bytes is too large for a room")
        try:
            members = msgspec.json.decode(payload, type=dict[str, msgspec.Raw])
        except msgspec.ValidationError:
            raise ValueError("a message is an object") from None
        if taken := [name for name in _RESERVED if name in members]:
            raise ValueError(f"the core adds {taken[0]!r} to a message itself")
        return payload

    def _send(self, room: str, payload: bytes) -> None:
        try:
            self._publish(
                keys=[self.stream(room), self.channel(room)],
                args=[payload, self._most, self._seconds],
            )
        except RedisError as error:
            log.error("room.not_published", room=room, error=str(error))

    def open(self, room: str) -> int:
        """The number of the newest message; an empty room is given a first number."""
        return int(self._open(keys=[self.stream(room)], args=[self._most, self._seconds]))

    def since(self, room: str, after: int) -> tuple[list[Entry], bool]:
        """What came after message `after`, oldest first, and whether nothing is missing of it."""
        rows = cast(
            list[tuple[bytes, dict[bytes, bytes]]],
            self._redis.xrange(self.stream(room), min=f"{after}-0", max="+"),
        )
        entries = [Entry(int(id.partition(b"-")[0]), fields[_FIELD]) for id, fields in rows]
        complete = bool(entries) and entries[0].seq in (after, after + 1)
        return [entry for entry in entries if entry.seq > after and entry.payload], complete

    def stream(self, room: str) -> str:
        return f"{self.prefix}stream:{room}"

    def channel(self, room: str) -> str:
        return f"{self.prefix}room:{room}"


def require_room_name(room: str) -> None:
    """Raise ValueError unless `room` has the form `<plugin>:<id>`, with up to three parts."""
    if not _NAME.fullmatch(room):
        raise ValueError(f"not the name of a room: {room!r}")


def addressed(room: str, entry: Entry) -> bytes:
    """The message as a receiver gets it: the object with `room` and `seq` in front."""
    members = entry.payload[1:]
    comma = b"" if members == b"}" else b","
    return b'{"room":"%b","seq":%d%b%b' % (room.encode(), entry.seq, comma, members)
