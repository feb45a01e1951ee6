"""Calls of a gateway's API end, whatever the other side does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import msgspec
import pytest

from wrencos_commerce.services.gateways.calls import Caller
from wrencos_commerce.testing.local_http import Answer, FakeServer, Request
from wrencos_core.contracts.payments import GatewayUnavailable


class Echo(FakeServer):
    """Answers what it is told to."""

    planned = Answer(200, {})

    def answer(self, request: Request) -> Answer:
        return self.planned

    def books(self) -> dict[str, int]:
        return {"requests": len(self.requests)}


class Amount(msgspec.Struct):
    amount: int


@pytest.fixture
def server() -> Iterator[Echo]:
    with Echo() as server:
        yield server


caller = Caller(5)


def test_an_answer(server):
    server.planned = Answer(201, {"amount": 5, "more": 1})
    answer = caller.send("POST", f"{server.url}/a?b=c", body=b"x", headers={"X-Header": "y"})
    assert (answer.status, answer.read(Amount)) == (201, Amount(5))
    [request] = server.requests
    assert (request.method, request.path, request.query) == ("POST", "/a", "b=c")
    assert (request.body, request.headers["x-header"]) == (b"x", "y")


def test_a_refusal_is_an_answer(server):
    server.planned = Answer(422, {"amount": 1})
    assert caller.send("GET", server.url).status == 422


@pytest.mark.parametrize("status", [304, 429, 500, 503])
def test_trouble_is_no_answer(server, status):
    server.planned = Answer(status, {})
    with pytest.raises(GatewayUnavailable, match=str(status)):
        caller.send("GET", server.url)


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_not_followed(server, status):
    server.planned = Answer(status, {}, {"Location": f"{server.url}/elsewhere"})
    with pytest.raises(GatewayUnavailable, match="Redirects"):
        caller.send("POST", f"{server.url}/here", body=b"secret")
    assert [request.path for request in server.requests] == ["/here"]


@pytest.mark.parametrize("body", ["text", {"amount": "5"}, {}, None, []])
def test_a_body_of_another_form_is_no_answer(server, body):
    server.planned = Answer(200, body)
    with pytest.raises(GatewayUnavailable, match="HTTP 200"):
        caller.send("GET", server.url).read(Amount)


@pytest.mark.parametrize("failure", ["drop", "lose", "error"])
def test_a_connection_that_ends(server, failure):
    server.fail(failure)
    with pytest.raises(GatewayUnavailable):
        caller.send("GET", f"{server.url}/?secret=hush")
    assert caller.send("GET", server.url).status == 200


def test_a_server_that_hangs(server):
    server.fail("hang")
    with pytest.raises(GatewayUnavailable, match="ReadTimeout"):
        Caller(0.1).send("GET", server.url)


def test_a_server_that_is_not_there():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(GatewayUnavailable) as caught:
            caller.send("GET", f"http://127.0.0.1:{port}/?secret=hush")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "http://", "nonsense", "http://[", "gopher://127.0.0.1"])
def test_an_address_that_is_none(url):
    with pytest.raises(GatewayUnavailable):
        caller.send("GET", url)


def test_an_answer_without_an_end():
    """More bytes than any answer of a gateway has, one piece after the other."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                try:
                    while True:
                        connection.sendall(b"x" * 65_536)
                except OSError:
                    ended.set()

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(GatewayUnavailable):
            caller.send("GET", f"http://127.0.0.1:{listening.getsockname()[1]}/")
        thread.join()
    assert ended.is_set()


def test_an_answer_that_trickles():
    """Each byte comes in time, and all of them would not."""
    left = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 80\r\n\r\n")
                try:
                    for _ in range(80):
                        connection.sendall(b" ")
                        time.sleep(0.05)
                except OSError:
                    left.set()

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(GatewayUnavailable):
            Caller(0.2).send("GET", f"http://127.0.0.1:{listening.getsockname()[1]}/")
        thread.join()
    assert left.is_set()


def test_no_login_is_taken_from_the_machine(server, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password hush\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    caller.send("GET", server.url, headers={"Authorization": "Bearer token"})
    assert server.requests[0].headers["authorization"] == "Bearer token"
