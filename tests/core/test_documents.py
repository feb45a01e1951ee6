from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mongoengine import StringField
from mongoengine.errors import NotUniqueError, ValidationError
from pymongo.errors import OperationFailure

from wrencos_core.database import database, transaction
from wrencos_core.documents import Document, UTCDateTimeField, build_indexes, bump
from wrencos_core.errors import NotFound, StaleVersion
from wrencos_core.ids import is_id
from wrencos_core.testing.modules import load_module
from wrencos_core.testing.threads import run_in_threads

sample = load_module(Path(__file__).with_name("sample_plugin.py"))
Thing = sample.Thing


class Visit(Document):
    meta = {"collection": "sample_visits", "indexes": [{"fields": ["at"], "name": "at"}]}
    id_prefix = "visit"

    at = UTCDateTimeField(required=True)
    note = StringField()


@pytest.fixture(scope="session")
def wrencos_plugins():
    return {"sample": sample}


@pytest.fixture(autouse=True)
def in_use(platform, clock):
    """Every test here needs the database and a clock that stands."""


def test_a_new_document_gets_an_id_of_its_kind_and_its_times(clock):
    thing = Thing(label="a").save()
    stored = Thing.raw().find_one({"_id": thing.id})
    assert is_id(thing.id, "thing")
    assert stored["created_at"] == stored["updated_at"] == clock()
    assert stored["version"] == 0


def test_a_save_counts_the_version_and_keeps_the_time_of_creation(clock):
    thing = Thing(label="a").save()
    clock.advance(timedelta(hours=1))
    thing.label = "b"
    thing.save()
    stored = Thing.raw().find_one({"_id": thing.id})
    assert (stored["label"], stored["version"]) == ("b", 1)
    assert stored["updated_at"] - stored["created_at"] == timedelta(hours=1)


def test_a_copy_that_is_not_the_newest_is_refused_and_changes_nothing():
    Thing(label="a").save()
    first, second = Thing.objects.get(label="a"), Thing.objects.get(label="a")
    first.count = 1
    first.save()
    second.count = 2
    with pytest.raises(StaleVersion):
        second.save()
    assert Thing.objects.get(label="a").count == 1
    assert second.version == 0


def test_of_many_that_save_at_once_each_builds_on_the_one_before():
    Thing(label="a").save()

    def change(number: int) -> None:
        while True:
            thing = Thing.objects.get(label="a")
            thing.count += 1
            try:
                thing.save()
            except StaleVersion:
                continue
            return

    assert run_in_threads(8, change) == [None] * 8
    thing = Thing.objects.get(label="a")
    assert (thing.count, thing.version) == (8, 8)


def test_a_deleted_document_is_not_brought_back_by_a_save():
    thing = Thing(label="a").save()
    Thing.raw().delete_one({"_id": thing.id})
    thing.count = 5
    with pytest.raises(StaleVersion):
        thing.save()
    assert Thing.objects.count() == 0


def test_the_same_id_twice_is_refused():
    thing = Thing(label="a").save()
    with pytest.raises(NotUniqueError):
        Thing(id=thing.id, label="b").save()


@pytest.mark.parametrize("new", [True, False])
def test_a_transaction_saves_no_document_from_outside_as_it_might_run_again(new):
    """A retry would find it changed by the first run: inserted, or a version ahead."""
    thing = Thing(label="a") if new else Thing(label="a").save()
    with pytest.raises(RuntimeError, match="read or make it inside"):
        transaction(thing.save)
    assert Thing.raw().count_documents({"version": 1}) == 0
    transaction(lambda: Thing.get(thing.id).save() if not new else Thing(label="a").save())
    assert Thing.objects.get(label="a").version == (0 if new else 1)


def test_a_transaction_that_runs_again_saves_what_it_reads_and_makes():
    read, attempts = Thing(label="read").save(), []

    def work():
        thing = Thing.get(read.id)
        thing.count += 1
        thing.save()
        read.reload()
        read.count += 1
        read.save()
        Thing(label="made").save()
        attempts.append(1)
        if len(attempts) == 1:
            labels = {"errorLabels": ["TransientTransactionError"]}
            raise OperationFailure("conflict", 112, labels)

    transaction(work)
    assert len(attempts) == 2
    assert Thing.get(read.id).count == 2
    assert Thing.raw().count_documents({"label": "made"}) == 1


def test_a_document_made_in_a_transaction_may_be_saved_after_it():
    thing = transaction(lambda: Thing(label="a").save())
    thing.count = 3
    thing.save()
    assert Thing.get(thing.id).count == 3


def test_bump_counts_the_version_with_any_change(clock):
    thing = Thing(label="a", count=1).save()
    clock.advance(timedelta(seconds=1))
    changes = {"$inc": {"count": 2}, "$set": {"label": "b"}}
    Thing.raw().update_one({"_id": thing.id}, bump(changes))
    stored = Thing.raw().find_one({"_id": thing.id})
    assert (stored["count"], stored["label"], stored["version"]) == (3, "b", 1)
    assert stored["updated_at"] == clock()
    assert changes == {"$inc": {"count": 2}, "$set": {"label": "b"}}


def test_get_finds_or_says_that_there_is_none():
    thing = Thing(label="a").save()
    assert Thing.get(thing.id).label == "a"
    with pytest.raises(NotFound, match="There is no thing thing_x"):
        Thing.get("thing_x")


def test_moments_come_back_as_they_were_stored():
    build_indexes([Visit])
    visit = Visit(at=datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=UTC)).save()
    read = Visit.get(visit.id)
    assert read.at == datetime(2026, 3, 2, 10, 0, 0, 123000, tzinfo=UTC)
    assert read.at.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValidationError, match="time zone"):
        Visit(at=datetime(2026, 3, 2)).save()  # noqa: DTZ001


def test_building_indexes_makes_what_is_declared_and_may_be_done_again():
    database().drop_collection("sample_visits")
    for _ in range(2):
        build_indexes([Visit])
    assert set(database()["sample_visits"].index_information()) == {"_id_", "at"}


def test_processes_that_build_indexes_at_once_do_not_harm_each_other():
    database().drop_collection("sample_visits")
    assert run_in_threads(6, lambda _: build_indexes([Visit])) == [None] * 6
    assert set(database()["sample_visits"].index_information()) == {"_id_", "at"}
