"""The one connection per process over which Redis announces messages; it comes back by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError, RedisError
from redis.retry import Retry

from wrencos_core.ids import new_id
from wrencos_core.websockets.rooms import Rooms

log = structlog.get_logger(__name__)

_PATIENCE = 5.0
_POLL_SECONDS = 1.0
_PING_AFTER = 5.0
_LOST_AFTER = 15.0
_LONGEST_PAUSE = 2.0


class Subscriber:
    """Listens to the channels that are wanted, in a thread of its own.

    `wanted()` says which, and whether each has been confirmed: `on_subscribed(channel)` does so
    when its messages arrive from now on, and again after each reconnection. `on_message(channel,
    data)` gets them. Both are called in that one thread, which ends once `is_over()`.
    """

    def __init__(
        self,
        url: str,
        rooms: Rooms,
        wanted: Callable[[], Mapping[str, bool]],
        on_subscribed: Callable[[str], None],
        on_message: Callable[[str, bytes], None],
        is_over: Callable[[], bool],
    ) -> None:
        self._url = url
        self._name = rooms.client_name
        self._wanted = wanted
        self._on_subscribed = on_subscribed
        self._on_message = on_message
        self._is_over = is_over
        self._own = f"{rooms.prefix}wake:{new_id('hub')}"
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._changed = True
        self._states: dict[str, str] = {}

    def start(self) -> None:
        """Begin to listen, once."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="rooms", daemon=True)
                self._thread.start()

    def wake(self, redis: Redis) -> None:
        """Have a change of what is wanted noticed at once rather than within a second."""
        self._changed = True
        redis.publish(self._own, b"")

    def note_change(self) -> None:
        """Have a change of what is wanted noticed within a second."""
        self._changed = True

    def _run(self) -> None:
        pause = 0.1
        while not self._is_over():
            begun = monotonic()
            try:
                self._listen()
            except (RedisError, OSError) as error:
                log.warning("rooms.connection_lost", error=type(error).__name__)
            except Exception:
                log.exception("rooms.subscriber_failed")
            pause = 0.1 if monotonic() - begun > _LOST_AFTER else min(_LONGEST_PAUSE, pause * 2)
            time.sleep(pause)

    def _listen(self) -> None:
        redis = Redis.from_url(
            self._url,
            client_name=self._name,
            socket_connect_timeout=_PATIENCE,
            socket_timeout=_PATIENCE,
            # Its own retry would subscribe again unnoticed, and what came in between were lost.
            retry=Retry(NoBackoff(), 0),
        )
        try:
            with redis.pubsub() as pubsub:  # type: ignore[no-untyped-call]
                self._states = {}
                self._changed = True
                pubsub.subscribe(self._own)
                self._follow(pubsub)
        finally:
            redis.close()

    def _follow(self, pubsub: PubSub) -> None:
        heard = monotonic()
        while not self._is_over():
            if self._changed:
                self._changed = False
                self._adjust(pubsub)
            message = pubsub.get_message(timeout=_POLL_SECONDS)
            if message is not None:
                heard = monotonic()
                self._take(message)
            elif monotonic() - heard > _LOST_AFTER:
                raise RedisConnectionError("no answer to a ping")
            elif monotonic() - heard > _PING_AFTER:
                pubsub.ping()

    def _adjust(self, pubsub: PubSub) -> None:
        """Ask for what is wanted; a channel that is being left is asked for again once it is."""
        wanted = self._wanted()
        for channel in wanted.keys() - self._states.keys():
            self._states[channel] = "adding"
            pubsub.subscribe(channel)
        for channel, state in list(self._states.items()):
            if state == "on" and channel not in wanted:
                self._states[channel] = "dropping"
                pubsub.unsubscribe(channel)  # type: ignore[no-untyped-call]
            elif state == "on" and not wanted[channel]:
                # Left and wanted anew before it was dropped.
                self._on_subscribed(channel)

    def _take(self, message: dict[str, Any]) -> None:
        channel = message["channel"].decode() if message["channel"] else ""
        if channel not in self._states:
            return
        if message["type"] == "message":
            self._on_message(channel, message["data"])
        elif message["type"] == "subscribe":
            self._states[channel] = "on"
            self._on_subscribed(channel)
            self._changed = True
        elif message["type"] == "unsubscribe":
            del self._states[channel]
            self._changed = True
