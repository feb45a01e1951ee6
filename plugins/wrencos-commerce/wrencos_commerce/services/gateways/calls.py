"""Calls of a gateway's HTTP API: bounded in time and size, and no redirect is followed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from wrencos_core.contracts.payments import GatewayUnavailable

if TYPE_CHECKING:
    import requests

T = TypeVar("T")

_CONNECT_SECONDS = 5.0
_MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Answer:
    """A status below 500, and the body as it came."""

    status: int
    body: bytes

    def read(self, type: type[T]) -> T:
        """The JSON body as `type`; raises GatewayUnavailable when it is none."""
        try:
            return msgspec.json.decode(self.body, type=type)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise GatewayUnavailable(f"the answer can't be read (HTTP {self.status})") from error


class Caller:
    """Sends requests; safe to use from many threads."""

    def __init__(self, timeout_seconds: float) -> None:
        self._seconds = timeout_seconds

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer; raises GatewayUnavailable for none, for 3xx, 429 and 5xx.

        Errors name the host only: an address or a body may hold what is nobody's business.
        """
        import requests
        from urllib3.exceptions import HTTPError

        try:
            host = urlsplit(url).hostname
        except ValueError as error:
            raise GatewayUnavailable("its address is none") from error
        try:
            status, content = self._send(method, url, body, dict(headers or {}))
        except (requests.RequestException, HTTPError) as error:
            raise GatewayUnavailable(f"{host}: {type(error).__name__}") from error
        if status >= 500 or status == 429 or 300 <= status < 400:
            raise GatewayUnavailable(f"{host} answered {status}")
        return Answer(status, content)

    def _send(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        deadline = time.monotonic() + self._seconds
        timeouts = (min(_CONNECT_SECONDS, self._seconds), self._seconds)
        with (
            open_session() as session,
            session.request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=timeouts,
                stream=True,
            ) as response,
        ):
            content = b""
            # As it comes: a time-out is one for each piece, and a slow server could go on for ever.
            while chunk := response.raw.read1(65_536, decode_content=True):
                content += chunk
                if len(content) > _MOST_BYTES or time.monotonic() > deadline:
                    raise GatewayUnavailable("the answer does not end")
            return response.status_code, content


@contextmanager
def open_session() -> Iterator[requests.Session]:
    """A session of requests that follows no redirect and looks for no login in a .netrc file."""
    import requests

    with requests.Session() as session:
        session.max_redirects = 0
        session.auth = _as_it_is
        yield session


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def as_json(value: Any) -> bytes:
    """`value` as the body of a request."""
    return msgspec.json.encode(value)
