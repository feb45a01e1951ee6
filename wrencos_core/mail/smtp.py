"""Delivery over SMTP with Flask-Mail: one connection, one message at a time, with a time-out."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask_mail import BadHeaderError, Connection

from wrencos_core.mail.errors import Refused, Unreachable
from wrencos_core.mail.message import StoredMessage, flask_mail
from wrencos_core.mail.settings import MailSettings

# RFC 4954: the server wants (other) credentials. That is about our settings, not this message.
_WANTS_LOGIN = {530, 534, 535, 538}
_LARGEST_REASON = 500

Send = Callable[[Mapping[str, Any]], None]


class _TimedConnection(Connection):
    """Flask-Mail's connection with a time-out, a verified certificate and a harmless goodbye."""

    def __init__(self, mail: Any, settings: MailSettings) -> None:
        super().__init__(mail)
        self._settings = settings

    def configure_host(self) -> smtplib.SMTP:
        settings = self._settings
        # smtplib's own contexts verify nothing.
        context = ssl.create_default_context()
        where = (settings.smtp_host, settings.smtp_port)
        host: smtplib.SMTP
        if settings.smtp_security == "tls":
            host = smtplib.SMTP_SSL(*where, timeout=settings.timeout_seconds, context=context)
        else:
            host = smtplib.SMTP(*where, timeout=settings.timeout_seconds)
        try:
            if settings.smtp_security == "starttls":
                host.starttls(context=context)
            if settings.smtp_username and settings.smtp_password:
                host.login(settings.smtp_username, settings.smtp_password.get_secret_value())
        except BaseException:
            host.close()
            raise
        return host

    def __exit__(self, *_: object) -> None:
        # What was accepted is accepted, even by a server that hangs up without a goodbye.
        if self.host is not None:
            try:
                self.host.quit()
            except (smtplib.SMTPException, OSError):
                self.host.close()


@contextmanager
def smtp_connection(settings: MailSettings, sender_name: str) -> Iterator[Send]:
    """A function that sends one stored row over one open connection.

    Raises Unreachable when no connection can be made or the server wants other credentials. The
    function raises Refused when the server does not want this message, now or ever.
    """
    with flask_mail(settings.smtp_host, settings.smtp_port) as state:
        connection = _TimedConnection(state, settings)
        try:
            connection.__enter__()
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(*_answer(error)) from None
        try:
            yield lambda row: _send(connection, row, (sender_name, settings.sender))
        finally:
            connection.__exit__()


def _send(connection: _TimedConnection, row: Mapping[str, Any], sender: tuple[str, str]) -> None:
    try:
        connection.send(StoredMessage(row, sender), envelope_from=sender[1])
    except (BadHeaderError, ValueError):
        raise Refused(0, "it can't be written as a mail message", permanent=True) from None
    except (smtplib.SMTPException, OSError) as error:
        code, reason = _answer(error)
        permanent = 500 <= code <= 599 and code not in _WANTS_LOGIN
        raise Refused(code, reason, permanent=permanent) from None


def _answer(error: Exception) -> tuple[int, str]:
    """The server's code (0: it gave none) and its words, without the addresses around them."""
    words: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, words = error.smtp_code, error.smtp_error
    else:
        code, words = 0, f"{type(error).__name__}: {error}"
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return code, text[:_LARGEST_REASON]
