"""A real HTTP server in threads of this process, on 127.0.0.1: what the fake gateways stand on."""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Literal, NamedTuple, Self
from urllib.parse import urlsplit

# `drop`: nothing is done, and the connection ends. `lose`: it is done, and the answer is lost.
# `error`: nothing is done, and 500 is answered. `hang`: nothing is done, and no answer comes.
Failure = Literal["drop", "lose", "error", "hang"]


class Request(NamedTuple):
    """What a client sent; the names of headers are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    """What it is answered, as JSON."""

    status: int
    body: Any
    headers: Mapping[str, str] = {}


class FakeServer:
    """`with FakeServer() as fake:` listens at `fake.url` until the block ends.

    Subclasses answer in `answer`, one request after the other. `requests` holds what was asked,
    oldest first, and `books()` what was done. For other processes `GET /_books` answers the latter,
    and `POST /_do` with `{"method": "pay", "arguments": [...]}` calls a method of `remote`.
    """

    remote: ClassVar[frozenset[str]] = frozenset({"fail"})

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self.lock = threading.RLock()
        self._failures: list[tuple[Failure, str]] = []
        self._ended = threading.Event()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.fake = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def fail(self, failure: Failure, times: int = 1, path: str = "/") -> None:
        """Do so with the next requests whose path begins with `path`; then work again."""
        with self.lock:
            self._failures.extend([(failure, path)] * times)

    def answer(self, request: Request) -> Answer:
        """Do what is asked; called by one thread at a time."""
        raise NotImplementedError

    def books(self) -> Mapping[str, Any]:
        """What was paid and paid back, as JSON can hold it."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def handle(self, request: Request) -> Answer | None:
        """The answer, or None to end the connection without one."""
        with self.lock:
            if request.path == "/_books":
                return Answer(200, self.books())
            if request.path == "/_do":
                return self._do_as_told(json.loads(request.body))
            self.requests.append(request)
            failure = self._failure(request.path)
            if failure in (None, "lose"):
                answer = self.answer(request)
                answer = answer._replace(body=json.loads(_encoded(answer.body)))
                return None if failure == "lose" else answer
        if failure == "hang":
            self._ended.wait()
        return Answer(500, {"message": "out of order"}) if failure == "error" else None

    def _do_as_told(self, told: Mapping[str, Any]) -> Answer:
        if told["method"] not in self.remote:
            return Answer(404, {"message": f"one of {sorted(self.remote)}"})
        return Answer(200, getattr(self, told["method"])(*told.get("arguments", [])))

    def _failure(self, path: str) -> Failure | None:
        for planned in self._failures:
            if path.startswith(planned[1]):
                self._failures.remove(planned)
                return planned[0]
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    fake: FakeServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.fake.handle(
            Request(self.command, parts.path, parts.query, headers, body)
        )
        if answer is None:
            self.close_connection = True
            return
        content = _encoded(answer.body)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815
    do_DELETE = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: tests look at `requests`."""


def _encoded(body: Any) -> bytes:
    return json.dumps(body, default=bytes.decode).encode()


def run(kind: type[FakeServer], arguments: argparse.Namespace, **options: Any) -> None:
    """Serve until the process is ended; the first line of the output is the address."""
    with kind(port=arguments.port, **options) as fake:
        print(fake.url, flush=True)
        while True:
            time.sleep(3600)


def parser(description: str) -> argparse.ArgumentParser:
    """What each fake takes on its command line."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--port", type=int, default=0, help="0: any that is free.")
    return made
