"""Sends stored mail: claims a row, hands it to the server, and records what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from pymongo import ReturnDocument
from rq.timeouts import BaseTimeoutException

from wrencos_core.clock import now
from wrencos_core.documents import bump
from wrencos_core.ids import new_id
from wrencos_core.mail.addresses import normal_address
from wrencos_core.mail.errors import (
    Broken,
    DeliveryError,
    MailNotSent,
    Refused,
    TryAgainLater,
)
from wrencos_core.mail.mailer import SWEEP_AFTER
from wrencos_core.mail.models import MailMessage
from wrencos_core.mail.settings import MailSettings

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

log = structlog.get_logger(__name__)

Row = dict[str, Any]

# A worker that has not finished by then is dead: its job is killed after JOB_TIMEOUT.
TAKE_OVER_AFTER = timedelta(minutes=5)
JOB_TIMEOUT = timedelta(minutes=3)
# No new message of a batch is begun after this, so that the job ends well before its time-out.
_BATCH_TIME = timedelta(seconds=45)
_LONGEST_PAUSE = timedelta(minutes=30)
_SWEEP_BATCH = 1000
_CONTENT = {"text": "", "html": "", "headers": ""}


class Delivery:
    """Sends rows of `mail_messages`; safe to run at once in many workers."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    @property
    def _settings(self) -> MailSettings:
        return self._platform.settings_for(MailSettings)

    def send(self, mail_id: str) -> None:
        """Send this message, then others that wait, over one connection.

        Does nothing when it was sent, has failed, or another worker has it. Raises TryAgainLater
        when it is put back for another attempt; what is final is recorded and not raised.
        """
        row = claim(mail_id)
        if row is None:
            return
        own: DeliveryError | None = None
        until = now() + _BATCH_TIME
        try:
            with self.connection() as deliver:
                own = self._finish_or_put_back(row, deliver)
                for _ in range(1, self._settings.batch_size):
                    waiting = claim_waiting() if now() < until else None
                    if waiting is None:
                        break
                    row = waiting
                    self._finish_or_put_back(row, deliver)
        except DeliveryError as error:
            put_back = self._put_back(row, error)
            # Another message's trouble is not this job's: the sweep looks after that one.
            if put_back and row["_id"] == mail_id:
                own = error
        if own is not None:
            raise TryAgainLater(f"{mail_id}: {own}")

    def _finish_or_put_back(
        self, row: Row, deliver: Callable[[Mapping[str, Any]], None]
    ) -> Broken | None:
        """As `finish`, but a broken message is put back here: its trouble is not the server's.

        Returns what is wrong with a message that was put back.
        """
        try:
            self.finish(row, deliver)
        except Broken as error:
            return error if self._put_back(row, error) else None
        return None

    def finish(self, row: Row, deliver: Callable[[Mapping[str, Any]], None]) -> None:
        """Deliver a claimed row and mark it; raises DeliveryError when it can be tried again."""
        try:
            deliver(row)
        except Refused as error:
            if not error.permanent:
                raise
            if _close(row, {"state": "failed", "last_error": error.reason}):
                log.warning("mail.refused", mail=row["_id"], code=error.code)
            return
        except (DeliveryError, BaseTimeoutException):
            raise
        except Exception as error:  # noqa: BLE001 - one bad row must not stop the others
            # Its text may repeat the message, so it goes to the row and not to the log.
            log.error("mail.broken", mail=row["_id"], error=type(error).__name__)
            raise Broken(error) from None
        if _close(row, {"state": "sent", "sent_at": now()}):
            log.info("mail.sent", mail=row["_id"], attempts=row["attempts"])

    def _put_back(self, row: Row, error: DeliveryError) -> bool:
        """Queue a claimed row again, unless it is too old; returns whether it is queued."""
        waited = now() - row["created_at"]
        if waited >= timedelta(hours=self._settings.give_up_hours):
            if _close(row, {"state": "failed", "last_error": error.reason}):
                log.error("mail.given_up", mail=row["_id"], code=error.code)
            return False
        pause = min(timedelta(minutes=1) * 2 ** min(row["attempts"], 10), _LONGEST_PAUSE)
        fields = {"state": "queued", "last_error": error.reason, "due_at": now() + pause}
        MailMessage.raw().update_one(_mine(row), bump({"$set": fields}))
        log.warning("mail.not_sent_yet", mail=row["_id"], code=error.code)
        return True

    def connection(self) -> AbstractContextManager[Callable[[Mapping[str, Any]], None]]:
        """A context that gives the function which delivers one row: over SMTP, or to a file."""
        settings = self._settings
        name = settings.from_name or self._platform.settings.shop_name
        # Imported late: these bring Flask, which a service that only queues mail does not need.
        if settings.smtp_host:
            from wrencos_core.mail.smtp import smtp_connection

            return smtp_connection(settings, name)
        from wrencos_core.mail.outbox_files import file_outbox, outbox_folder

        folder = outbox_folder(self._platform.settings.data_dir)
        return file_outbox(folder, (name, settings.sender))

    def sweep(self) -> int:
        """Queue jobs for rows that lost theirs or whose worker died; returns how many were due.

        A queued row that was looked at goes to the end of the line, so that each has its turn.
        """
        self._give_up_deadly()
        moment = now()
        due = MailMessage.raw().find(
            {"state": {"$in": ["queued", "sending"]}, "due_at": {"$lte": moment}}, {"_id": 1}
        )
        ids = [row["_id"] for row in due.sort("due_at", 1).limit(_SWEEP_BATCH)]
        for mail_id in ids:
            self._platform.mailer.enqueue(mail_id)
        MailMessage.raw().update_many(
            {"_id": {"$in": ids}, "state": "queued", "due_at": {"$lte": moment}},
            {"$set": {"due_at": moment + SWEEP_AFTER}},
        )
        return len(ids)

    def _give_up_deadly(self) -> None:
        """End rows that are too old and whose worker has died more than once."""
        old = now() - timedelta(hours=self._settings.give_up_hours)
        query = {
            "state": "sending",
            "due_at": {"$lte": now()},
            "created_at": {"$lte": old},
            "attempts": {"$gt": 1},
        }
        for row in MailMessage.raw().find(query, {"attempts": 1}).limit(_SWEEP_BATCH):
            if _close(row, {"state": "failed", "last_error": "the worker that sent it died"}):
                log.error("mail.given_up", mail=row["_id"], code=0)

    def send_test(self, to: str, locale: str | None = None) -> str:
        """Send `mail/test_message` to `to` at once, without the queue; returns where it went.

        Raises NotAnAddress, and MailNotSent with the server's answer.
        """
        to = normal_address(to)
        content = self._platform.mailer.templates.render("mail/test_message", locale, {})
        mail_id = new_id(MailMessage.id_prefix)
        row = {
            "_id": mail_id,
            "to": to,
            "subject": content.subject,
            "text": content.text,
            "html": content.html,
            "created_at": now(),
            "message_id": self._platform.mailer.message_id(mail_id),
        }
        try:
            with self.connection() as deliver:
                deliver(row)
        except DeliveryError as error:
            raise MailNotSent(error.reason) from None
        if self._settings.smtp_host:
            return f"{self._settings.smtp_host}:{self._settings.smtp_port}"
        from wrencos_core.mail.outbox_files import outbox_folder

        return str(outbox_folder(self._platform.settings.data_dir) / f"{mail_id}.eml")


