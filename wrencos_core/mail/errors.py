"""Why a message was not sent. None of these texts goes to the log: a server repeats addresses."""

from __future__ import annotations

from wrencos_core.errors import DomainError


class DeliveryError(Exception):
    """What the SMTP server said: `code` (0 when it gave none) and `reason`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"SMTP {code}" if code else "no SMTP connection")
        self.code = code
        self.reason = f"{code} {reason}" if code else reason


class Unreachable(DeliveryError):
    """No message can be sent just now."""


class Refused(DeliveryError):
    """The server did not take this message; `permanent` when trying again makes no sense."""

    def __init__(self, code: int, reason: str, *, permanent: bool) -> None:
        super().__init__(code, reason)
        self.permanent = permanent


class Broken(DeliveryError):
    """A message that can't be composed or handed over, for a reason that nobody thought of."""

    def __init__(self, error: Exception) -> None:
        super().__init__(0, f"{type(error).__name__}: {error}"[:500])

    def __str__(self) -> str:
        return "the message is broken"


class TryAgainLater(Exception):
    """Raised by the job after the row was put back, so that the job is run again."""


class MailNotSent(DomainError):
    """A test message that the SMTP server did not take; the detail has its answer."""

    status, slug, title = 502, "mail-not-sent", "The mail could not be sent"
