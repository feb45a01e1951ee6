"""The hub in this process, where a test can act between two of its steps."""

import json
import socket
import threading
from types import SimpleNamespace

import pytest

from wrencos_core.identity import ANONYMOUS
from wrencos_core.testing.waiting import wait_until
from wrencos_core.web import Connection, ConnectionClosed, Hub
from wrencos_core.websockets.connection import Admission
from wrencos_core.websockets.wire import Wire

ROOM = "room:switch"


@pytest.fixture
def hub(platform):
    hub = Hub(platform)
    yield hub
    hub.stop()
    for connection in hub.connections():
        hub.forget(connection)
    names = {"rooms", "websocket-keeper"}
    wait_until(lambda: not names & {it.name for it in threading.enumerate()}, "its threads' end")


@pytest.fixture
def open_pair(hub):
    """Returns `open_pair()`: a connection without a handler, and its client's end as a file."""
    pairs = []

    def open_pair():
        mine, theirs = socket.socketpair()
        theirs.settimeout(20)
        wire = Wire(mine, 60, hub.figures.slow.inc)
        admission = Admission(
            socket_id=f"ws_{len(pairs)}",
            caller="test",
            identity=ANONYMOUS,
            session_id=None,
            allowed=lambda identity: True,
            after=None,
            max_bytes=1024,
            binary=False,
        )
        connection = Connection(SimpleNamespace(input_buffer=[]), wire, admission)
        wire.send(b"")
        hub.open(connection)
        file = theirs.makefile("rb")
        pairs.append((connection, file, mine, theirs))
        return connection, file

    yield open_pair
    for connection, *rest in pairs:
        connection.wire.close()
        connection.wire.abort()
        connection.wire.finish()
        for it in rest:
            it.close()


def read(file):
    length = file.read(2)[1]
    if length == 126:
        length = int.from_bytes(file.read(2), "big")
    return json.loads(file.read(length))


def test_the_switch_from_history_to_live_neither_repeats_nor_loses(
    hub, platform, open_pair, monkeypatch
):
    watcher, seen = open_pair()
    hub.join(watcher, ROOM)
    begin = read(seen)["seq"]
    hub.publish(ROOM, {"n": 0})
    original = platform.rooms.since

    def busy(room, after):
        # One that is in the history and announced as well, and one that is only announced.
        hub.publish(ROOM, {"n": 1})
        answer = original(room, after)
        hub.publish(ROOM, {"n": 2})
        for n in range(3):
            assert read(seen)["n"] == n
        return answer

    monkeypatch.setattr(platform.rooms, "since", busy)
    late, file = open_pair()
    hub.join(late, ROOM, begin)
    hub.publish(ROOM, {"n": 3})
    assert read(file) == {"type": "joined", "room": ROOM, "seq": begin, "complete": True}
    assert [read(file)["n"] for _ in range(4)] == [0, 1, 2, 3]


def test_a_subscription_that_was_cut_is_made_up_for_before_it_goes_on(hub, platform, open_pair):
    connection, file = open_pair()
    hub.join(connection, ROOM)
    begin = read(file)["seq"]
    channel = platform.rooms.channel(ROOM)
    # As after an outage: two were published unheard, one was heard twice.
    for n in range(2):
        platform.redis.xadd(
            platform.rooms.stream(ROOM), {"m": f'{{"n":{n}}}'}, f"{begin + n + 1}-0"
        )
    hub._subscribed(channel)
    hub._announced(channel, f'{begin + 2} {{"n":1}}'.encode())
    hub.publish(ROOM, {"n": 2})
    assert [read(file)["n"] for _ in range(3)] == [0, 1, 2]


def test_who_left_gets_nothing(hub, open_pair):
    (stays, file), (leaves, other) = open_pair(), open_pair()
    for connection in (stays, leaves):
        hub.join(connection, ROOM)
        hub.join(connection, ROOM)
    hub.leave(leaves, ROOM)
    hub.publish(ROOM, {"n": 1})
    leaves.send({"n": 2})
    assert read(file)["type"] == read(other)["type"] == "joined"
    assert read(file)["n"] == 1
    assert read(other)["n"] == 2


def test_a_frame_is_made_once_for_all(hub, open_pair, monkeypatch):
    made = [open_pair() for _ in range(3)]
    pushed = []
    for connection, _ in made:
        hub.join(connection, ROOM)
        monkeypatch.setattr(connection.wire, "push", pushed.append)
    hub.publish(ROOM, {"n": 1})
    wait_until(lambda: len(pushed) == 3, "the message")
    assert len({id(frame) for frame in pushed}) == 1


def test_a_closed_socket_joins_nothing(hub, open_pair):
    connection, _ = open_pair()
    connection.close()
    with pytest.raises(ConnectionClosed):
        hub.join(connection, ROOM)
    with pytest.raises(ConnectionClosed):
        connection.send({})
