"""Sizes, counts and slow or silent peers."""

import json

import pytest

from wrencos_core.settings import CoreSettings
from wrencos_core.testing.waiting import wait_until


@pytest.fixture(scope="session")
def wrencos_settings():
    few = {"websocket_per_user": 2, "websocket_per_address": 5, "websocket_queue": 20}
    return {CoreSettings: {**few, "websocket_ping_seconds": 1}}


def test_an_oversize_message_closes_with_1009(connect):
    opened = connect("/ws/echo")
    opened.send({"text": "x" * (64 * 1024)})
    assert opened.closed().code == 1009


def test_the_size_counts_bytes(connect):
    opened = connect("/ws/echo")
    text = json.dumps({"text": "ệ" * (30 * 1024)}, ensure_ascii=False)
    opened.send(text.encode())
    assert opened.closed().code == 1009


def test_a_message_much_larger_than_the_limit_still_gets_the_reason(connect):
    opened = connect("/ws/echo")
    opened.send({"text": "x" * (8 * 1024 * 1024)})
    assert opened.closed().code == 1009


def test_a_route_may_take_binary_and_larger_messages(connect):
    opened = connect("/ws/binary")
    opened.send(b"\0" * 200_000, opcode=2)
    assert opened.receive() == {"bytes": 200_000}


@pytest.mark.parametrize(
    ("payload", "opcode", "code"),
    [(b"\0", 2, 1003), (b"{", 1, 1007), (b"[]", 1, 1007), (b"\xff\xfe", 1, 1007)],
)
def test_what_is_no_message_closes(connect, payload, opcode, code):
    opened = connect("/ws/echo")
    opened.send(payload, opcode=opcode)
    assert opened.closed().code == code


def test_a_refusal_of_the_handler_is_a_close_code(connect):
    opened = connect("/ws/echo")
    opened.send({"type": "refuse"})
    closed = opened.closed()
    assert (closed.code, closed.reason) == (4404, "not-found")


def test_sockets_of_one_user_are_counted_over_all_processes(connect, login):
    caller = login()
    opened = [connect("/ws/mine", caller.token) for _ in range(2)]
    refused = connect("/ws/mine", caller.token)
    assert refused.status == 429
    assert refused.headers["retry-after"]
    assert connect("/ws/mine", login().token).status == 101
    opened[0].drop()
    wait_until(lambda: connect("/ws/mine", caller.token).status == 101, "a free place")


def test_sockets_of_guests_are_counted_by_address(connect):
    opened = [connect("/ws/echo") for _ in range(5)]
    assert [it.status for it in opened] == [101] * 5
    assert connect("/ws/echo").status == 429


def test_a_peer_that_answers_no_ping_is_closed(connect):
    opened = connect("/ws/echo")
    opcode, _ = opened.read_frame()
    assert opcode == 9
    assert opened.closed().code == 1008


def test_a_slow_reader_is_closed_and_delays_nobody(platform, follow, figures):
    slow, _ = follow("busy", receive_buffer=4096)
    quick, _ = follow("busy")
    text = "x" * 60_000
    seen = []
    # Beyond the buffers of the kernel, which hold a few megabytes.
    while len(seen) < 300:
        platform.rooms.publish("room:busy", {"n": len(seen), "text": text})
        seen.append(quick.receive()["n"])
    assert seen == list(range(300))

    got = []
    slow.sock.settimeout(20)
    code = None
    try:
        while True:
            opcode, payload = slow.read_frame()
            if opcode == 8:
                code = int.from_bytes(payload[:2], "big")
                break
            if opcode == 1:
                got.append(json.loads(payload)["n"])
    except Exception:
        code = None
    # It got the beginning, in order, and was told to come back unless it was given up before.
    assert got == list(range(len(got)))
    assert len(got) < 300
    assert code in (1013, None)
    wait_until(lambda: any(figures("wrencos_websockets_slow_total")), "the count of the worker")
    platform.rooms.publish("room:busy", {"n": 300})
    assert quick.receive()["n"] == 300


def test_a_client_that_sends_more_than_its_handler_reads_is_closed(connect):
    opened = connect("/ws/deaf")
    opened.send_all([{"n": n} for n in range(200)])
    assert opened.closed().code == 1008


def test_a_handler_that_does_not_listen_ends_with_its_client(connect, platform):
    opened = connect("/ws/deaf")
    opened.drop()
    wait_until(lambda: not platform.redis.keys("*open:ip:*"), "its place to be free")
