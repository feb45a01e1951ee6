"""Clients of the live server: raw sockets for the handshake, wsproto-free frames by hand."""

import json
import re
import socket
import struct
import urllib.request
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from wrencos_core.settings import CoreSettings
from wrencos_core.testing.modules import load_module
from wrencos_core.testing.processes import LiveServer

room_plugin = load_module(Path(__file__).with_name("room_plugin.py"))

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


class Closed(Exception):
    """The server closed; `code` is None when it did so without a close frame."""

    def __init__(self, code=None, reason=""):
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Socket:
    """A WebSocket client that shows everything: the handshake's answer and each frame."""

    def __init__(self, url, path, headers=None, receive_buffer=None):
        parts = urlsplit(url)
        self.sock = socket.socket()
        if receive_buffer is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(20)
        self.sock.connect((parts.hostname, parts.port))
        lines = {
            "Host": parts.netloc,
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": KEY,
            "Sec-WebSocket-Version": "13",
            **(headers or {}),
        }
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.sock.sendall(f"GET {path} HTTP/1.1\r\n{text}\r\n".encode())
        self.file = self.sock.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while (line := self.file.readline().strip()) != b"":
            name, _, value = line.decode().partition(": ")
            self.headers[name.lower()] = value
        self.problem = None
        if self.status != 101:
            self.problem = json.loads(self.file.read(int(self.headers["content-length"])))
            self.drop()

    def send(self, message, opcode=1):
        payload = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.send_frame(opcode, payload)

    def send_all(self, messages):
        for message in messages:
            self.send(message)

    def send_frame(self, opcode, payload):
        length = len(payload)
        if length < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | length)
        elif length < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, length)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, length)
        # A mask of zeros leaves the payload as it is.
        self.sock.sendall(head + b"\0\0\0\0" + payload)

    def read_frame(self):
        head = self.file.read(2)
        if len(head) < 2:
            raise Closed
        assert head[0] & 0x70 == 0, "no extension was agreed upon"
        length = head[1]
        if length == 126:
            length = struct.unpack("!H", self.file.read(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", self.file.read(8))[0]
        payload = self.file.read(length)
        if len(payload) < length:
            raise Closed
        return head[0] & 0x0F, payload

    def receive(self):
        """The next message; answers pings; raises Closed."""
        while True:
            opcode, payload = self.read_frame()
            if opcode == 9:
                self.send_frame(10, payload)
            elif opcode == 8:
                with suppress(OSError):
                    self.send_frame(8, payload)
                raise Closed(struct.unpack("!H", payload[:2])[0], payload[2:].decode())
            elif opcode == 1:
                return json.loads(payload)

    def closed(self):
        """How the server closes, after whatever it still sends."""
        while True:
            try:
                self.receive()
            except Closed as closed:
                return closed

    def drop(self):
        """End the connection without a word."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.file.close()
        self.sock.close()


@pytest.fixture(scope="session")
def wrencos_plugins():
    return {"room": room_plugin}


@pytest.fixture(scope="session")
def wrencos_settings():
    fast = {"websocket_recheck_seconds": 1, "websocket_history": 50, "websocket_queue": 60}
    return {CoreSettings: {**fast, "cors_origins": ("https://shop.example.com",)}}


def get_ticket(url, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"{url}/api/ws-ticket", method="POST", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        assert response.status == 201
        return json.load(response)["ticket"]


@pytest.fixture(scope="module")
def running():
    """The servers that the tests of a module share, by their platform."""
    servers = {}
    yield servers
    for live in servers.values():
        live.stop()


@pytest.fixture
def live(request, platform, running):
    """The production server of `platform`, shared by the tests that leave it running."""
    if id(platform) not in running:
        running[id(platform)] = LiveServer(platform, request.config.rootpath)
        running[id(platform)].start()
    return running[id(platform)]


@pytest.fixture
def ticket(live):
    """Returns `ticket(token=None, of=live)`: a fresh ticket."""
    return lambda token=None, of=live: get_ticket(of.url, token)


@pytest.fixture
def connect(live, ticket):
    """Returns `connect(path, token=None, …)`: a socket with a fresh ticket, open or refused."""
    sockets = []

    def connect(path, token=None, *, of=live, query="", use=None, **options):
        secret = use if use is not None else ticket(token, of)
        made = Socket(of.url, f"{path}?ticket={secret}{query}", **options)
        sockets.append(made)
        return made

    yield connect
    for made in sockets:
        made.drop()


@pytest.fixture
def figures(live):
    """Returns `figures(name)`: the values of a metric in the worker that happens to answer."""

    def figures(name, of=live):
        with urllib.request.urlopen(f"{of.url}/metrics", timeout=10) as response:
            lines = response.read().decode().splitlines()
        return [float(line.split()[-1]) for line in lines if re.match(rf"{name}[{{ ]", line)]

    return figures


@pytest.fixture
def follow(connect):
    """Returns `follow(name, after=None, …)`: a socket in the room, and its "joined" notice."""

    def follow(name, after=None, **options):
        query = "" if after is None else f"&after={after}"
        made = connect(f"/ws/rooms/{name}", query=query, **options)
        assert made.status == 101, made.problem
        joined = made.receive()
        assert joined["type"] == "joined"
        return made, joined

    return follow
