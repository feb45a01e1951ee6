"""One open socket, as a plugin's handler sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from wrencos_core.identity import Identity
from wrencos_core.websockets.errors import CloseCode, ConnectionClosed
from wrencos_core.websockets.frames import text_frame
from wrencos_core.websockets.rooms import encode
from wrencos_core.websockets.wire import Wire

# Messages of a client that may wait for its handler.
_MOST_UNREAD = 64


@dataclass(frozen=True)
class Admission:
    """What was found out before the upgrade.

    `caller` is whom the socket is counted for, `allowed` whether an identity may (still) have it,
    `after` the number of the last room message that the client has from before.
    """

    socket_id: str
    caller: str
    identity: Identity
    session_id: str | None
    allowed: Callable[[Identity], bool]
    after: int | None
    max_bytes: int
    binary: bool


class Connection:
    """An open socket. Messages are JSON objects; any thread may send and close.

    `identity` is who opened it, kept up to date while it is open; `after` is the client's
    `?after=`, for `Hub.join`.
    """

    def __init__(self, ws: Any, wire: Wire, admission: Admission) -> None:
        self.id = admission.socket_id
        self.identity = admission.identity
        self.after = admission.after
        self.admission = admission
        self.wire = wire
        self._ws = ws
        ws.max_message_size = admission.max_bytes
        wire.is_flooded = lambda: len(ws.input_buffer) > _MOST_UNREAD

    @property
    def is_closed(self) -> bool:
        """Whether nothing more can be sent."""
        return self.wire.is_closing

    def send(self, message: Mapping[str, Any] | msgspec.Struct) -> None:
        """Queue a message to this client alone, without waiting; ConnectionClosed when it ended."""
        if not self.wire.push(text_frame(encode(message))):
            raise self._closed()

    def receive(self, timeout: float | None = None) -> Any:
        """The client's next message: a dict, or bytes where the route takes binary.

        None when `timeout` seconds pass without one. Raises ConnectionClosed when the socket is
        closed, also because the message was too large, not JSON or of the wrong kind.
        """
        self.require_open()
        data = self._ws.receive(timeout)
        # What a client sent after we decided to end it does not count.
        self.require_open()
        return None if data is None else self._decoded(data)

    def __iter__(self) -> Iterator[Any]:
        """The client's messages until the socket is closed."""
        while True:
            try:
                yield self.receive()
            except ConnectionClosed:
                return

    def require_open(self) -> None:
        """Raise ConnectionClosed when nothing more can be sent."""
        if self.is_closed:
            raise self._closed()

    def close(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Send what is queued, then close; closing twice does nothing."""
        self.wire.end(code, reason)

    def _decoded(self, data: str | bytes) -> Any:
        if isinstance(data, bytes):
            if self.admission.binary:
                return data
            raise self._refused(CloseCode.NO_BINARY, "messages are text here")
        # simple-websocket counts characters.
        if len(data.encode()) > self.admission.max_bytes:
            raise self._refused(CloseCode.TOO_BIG, "the message is too big")
        try:
            return msgspec.json.decode(data, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError):
            raise self._refused(CloseCode.NOT_JSON, "a message is a JSON object") from None

    def _refused(self, code: int, reason: str) -> ConnectionClosed:
        self.close(code, reason)
        return self._closed()

    def _closed(self) -> ConnectionClosed:
        return ConnectionClosed(self.wire.close_code or CloseCode.NORMAL)
