"""The hub of a process: its open sockets, the rooms they are in, and what reaches them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from redis.exceptions import RedisError

from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.websockets.connection import Connection
from wrencos_core.websockets.errors import CloseCode, RealTimeUnavailable
from wrencos_core.websockets.figures import Figures
from wrencos_core.websockets.frames import text_frame
from wrencos_core.websockets.keeper import Keeper
from wrencos_core.websockets.leases import Leases
from wrencos_core.websockets.rooms import Entry, addressed, encode, require_room_name
from wrencos_core.websockets.shutdown import on_terminate
from wrencos_core.websockets.subscriber import Subscriber

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

log = structlog.get_logger(__name__)

_READY_SECONDS = 5.0


@dataclass
class _Room:
    """Those of this process who are in a room.

    `seq` is the last message that was handed out; who is joining keeps what comes meanwhile.
    """

    name: str
    seq: int | None = None
    live: set[Connection] = field(default_factory=set)
    joining: dict[Connection, list[tuple[int, bytes]]] = field(default_factory=dict)
    ready: threading.Event = field(default_factory=threading.Event)


class Hub:
    """Hands the messages of rooms to the sockets of this process."""

    def __init__(self, platform: Platform) -> None:
        from wrencos_core.platform import redis_url

        self._platform = platform
        self._rooms = platform.rooms
        self._lock = threading.Lock()
        self._connections: dict[str, Connection] = {}
        self._by_channel: dict[str, _Room] = {}
        self._started = False
        self.is_stopping = False
        self.figures = Figures()
        self.leases = Leases(platform.redis, self._rooms.prefix)
        self.sessions = platform.services.require(Sessions)
        self._keeper = Keeper(self, platform.settings.websocket_recheck_seconds)
        self._subscriber = Subscriber(
            redis_url(platform.settings),
            self._rooms,
            self._wanted,
            self._subscribed,
            self._announced,
            lambda: self.is_over,
        )

    @property
    def is_over(self) -> bool:
        """Whether it was stopped and the last socket is closed."""
        return self.is_stopping and not self._connections

    def publish(self, room: str, message: Mapping[str, Any] | msgspec.Struct) -> None:
        """As `platform.rooms.publish`: to every socket in the room, of this process and others."""
        self._rooms.publish(room, message)

    def join(self, connection: Connection, room: str, after: int | None = None) -> None:
        """Have `connection` get what is published in `room` from now on.

        It first gets `{"type": "joined", "room", "seq", "complete"}`. With `after`, the number
        (`seq`) of the last message that the client has, what it missed follows, each message once
        and in order; `complete` is false when part of that is no longer kept. Joining twice does
        nothing. Raises ConnectionClosed when the socket is closed, and RealTimeUnavailable (which
        closes it with 1013) when Redis can't be reached.
        """
        require_room_name(room)
        connection.require_open()
        channel = self._rooms.channel(room)
        with self._lock:
            entry = self._by_channel.setdefault(channel, _Room(room))
            if connection in entry.live or connection in entry.joining:
                return
            entry.joining[connection] = []
        try:
            self._wait_for(entry)
            self._catch_up(entry, connection, after)
        except RedisError as error:
            self.leave(connection, room)
            raise RealTimeUnavailable() from error
        except BaseException:
            self.leave(connection, room)
            raise

    def leave(self, connection: Connection, room: str) -> None:
        """Send `connection` nothing more of `room`."""
        with self._lock:
            self._leave(connection, self._rooms.channel(room))

    def open(self, connection: Connection) -> None:
        """Take a socket in; the first one starts what the hub runs in the background."""
        with self._lock:
            self._connections[connection.id] = connection
            first, self._started = not self._started, True
        if first:
            self._keeper.start()
            self._subscriber.start()
            on_terminate(self.stop)
        self.figures.open.inc()
        if self.is_stopping:
            connection.close(CloseCode.SERVER_STOPS)

    def forget(self, connection: Connection) -> None:
        """The socket is closed: take it out of every room."""
        with self._lock:
            if self._connections.pop(connection.id, None) is None:
                return
            for channel, room in list(self._by_channel.items()):
                if connection in room.live or connection in room.joining:
                    self._leave(connection, channel)
        self.figures.open.dec()

    def connections(self) -> list[Connection]:
        """The open sockets of this process."""
        with self._lock:
            return list(self._connections.values())

    def stop(self) -> None:
        """Close every socket with 1001, and those that still come."""
        self.is_stopping = True
        for connection in self.connections():
            connection.close(CloseCode.SERVER_STOPS, "the server stops")

    def _wait_for(self, room: _Room) -> None:
        if not room.ready.is_set():
            self._subscriber.wake(self._platform.redis)
            if not room.ready.wait(_READY_SECONDS):
                raise RealTimeUnavailable()

    def _catch_up(self, room: _Room, connection: Connection, after: int | None) -> None:
        missed: list[Entry] = []
        complete = True
        if after is not None:
            missed, complete = self._rooms.since(room.name, after)
        with self._lock:
            waiting = room.joining.pop(connection, None)
            if waiting is None:
                return
            position = room.seq if after is None else after
            notice = {"type": "joined", "room": room.name, "seq": position, "complete": complete}
            frames = [text_frame(encode(notice))]
            if after is not None:
                newest = missed[-1].seq if missed else (after if complete else 0)
                frames += [_frame(room, entry) for entry in missed]
                frames += [frame for seq, frame in waiting if seq > newest]
            # As one item: what was missed may be more than the queue of a slow reader holds.
            connection.wire.push(b"".join(frames))
            room.live.add(connection)

    def _leave(self, connection: Connection, channel: str) -> None:
        room = self._by_channel.get(channel)
        if room is None:
            return
        room.live.discard(connection)
        room.joining.pop(connection, None)
        if not room.live and not room.joining:
            del self._by_channel[channel]
            self._subscriber.note_change()

    def _wanted(self) -> dict[str, bool]:
        with self._lock:
            return {channel: room.ready.is_set() for channel, room in self._by_channel.items()}

    def _subscribed(self, channel: str) -> None:
        """Messages of this room arrive from now on: hand out those that were missed before."""
        with self._lock:
            room = self._by_channel.get(channel)
        if room is None:
            return
        newest = self._rooms.open(room.name)
        if room.seq is None or newest < room.seq:
            # A number that went back: Redis lost what it had, and the room begins anew.
            room.seq = newest
        elif newest > room.seq:
            for entry in self._rooms.since(room.name, room.seq)[0]:
                self._hand_out(room, entry)
        room.ready.set()

    def _announced(self, channel: str, data: bytes) -> None:
        seq, _, payload = data.partition(b" ")
        with self._lock:
            room = self._by_channel.get(channel)
        if room is not None:
            self._hand_out(room, Entry(int(seq), payload))

    def _hand_out(self, room: _Room, entry: Entry) -> None:
        with self._lock:
            if room.seq is None or entry.seq <= room.seq:
                return
            room.seq = entry.seq
            frame = _frame(room, entry)
            for connection in room.live:
                connection.wire.push(frame)
            for waiting in room.joining.values():
                waiting.append((entry.seq, frame))


def _frame(room: _Room, entry: Entry) -> bytes:
    return text_frame(addressed(room.name, entry))
