"""Who gets a socket: tickets, origins, access, limits; all before the upgrade."""

import pytest

from wrencos_core.api import Identity, Role
from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.errors import StartupError
from wrencos_core.testing.modules import make_plugin
from wrencos_core.testing.waiting import wait_until
from wrencos_core.web import PUBLIC, WebSocketRoute


def test_a_ticket_opens_one_socket(connect, ticket):
    secret = ticket()
    first = connect("/ws/echo", use=secret)
    assert first.status == 101
    second = connect("/ws/echo", use=secret)
    assert second.status == 401
    assert second.problem["type"] == "urn:wrencos:problem:invalid-ticket"
    assert second.headers["content-type"] == "application/problem+json"
    first.send({"n": 1})
    assert first.receive() == {"echo": {"n": 1}, "user": None}


@pytest.mark.parametrize("wrong", ["", "guess", "x" * 43, "x" * 3000])
def test_a_wrong_ticket_gets_no_upgrade(connect, wrong):
    refused = connect("/ws/echo", use=wrong)
    assert refused.status == 401


def test_a_ticket_belongs_to_its_user_and_is_stored_as_a_hash(connect, ticket, login, platform):
    caller = login()
    secret = ticket(caller.token)
    keys = [key.decode() for key in platform.redis.keys("*ticket*")]
    assert len(keys) == 1
    assert secret not in keys[0]
    assert 0 < platform.redis.ttl(keys[0]) <= 30
    opened = connect("/ws/mine", use=secret)
    opened.send({})
    assert opened.receive()["user"] == caller.user_id


def test_a_ticket_expires(connect, ticket, platform):
    secret = ticket()
    (key,) = platform.redis.keys("*ticket*")
    platform.redis.pexpire(key, 1)
    wait_until(lambda: not platform.redis.exists(key), "the end of the ticket")
    assert connect("/ws/echo", use=secret).status == 401


def test_a_ticket_of_an_ended_session_is_worth_nothing(connect, ticket, login, platform):
    caller = login()
    secret = ticket(caller.token)
    platform.services.require(Sessions).end_all(caller.user_id, "logout")
    refused = connect("/ws/echo", use=secret)
    assert (refused.status, refused.problem["type"]) == (
        401,
        "urn:wrencos:problem:not-authenticated",
    )


def test_an_invalid_token_gets_no_ticket(client):
    answer = client.post("/api/ws-ticket", headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 101),
        ("https://shop.example.com", 101),
        ("http://127.0.0.1:8000", 101),
        ("https://evil.example.com", 403),
        ("https://shop.example.com.evil.example", 403),
        ("null", 403),
    ],
)
def test_the_origin_is_checked_before_the_ticket(connect, ticket, origin, status):
    secret = ticket()
    headers = {} if origin is None else {"Origin": origin}
    assert connect("/ws/echo", use=secret, headers=headers).status == status
    if status == 403:
        assert connect("/ws/echo", use=secret).status == 101


def test_in_development_the_server_itself_is_an_allowed_origin(connect, live):
    assert connect("/ws/echo", headers={"Origin": live.url}).status == 101


def test_access_is_checked_before_the_upgrade(connect, login):
    assert connect("/ws/mine").status == 401
    customer, staff = login(), login("staff", ["room.doors.open"])
    assert connect("/ws/staff", customer.token).status == 403
    assert connect("/ws/staff", staff.token).status == 101


def test_a_route_may_refuse_before_the_upgrade(connect):
    refused = connect("/ws/rooms/missing")
    assert (refused.status, refused.problem["detail"]) == (404, "There is no such room.")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-WebSocket-Version": "8"}, 426),
        ({"Sec-WebSocket-Key": "short"}, 400),
        ({"Upgrade": "h2c"}, 400),
    ],
)
def test_a_bad_handshake_is_refused(connect, headers, status):
    assert connect("/ws/echo", headers=headers).status == status


def test_after_must_be_a_number(connect):
    assert connect("/ws/rooms/r", query="&after=x").status == 400


def test_compression_is_refused(connect):
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
    opened = connect("/ws/echo", headers=offer)
    assert opened.status == 101
    assert "sec-websocket-extensions" not in opened.headers
    opened.send({"text": "a" * 1000})
    assert opened.receive()["echo"] == {"text": "a" * 1000}


def test_a_ticket_stands_in_no_log(connect, ticket, live):
    secret = ticket()
    opened = connect("/ws/echo", use=secret)
    connect("/ws/echo", use=secret)
    opened.send({"type": "fail"})
    assert opened.closed().code == 1011
    wait_until(lambda: "websocket.failed" in live.output(), "the line of the failure")
    assert secret not in live.output()
    assert "/ws/echo" in live.output()


def test_who_has_no_session_gets_no_ticket(make_platform, make_app):
    """A plugin's own kind of credential: nobody could say when it ends."""
    robot = Identity(user_id="user_robot", role=Role.CUSTOMER)
    plugin = make_plugin("keys", authenticate=lambda: robot)
    client = make_app(make_platform({"keys": plugin})).test_client()
    assert client.post("/api/ws-ticket").status_code == 403


@pytest.mark.parametrize(
    "route",
    [
        WebSocketRoute("/api/socket", print, PUBLIC),
        WebSocketRoute("/ws/", print, PUBLIC),
        WebSocketRoute("/ws/socket", print, "odd.things.read"),
    ],
)
def test_a_wrong_route_does_not_start(make_platform, make_app, route):
    plugin = make_plugin("odd", register_websockets=lambda: [route])
    with pytest.raises(StartupError, match="odd"):
        make_app(make_platform({"odd": plugin}))


def test_without_a_server_of_sockets_a_client_is_told(make_platform, make_app):
    plugin = make_plugin(
        "test", register_websockets=lambda: [WebSocketRoute("/ws/x", print, PUBLIC)]
    )
    client = make_app(make_platform({"test": plugin})).test_client()
    ticket = client.post("/api/ws-ticket").json["ticket"]
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    assert client.get(f"/ws/x?ticket={ticket}", headers=headers).status_code == 501
