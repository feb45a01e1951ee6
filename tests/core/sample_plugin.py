"""A small plugin that the core's tests run in their own process and in others."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import msgspec
from mongoengine import IntField, StringField

from wrencos_core.api import (
    Document,
    Event,
    Job,
    Permission,
    Platform,
    PluginInfo,
    ServiceRegistry,
    Subscriber,
    after_commit,
    hookimpl,
    now,
    transaction,
)
from wrencos_core.platform import current_platform
from wrencos_core.web import PUBLIC, Blueprint, PageQuery, Paging

PLUGIN = PluginInfo(
    name="sample", title="Sample", description="Made for tests.", version="1.0", core=">=0.1"
)


class Thing(Document):
    meta = {
        "collection": "sample_things",
        "indexes": [{"fields": ["label"], "name": "label", "unique": True}],
    }
    id_prefix = "thing"

    label = StringField(required=True)
    count = IntField(required=True, default=0)


class Happened(Event):
    """Something happened to a label."""

    name: ClassVar[str] = "sample.thing_happened"
    label: str


class ThingView(msgspec.Struct, rename="camel", kw_only=True):
    id: str
    label: str


class ThingPage(msgspec.Struct, rename="camel", kw_only=True):
    items: list[ThingView]
    total: int


def count_up(label: str) -> int:
    """Count `label` up by one, from nothing, and return the new count."""
    row = Thing.raw().find_one_and_update(
        {"label": label},
        {
            "$inc": {"count": 1},
            "$setOnInsert": {"_id": f"thing_{label}", "created_at": now(), "version": 0},
            "$set": {"updated_at": now()},
        },
        upsert=True,
        return_document=True,
    )
    return int(row["count"])


def count_job(label: str) -> None:
    count_up(label)


def publish(label: str) -> None:
    """Store a thing and the event that tells of it."""

    def change() -> None:
        Thing(label=label).save()
        current_platform().outbox.publish(
            Happened(id=f"{label}:happened", occurred_at=now(), label=label)
        )

    transaction(change)


def publish_and_die(label: str) -> None:
    """Publish, and die by SIGKILL after the commit and before the delivery is queued."""

    def change() -> None:
        after_commit(lambda: os.kill(os.getpid(), 9))
        current_platform().outbox.publish(
            Happened(id=f"{label}:happened", occurred_at=now(), label=label)
        )

    transaction(change)


def hold(label: str) -> None:
    """Count the attempt, wait while the file `hold` exists, then leave one effect."""
    count_up(f"{label}-attempts")
    while hold_file(current_platform()).exists():
        time.sleep(0.02)
    Thing.raw().update_one(
        {"label": label},
        {"$setOnInsert": {"_id": f"thing_{label}", "count": 1, "version": 0}},
        upsert=True,
    )


def hold_file(platform: Platform) -> Path:
    return platform.settings.data_dir / "hold"


def fail(label: str) -> None:
    """Count the attempt and raise, unless the count has reached the number in the label."""
    attempts = count_up(label)
    if attempts < int(label.rsplit("-", 1)[1]):
        raise RuntimeError(f"attempt {attempts}")


@hookimpl
def register_models() -> Sequence[type[Document]]:
    return [Thing]


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return [Permission("sample.things.write", "Change things.")]


@hookimpl
def register_services(platform: Platform, services: ServiceRegistry) -> None:
    services.provide(Path, hold_file(platform))


@hookimpl
def register_jobs() -> Sequence[Job]:
    return [
        Job("sample.count_up", count_job, "Count."),
        Job("sample.hold", hold, "Wait for a file to go."),
        Job("sample.fail", fail, "Fail some times."),
    ]


@hookimpl
def register_subscribers() -> Sequence[Subscriber]:
    return [
        Subscriber(Happened, "sample.note_label", lambda event: _note(f"noted-{event.label}")),
        Subscriber(Happened, "sample.note_twice", lambda event: _note(f"again-{event.label}")),
    ]


def _note(label: str) -> None:
    Thing(label=label).save()
    if label.startswith("noted-bad"):
        fail(f"{label}-100")


blp = Blueprint("sample", __name__, url_prefix="/sample", description="Things.")


@blp.get("/things", access=PUBLIC)
@blp.arguments(PageQuery, location="query")
@blp.response(200, ThingPage)
def list_things(query: dict[str, int]) -> ThingPage:
    """List things."""
    paging = Paging.of(query)
    rows = Thing.raw().find().sort("_id", 1).skip(paging.skip).limit(paging.limit)
    items = [ThingView(id=row["_id"], label=row["label"]) for row in rows]
    return ThingPage(items=items, total=Thing.raw().estimated_document_count())


@blp.post("/things/<label>", access=PUBLIC)
@blp.response(200, ThingView)
def add_thing(label: str) -> ThingView:
    """Add a thing and tell of it."""
    publish(label)
    return ThingView(id=label, label=label)


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    return [blp]
