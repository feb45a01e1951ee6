"""A real SMTP server on the loopback for tests: keeps what it is sent, refuses on request."""

from __future__ import annotations

import ssl
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Literal, NamedTuple, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

Moment = Literal["MAIL", "RCPT", "DATA"]


class Received(NamedTuple):
    """One accepted message: its envelope, its content, and how it came."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    raw: bytes
    over_tls: bool
    username: str | None


class _Refusal(NamedTuple):
    at: Moment
    to: str | None
    answer: str


class _AnyPort(Controller):
    """aiosmtpd's controller on a port that the system chooses, so that tests run side by side."""

    def _create_server(self) -> Any:
        async def listen() -> Any:
            server = await self.loop.create_server(
                self._factory_invoker, host=self.hostname, port=0, ssl=self.ssl_context
            )
            self.port = server.sockets[0].getsockname()[1]
            return server

        return listen()


class LocalSMTP:
    """`with LocalSMTP() as smtp:` listens on `smtp.host`, `smtp.port` until the block ends.

    `messages` holds what was accepted, oldest first; `connections` counts the clients that said
    EHLO. With `login` a client must authenticate so; `tls` is the server's context for STARTTLS,
    which is then required, or for TLS from the first byte when `implicit_tls`.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        login: tuple[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        *,
        implicit_tls: bool = False,
    ) -> None:
        self.messages: list[Received] = []
        self.connections = 0
        self._login = login
        self._refusals: list[_Refusal] = []
        self._lock = threading.Lock()
        starttls = tls is not None and not implicit_tls
        self._controller = _AnyPort(
            self,
            hostname=self.host,
            port=0,
            ssl_context=tls if implicit_tls else None,
            server_hostname="localhost",
            tls_context=tls if starttls else None,
            require_starttls=starttls,
            auth_require_tls=starttls,
            authenticator=self._authenticate,
        )

    @property
    def port(self) -> int:
        return int(self._controller.port)

    def refuse(
        self,
        code: int,
        text: str = "not now",
        *,
        at: Moment = "RCPT",
        times: int = 1,
        to: str | None = None,
    ) -> None:
        """Answer the next `times` commands `at` (for the recipient `to`) so; then accept again."""
        with self._lock:
            self._refusals.extend([_Refusal(at, to, f"{code} {text}")] * times)

    def reset(self) -> None:
        """Forget what was received, counted, and asked to be refused."""
        with self._lock:
            self.messages.clear()
            self._refusals.clear()
            self.connections = 0

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def _refusal(self, at: Moment, recipients: list[str]) -> str | None:
        with self._lock:
            for refusal in self._refusals:
                if refusal.at == at and (refusal.to is None or refusal.to in recipients):
                    self._refusals.remove(refusal)
                    return refusal.answer
        return None

    def _authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        expected = self._login
        given = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode())
        # handled=False lets aiosmtpd answer 535 itself.
        return AuthResult(success=given == expected, handled=False, auth_data=data)

    async def handle_EHLO(  # noqa: N802
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        # A client says EHLO again after STARTTLS, on the same connection.
        if session.ssl is None or self._controller.ssl_context is not None:
            self.connections += 1
        return responses

    async def handle_MAIL(  # noqa: N802
        self, _server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        # Not left to aiosmtpd, which warns of logins without TLS at every connection.
        if self._login is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        refusal = self._refusal("MAIL", [])
        if refusal is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return refusal or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        refusal = self._refusal("RCPT", [address])
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        refusal = self._refusal("DATA", envelope.rcpt_tos)
        if refusal is not None:
            return refusal
        login = session.auth_data
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(
            Received(
                sender=envelope.mail_from,
                recipients=list(envelope.rcpt_tos),
                message=message,
                raw=envelope.content,
                over_tls=session.ssl is not None or self._controller.ssl_context is not None,
                username=login.login.decode() if login else None,
            )
        )
        return "250 OK"
