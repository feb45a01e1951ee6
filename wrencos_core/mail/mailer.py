"""`platform.mailer`: what services call to have a mail sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import structlog

from wrencos_core.clock import now
from wrencos_core.database import transaction
from wrencos_core.ids import new_id
from wrencos_core.mail.addresses import extra_headers, normal_address
from wrencos_core.mail.models import MailMessage
from wrencos_core.mail.settings import MailSettings
from wrencos_core.mail.templates import MailTemplates

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

log = structlog.get_logger(__name__)

SEND = "mail.send_message"
# A queued row as old as this may have lost its job, to a process that died before queueing it.
SWEEP_AFTER = timedelta(seconds=60)


class Mailer:
    """Queues mail: rendered at once, stored with the change that causes it, sent by a job."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    # Built on first use: the platform makes its mailer before all plugins are settled.
    @cached_property
    def templates(self) -> MailTemplates:
        return MailTemplates(self._platform)

    def queue(
        self,
        *,
        template: str,
        to: str,
        key: str,
        locale: str | None = None,
        context: Mapping[str, Any] | None = None,
        user_id: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send `template` to the address `to`, in the running transaction or one of its own.

        `key` names the occasion (`user_…:verify:…`): a second mail with it is ignored. An unknown
        `locale` becomes the shop's. `user_id` ties the row to a user for export and erasure; leave
        it out of a mail that confirms an erasure. Nothing is sent when the transaction aborts.

        Raises Invalid for an address, subject or header that can't be sent, and jinja2's
        TemplateError when the template is missing or asks for a value that `context` lacks.
        """
        to, extra = normal_address(to), extra_headers(headers)

        def store() -> None:
            # Looked up first: in a transaction a duplicate key would abort the caller's work.
            if MailMessage.raw().find_one({"key": key}, {"_id": 1}):
                return
            content = self.templates.render(template, locale, context or {})
            mail_id = new_id(MailMessage.id_prefix)
            MailMessage(
                id=mail_id,
                key=key,
                user_id=user_id,
                to=to,
                locale=content.locale,
                template=template,
                subject=content.subject,
                text=content.text,
                html=content.html,
                headers=extra,
                message_id=self.message_id(mail_id),
                due_at=now() + SWEEP_AFTER,
            ).save()
            self.enqueue(mail_id)

        transaction(store)

    def enqueue(self, mail_id: str) -> None:
        """Have a worker send the stored message; once only while its job waits or runs."""
        self._platform.jobs.enqueue(SEND, key=mail_id, mail_id=mail_id)

    def message_id(self, mail_id: str) -> str:
        """Made from the row's id, so that two copies after a crash are recognised as one."""
        domain = self._platform.settings_for(MailSettings).sender.rpartition("@")[2]
        return f"<{mail_id}@{domain}>"
