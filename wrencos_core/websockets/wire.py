"""The socket below a connection: one writer, a bounded queue in front of it, an orderly end.

simple-websocket gets a Wire for its socket. What it writes (the handshake, pongs, pings, closes)
and what rooms send goes through one queue, so frames never mix and a slow peer delays nobody.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

from wrencos_core.websockets.errors import CloseCode
from wrencos_core.websockets.frames import close_frame, control_frames, is_close

# How long the peer has to answer a close, and to read what is still under way to it.
CLOSE_SECONDS = 5.0
# A peer that takes none of a frame for this long is gone.
_STALL_SECONDS = 30.0
_LINGER_SECONDS = 1.0
_LINGER_READS = 256
_READ_BYTES = 64 * 1024


class Wire:
    """Wraps the accepted `sock`; `most` frames may wait before the peer counts as too slow."""

    def __init__(self, sock: Any, most: int, on_slow: Callable[[], None]) -> None:
        self._sock = sock
        self._most = most
        self._on_slow = on_slow
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._upgraded = False
        self._last: bytes | None = None
        self._only_last = False
        self._gone = False
        self._writing_since: float | None = None
        self._closing_since: float | None = None
        self._written = threading.Event()
        self._read_to_end = threading.Event()
        self.close_code: int | None = None
        # Answers whether more messages wait for the handler than it should ever have.
        self.is_flooded: Callable[[], bool] = lambda: False

    # What simple-websocket calls

    def fileno(self) -> int:
        number: int = self._sock.fileno()
        return number

    def recv(self, size: int) -> bytes:
        """As a socket's; b"" or OSError ends simple-websocket's reading."""
        if self.is_flooded():
            self.end(CloseCode.MISUSE, "too many messages at once")
            raise OSError("the peer sends faster than it is served")
        try:
            data: bytes = self._sock.recv(size)
        except OSError:
            self.abort()
            raise
        if not data:
            self.abort()
        return data

    def send(self, data: bytes) -> int:
        """The handshake at once, then control frames through the queue."""
        if not self._upgraded:
            self._sock.sendall(data)
            self._upgraded = True
            threading.Thread(target=self._write, name="websocket-writer", daemon=True).start()
            return len(data)
        for frame in control_frames(data):
            if is_close(frame):
                self._end(frame, only_last=False)
            else:
                self.push(frame)
        return len(data)

    def close(self) -> None:
        """simple-websocket has read its last; the socket itself is closed by the server."""
        self._read_to_end.set()

    # What connections and the hub call

    @property
    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self._last is not None or self._gone

    def push(self, frame: bytes) -> bool:
        """Queue whole frames without waiting; False when they will not be sent.

        A full queue ends the connection with 1013, for this peer alone.
        """
        with self._lock:
            if self.is_closing:
                return False
            if self._queue.qsize() < self._most:
                self._queue.put(frame)
                return True
        if self._end(close_frame(CloseCode.TRY_AGAIN, "you read too slowly"), only_last=True):
            self._on_slow()
        return False

    def end(self, code: int, reason: str = "") -> None:
        """Send what waits and a close with this code; the first call counts."""
        self._end(close_frame(code, reason), only_last=False)

    def _end(self, frame: bytes, only_last: bool) -> bool:
        with self._lock:
            if self.is_closing:
                return False
            self._last, self._only_last = frame, only_last
            if len(frame) >= 4:
                self.close_code = int.from_bytes(frame[2:4], "big")
            self._closing_since = monotonic()
            self._queue.put(frame)
            return True

    def abort(self) -> None:
        """Give the peer up: whoever waits for the socket, reading or writing, is released."""
        with self._lock:
            if self._gone:
                return
            self._gone = True
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._queue.put(None)

    def abort_if_stuck(self) -> None:
        """Give up a peer that reads nothing or does not answer a close."""
        moment = monotonic()
        writing, closing = self._writing_since, self._closing_since
        if (writing is not None and moment - writing > _STALL_SECONDS) or (
            closing is not None and moment - closing > CLOSE_SECONDS
        ):
            self.abort()

    def finish(self) -> None:
        """Return when the connection is over, at most seconds after its end was decided."""
        self._written.wait(CLOSE_SECONDS)
        if not self._read_to_end.wait(CLOSE_SECONDS):
            self.abort()
            self._read_to_end.wait(CLOSE_SECONDS)
        elif not self._gone:
            self._linger()
        self.abort()
        self._written.wait(CLOSE_SECONDS)

    def _linger(self) -> None:
        # Closing with bytes unread resets the connection, and the peer may lose our close frame.
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
            self._sock.settimeout(_LINGER_SECONDS)
            for _ in range(_LINGER_READS):
                if not self._sock.recv(_READ_BYTES):
                    break

    def _write(self) -> None:
        try:
            while (frame := self._queue.get()) is not None:
                if self._only_last and frame is not self._last:
                    continue
                self._writing_since = monotonic()
                self._sock.sendall(frame)
                self._writing_since = None
                if frame is self._last:
                    break
        except OSError:
            self.abort()
        finally:
            self._writing_since = None
            self._written.set()
