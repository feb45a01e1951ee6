"""The production server: uploads in its processes, bodies without end, and storage that hangs."""

import http.client
import json
import select
import socket
import threading
from contextlib import closing

import psutil
import pytest

from wrencos_core.storage.models import Image
from wrencos_core.testing.processes import LiveServer
from wrencos_core.testing.threads import run_in_threads

HUNDRED_MB = 100 * 1024**2


def frame(data):
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    return head + data + b"\r\n--x--\r\n"


def headers(token, **more):
    form = "multipart/form-data; boundary=x"
    return {"Authorization": f"Bearer {token}", "Content-Type": form, **more}


def upload(server, token, data):
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request("POST", "/api/images", frame(data), headers(token))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def memory(server):
    processes = [psutil.Process(server.pid), *psutil.Process(server.pid).children()]
    return sum(process.memory_info().rss for process in processes)


def begin(server, token, **more):
    """A connection on which the head of an upload was sent."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    lines = [f"{name}: {value}" for name, value in headers(token, **more).items()]
    head = "\r\n".join(["POST /api/images HTTP/1.1", "Host: shop", *lines, "", ""])
    connection.sendall(head.encode())
    return connection


def test_processes_share_what_is_uploaded_at_once(server, platform, login, picture):
    token, data = login().token, picture(900, 600)
    answers = run_in_threads(8, lambda n: upload(server, token, data))
    assert [status for status, _ in answers] == [201] * 8
    assert len({body["imageId"] for _, body in answers}) == 8
    (name,) = {row["file_name"] for row in Image.raw().find()}
    assert platform.storage.exists(name)
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request("GET", answers[0][1]["url"], headers={"Range": "bytes=0-1"})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (206, b"\xff\xd8")


def test_a_worker_makes_the_thumbnails(server, worker, platform, login, picture):
    from wrencos_core.testing.waiting import wait_until

    _, body = upload(server, login().token, picture(900, 600))
    wait_until(
        lambda: platform.images.find([body["imageId"]])[body["imageId"]].thumbnails, "thumbnails"
    )


def test_a_hundred_megabytes_that_are_announced_are_refused_unread(server, login, left_behind):
    more = {"Content-Length": HUNDRED_MB}
    with closing(begin(server, login().token, **more)) as connection:
        assert connection.recv(64).startswith(b"HTTP/1.1 413 ")


def test_a_hundred_megabytes_that_are_not_announced_are_refused_in_bounded_memory(
    server, platform, login, left_behind, picture
):
    token = login().token
    assert upload(server, token, picture())[0] == 201
    stored = left_behind(platform)
    before = memory(server)
    piece = bytes(64 * 1024)
    chunk = b"%x\r\n" % len(piece) + piece + b"\r\n"
    head = frame(b"")[:-9]
    with closing(begin(server, token, **{"Transfer-Encoding": "chunked"})) as connection:
        connection.sendall(b"%x\r\n" % len(head) + head + b"\r\n")
        sent = 0
        while sent < HUNDRED_MB and not select.select([connection], [], [], 0)[0]:
            connection.sendall(chunk)
            sent += len(piece)
        assert connection.recv(64).startswith(b"HTTP/1.1 413 ")
    assert sent < HUNDRED_MB
    assert memory(server) - before < 50 * 1024**2
    assert left_behind(platform) == stored


@pytest.fixture
def silent_server():
    """A server that takes connections and never answers; and an event that tells of the first."""
    connected, sockets = threading.Event(), []
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def take():
            try:
                while True:
                    sockets.append(listener.accept()[0])
                    connected.set()
            except OSError:
                return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", connected
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    for taken in sockets:
        taken.close()


def test_a_bucket_that_hangs_does_not_hold_other_requests(
    request, make_platform, silent_server, monkeypatch
):
    url, connected = silent_server
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")
    live = LiveServer(make_platform(storage_url="s3://hangs"), request.config.rootpath)
    live.workers = 1
    try:
        live.start()
        waiting = http.client.HTTPConnection("127.0.0.1", live.port, timeout=60)
        with closing(waiting):
            waiting.request("GET", "/media/shop/one.png")
            assert connected.wait(30)
            with closing(http.client.HTTPConnection("127.0.0.1", live.port, timeout=15)) as other:
                other.request("GET", "/health")
                assert other.getresponse().status == 200
            assert not select.select([waiting.sock], [], [], 0)[0]
    finally:
        live.stop()
