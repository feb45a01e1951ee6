"""How sockets end: logins that end, servers that stop."""

import pytest

from wrencos_core.auth.models.user import User
from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.clock import now
from wrencos_core.testing.waiting import wait_until


def disable(platform, user_id):
    User.raw().update_one({"_id": user_id}, {"$set": {"disabled_at": now()}})


def log_out(platform, user_id):
    platform.services.require(Sessions).end_all(user_id, "logout")


@pytest.mark.parametrize("end", [disable, log_out])
def test_the_sockets_of_an_ended_login_are_closed(connect, login, platform, end):
    ended, other = login(), login()
    sockets = [connect("/ws/mine", ended.token), connect("/ws/echo", ended.token)]
    stays, guest = connect("/ws/mine", other.token), connect("/ws/echo")
    end(platform, ended.user_id)
    for made in sockets:
        closed = made.closed()
        assert (closed.code, closed.reason) == (4401, "session-ended")
    for made in (stays, guest):
        made.send({})
        assert "echo" in made.receive()


def test_who_loses_a_permission_loses_the_socket(connect, login):
    staff = login("staff", ["room.doors.open"])
    made, mine = connect("/ws/staff", staff.token), connect("/ws/mine", staff.token)
    User.raw().update_one({"_id": staff.user_id}, {"$set": {"permissions": []}})
    assert made.closed().code == 4403
    mine.send({})
    assert mine.receive()["user"] == staff.user_id


def test_a_client_that_does_not_answer_a_close_is_given_up(connect, login, platform):
    caller = login()
    made = connect("/ws/mine", caller.token)
    log_out(platform, caller.user_id)
    opcode, _ = made.read_frame()
    assert opcode == 8
    assert made.file.read() == b""
    wait_until(lambda: not platform.redis.keys("*open:user:*"), "its place to be free")


def test_a_client_may_close(connect, platform):
    made = connect("/ws/echo")
    made.send_frame(8, (1000).to_bytes(2, "big"))
    opcode, payload = made.read_frame()
    assert (opcode, payload[:2]) == (8, (1000).to_bytes(2, "big"))
    assert made.file.read() == b""


def test_sigterm_closes_every_socket_and_the_server_ends_soon(connect, follow, server):
    sockets = [connect("/ws/echo", of=server), *(follow("end", of=server)[0] for _ in range(5))]
    server.ask_to_end()
    for made in sockets:
        assert made.closed().code == 1001
    assert server.wait() == 0
    assert "graceful timeout" not in server.output()
