"""A plugin with sockets, for the tests of them."""

import time
from collections.abc import Sequence

from wrencos_core.api import (
    Identity,
    Job,
    NotFound,
    Permission,
    Platform,
    PluginInfo,
    hookimpl,
)
from wrencos_core.web import (
    LOGGED_IN,
    PUBLIC,
    Connection,
    WebSocketRoute,
    current_hub,
)

PLUGIN = PluginInfo(
    name="room", title="Room", description="Made for tests.", version="1.0", core=">=0.1"
)


def follow(connection: Connection, name: str) -> None:
    """Join the room; what a client says is published in it."""
    hub = current_hub()
    hub.join(connection, f"room:{name}", connection.after)
    for message in connection:
        hub.publish(f"room:{name}", message)


def echo(connection: Connection) -> None:
    """Answer each message with who sent it; `fail` and `refuse` end the handler."""
    for message in connection:
        if isinstance(message, bytes):
            connection.send({"bytes": len(message)})
            continue
        if message.get("type") == "fail":
            raise RuntimeError("this handler is broken")
        if message.get("type") == "refuse":
            raise NotFound("not here")
        connection.send({"echo": message, "user": connection.identity.user_id})


def deaf(connection: Connection) -> None:
    """Read nothing."""
    while not connection.is_closed:
        time.sleep(0.05)


def admit(identity: Identity, name: str) -> None:
    if name == "missing":
        raise NotFound("There is no such room.")


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return [Permission("room.doors.open", "Open the door.")]


@hookimpl
def register_websockets() -> Sequence[WebSocketRoute]:
    return [
        WebSocketRoute("/ws/rooms/<name>", follow, PUBLIC, admit=admit),
        WebSocketRoute("/ws/echo", echo, PUBLIC),
        WebSocketRoute("/ws/binary", echo, PUBLIC, binary=True, max_message_kb=256),
        WebSocketRoute("/ws/deaf", deaf, PUBLIC),
        WebSocketRoute("/ws/mine", echo, LOGGED_IN),
        WebSocketRoute("/ws/staff", echo, "room.doors.open"),
    ]


@hookimpl
def register_jobs(platform: Platform) -> Sequence[Job]:
    def announce(name: str, text: str) -> None:
        platform.rooms.publish(f"room:{name}", {"text": text})

    return [Job("room.announce_text", announce, "Publish in a room.")]
