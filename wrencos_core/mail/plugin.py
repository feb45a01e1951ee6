"""The built-in mail: what it adds to the platform, on the same hooks as any plugin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import wrencos_core
from wrencos_core.contracts.privacy import ErasedData, PersonalData
from wrencos_core.documents import Document
from wrencos_core.health import Metric
from wrencos_core.hookspecs import hookimpl
from wrencos_core.jobs import Job, Schedule
from wrencos_core.mail.delivery import JOB_TIMEOUT, Delivery
from wrencos_core.mail.mailer import SEND
from wrencos_core.mail.models import MailMessage
from wrencos_core.mail.privacy import erase_mail, stored_mail
from wrencos_core.mail.settings import MailSettings
from wrencos_core.plugins import PluginInfo
from wrencos_core.services import ServiceRegistry
from wrencos_core.settings import Settings

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

PLUGIN = PluginInfo(
    name="mail",
    title="Mail",
    description="Sends mail from templates, over SMTP or into files.",
    version=wrencos_core.__version__,
    core=">=0.1,<0.2",
)
_SWEEP = "mail.sweep_messages"


@hookimpl
def register_settings() -> Sequence[type[Settings]]:
    return [MailSettings]


@hookimpl
def register_models() -> Sequence[type[Document]]:
    return [MailMessage]


@hookimpl
def register_services(platform: Platform, services: ServiceRegistry) -> None:
    services.provide(Delivery, Delivery(platform))


@hookimpl
def register_jobs(platform: Platform) -> Sequence[Job]:
    delivery = platform.services.require(Delivery)

    def sweep() -> None:
        delivery.sweep()

    return [
        Job(SEND, delivery.send, "Send a queued mail.", timeout=JOB_TIMEOUT),
        Job(_SWEEP, sweep, "Queue mail whose job was lost."),
    ]


@hookimpl
def register_schedules() -> Sequence[Schedule]:
    return [Schedule(_SWEEP, job=_SWEEP, every=timedelta(minutes=1))]


@hookimpl
def collect_metrics() -> Sequence[Metric]:
    return [
        Metric(
            "wrencos_mail_messages",
            "Mail that waits, is being sent, or has failed.",
            MailMessage.raw().count_documents({"state": state}),
            {"state": state},
        )
        for state in ("queued", "sending", "failed")
    ]


@hookimpl
def export_personal_data(user_id: str) -> PersonalData:
    return PersonalData(sections={"messages": stored_mail(user_id)})


@hookimpl
def erase_personal_data(user_id: str) -> ErasedData:
    return ErasedData(erased={"messages": erase_mail(user_id)}, kept={})
