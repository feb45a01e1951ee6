"""A stored row as a Flask-Mail message that is safe to hand to any server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.charset import QP, Charset
from email.mime.base import MIMEBase
from email.mime.text import MIMEText
from email.policy import SMTP
from typing import Any

from flask import Flask
from flask_mail import Mail, Message

# Flask-Mail writes UTF-8 as raw 8-bit lines; quoted-printable passes servers without 8BITMIME and
# keeps lines below the 998 characters of RFC 5322.
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP
# Long header lines are left as they are: Python would refold a URL into encoded words.
_POLICY = SMTP.clone(refold_source="none")


class StoredMessage(Message):
    """Plain text and HTML from a row, with the row's own Message-ID and date."""

    def __init__(self, row: Mapping[str, Any], sender: tuple[str, str]) -> None:
        super().__init__(
            subject=row["subject"],
            recipients=[row["to"]],
            body=row["text"],
            html=row["html"],
            sender=sender[1],
            date=row["created_at"].timestamp(),
            # RFC 3834: an auto-responder does not answer such a message.
            extra_headers={**row.get("headers", {}), "Auto-Submitted": "auto-generated"},
        )
        # As a pair: Flask-Mail joins name and address of its argument without quoting the name.
        name, address = sender
        self.sender = (" ".join(name.split()), address)
        self.msgId = row["message_id"]

    def _mimetext(self, text: str | None, subtype: str = "plain") -> MIMEText:
        # The stub wants a str, the library takes a Charset, and only that one sets the encoding.
        return MIMEText(text or "", subtype, _UTF8)  # type: ignore[arg-type]

    def _message(self) -> MIMEBase:
        message: MIMEBase = super()._message()
        message.policy = _POLICY
        return message


@contextmanager
def flask_mail(server: str = "", port: int = 25) -> Iterator[Any]:
    """Flask-Mail's state for `server`, and the app context that it asks for while composing.

    The app is a bare one: a worker or the CLI has no other.
    """
    app = Flask(__name__)
    app.config |= {"MAIL_SERVER": server, "MAIL_PORT": port}
    with app.app_context():
        yield Mail().init_app(app)
