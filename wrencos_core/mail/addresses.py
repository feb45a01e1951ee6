"""What may stand in the head of a message: addresses, subjects and extra header lines."""

from __future__ import annotations

import re
from collections.abc import Mapping

from email_validator import EmailNotValidError, validate_email

from wrencos_core.errors import Invalid
from wrencos_core.text import is_one_line

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
# RFC 5322 2.1.1: no line above 998 characters, the name and its colon included.
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{1,900}")
_SUBJECT_LENGTH = 250
# Those that the mailer sets itself, or that would change who gets the message.
_OWN_HEADERS = {
    "auto-submitted",
    "bcc",
    "cc",
    "date",
    "from",
    "message-id",
    "mime-version",
    "return-path",
    "sender",
    "subject",
    "to",
}


class NotAnAddress(Invalid):
    """A text that no mail can be sent to; it is not repeated in the message."""

    title = "The mail address is not valid"


def normal_address(text: str) -> str:
    """`text` as the one address to send to, its domain in ASCII; raises NotAnAddress.

    A domain without a dot and the reserved `.test` are fine; an address that needs SMTPUTF8 is
    not, because few servers take it.
    """
    try:
        found = validate_email(
            text,
            check_deliverability=False,
            allow_smtputf8=False,
            globally_deliverable=False,
            test_environment=True,
        )
    except EmailNotValidError as error:
        raise NotAnAddress(errors={"to": ["Not a valid mail address."]}) from error
    if found.ascii_email is None:  # pragma: no cover - given whenever SMTPUTF8 is not allowed
        raise NotAnAddress(errors={"to": ["Not a valid mail address."]})
    return found.ascii_email


def one_line_subject(text: str) -> str:
    """`text` as a subject; raises Invalid when it is empty, too long or could add header lines."""
    subject = text.strip()
    if not subject or len(subject) > _SUBJECT_LENGTH or not is_one_line(subject):
        raise Invalid("A mail's subject must be one line of at most 250 characters.")
    return subject


def extra_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    """`headers` when they are safe to add; raises Invalid for one that is not."""
    for name, value in (headers or {}).items():
        own = name.lower() in _OWN_HEADERS or name.lower().startswith("content-")
        if own or not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise Invalid(f"The mail header {name!r} can't be set so.")
    return dict(headers or {})