def claim(mail_id: str) -> Row | None:
    """Take this row to send: a queued one, or one whose worker died. None when it is neither.

    The row is the caller's for TAKE_OVER_AFTER; its `attempts` is the number of the claim.
    """
    free = [{"state": "queued"}, {"state": "sending", "due_at": {"$lte": now()}}]
    return _take({"_id": mail_id, "$or": free})


def claim_waiting() -> Row | None:
    """Take the oldest row that nobody has tried yet; one that failed waits for its own job."""
    return _take({"state": "queued", "attempts": 0}, sort=[("created_at", 1)])


def _take(query: Row, **options: Any) -> Row | None:
    changes = {
        "$set": {"state": "sending", "due_at": now() + TAKE_OVER_AFTER},
        "$inc": {"attempts": 1},
    }
    row: Row | None = MailMessage.raw().find_one_and_update(
        query, bump(changes), return_document=ReturnDocument.AFTER, **options
    )
    return row


def _mine(row: Row) -> Row:
    return {"_id": row["_id"], "state": "sending", "attempts": row["attempts"]}


def _close(row: Row, fields: Row) -> bool:
    """End a claimed row; its content goes, for it may hold links with tokens.

    Returns False when the row is not the caller's any more: taken over, or erased.
    """
    closed = MailMessage.raw().update_one(_mine(row), bump({"$set": fields, "$unset": _CONTENT}))
    if not closed.matched_count:
        log.warning("mail.not_ours", mail=row["_id"])
    return bool(closed.matched_count)
