"""What a plugin says of a WebSocket endpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class WebSocketRoute:
    """A WebSocket endpoint of a plugin.

    `path` is below /ws, such as "/ws/livestream/<stream_id>"; `access` is PUBLIC, LOGGED_IN or a
    permission. `handler(connection, **path_parameters)` runs as long as the socket is open; when
    it returns the socket is closed. A DomainError that it raises closes with 4000 + its status.

    `admit(identity, **path_parameters)` may refuse before the upgrade, by raising a DomainError.
    `binary` lets clients send binary messages, `max_message_kb` larger ones than the setting says.
    """

    path: str
    handler: Callable[..., None]
    access: str
    admit: Callable[..., None] | None = None
    binary: bool = False
    max_message_kb: int | None = None
