"""The core's own documents, jobs, permissions and endpoints, on the hooks that plugins use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import wrencos_core
from wrencos_core.checks import core_checks
from wrencos_core.contracts.privacy import ErasedData, PersonalData
from wrencos_core.documents import Document
from wrencos_core.health import HealthCheck, Metric
from wrencos_core.hookspecs import hookimpl
from wrencos_core.identity import Permission
from wrencos_core.jobs import Job, Schedule
from wrencos_core.outbox import DELIVER, Delivery, StoredEvent
from wrencos_core.platform import Platform
from wrencos_core.plugins import PluginInfo
from wrencos_core.storage.images import MAKE_THUMBNAILS, SWEEP_IMAGES
from wrencos_core.storage.models import Image, ImageFile
from wrencos_core.storage.sweeping import forget_uploader, sweep_images, uploads_of

if TYPE_CHECKING:
    from wrencos_core.http.blueprint import Blueprint

PLUGIN = PluginInfo(
    name="core",
    title="Core",
    description="Events, jobs, audit log and search.",
    version=wrencos_core.__version__,
    core=">=0.1,<0.2",
)

READ_AUDIT = "core.audit_entries.read"
SEARCH = "core.everything.search"


@hookimpl
def register_models() -> Sequence[type[Document]]:
    from wrencos_core.audit import AuditEntry
    from wrencos_core.http.idempotency import IdempotencyKey

    return [StoredEvent, Delivery, AuditEntry, IdempotencyKey, Image, ImageFile]


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return [
        Permission(READ_AUDIT, "Read what staff and admins changed."),
        Permission(SEARCH, "Search across all plugins."),
    ]


@hookimpl
def register_jobs(platform: Platform) -> Sequence[Job]:
    return [
        Job(DELIVER, platform.outbox.deliver, "Hand one event to one subscriber.", queue="high"),
        Job(
            "core.sweep_outbox",
            lambda: _discard(platform.outbox.sweep()),
            "Queue deliveries whose job was lost.",
            queue="high",
        ),
        Job(
            MAKE_THUMBNAILS,
            platform.images.make_thumbnails,
            "Make the smaller versions of an uploaded image.",
        ),
        Job(
            SWEEP_IMAGES,
            lambda: sweep_images(platform),
            "Delete uploaded images that nothing uses.",
            queue="low",
        ),
    ]


def _discard(_: object) -> None:
    """A job's handler returns nothing."""


@hookimpl
def register_schedules() -> Sequence[Schedule]:
    return [
        Schedule("core.sweep_outbox", "core.sweep_outbox", every=timedelta(seconds=30)),
        Schedule(SWEEP_IMAGES, SWEEP_IMAGES, every=timedelta(minutes=10)),
    ]


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    from wrencos_core.http import audit_log, images, search, ws_tickets

    return [audit_log.blp, images.blp, search.blp, ws_tickets.blp]


@hookimpl
def register_health_checks(platform: Platform) -> Sequence[HealthCheck]:
    return [*core_checks(platform), HealthCheck("files", platform.storage.problem)]


@hookimpl
def collect_metrics() -> Sequence[Metric]:
    from wrencos_core.http.websockets import figures

    return figures()


@hookimpl
def export_personal_data(user_id: str) -> PersonalData:
    from wrencos_core.http.idempotency import stored_answers

    return PersonalData(
        sections={
            "remembered_answers": stored_answers(user_id),
            "uploaded_images": uploads_of(user_id),
        }
    )


@hookimpl
def erase_personal_data(user_id: str) -> ErasedData:
    from wrencos_core.http.idempotency import erase_answers

    erased = {
        "remembered_answers": erase_answers(user_id),
        "uploaded_images": forget_uploader(user_id),
    }
    return ErasedData(erased=erased, kept={})
