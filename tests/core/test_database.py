"""Transactions on a real replica set."""

import socket
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import mongoengine
import pytest
from mongoengine.errors import NotUniqueError, OperationError
from pymongo.errors import PyMongoError

from wrencos_core import database
from wrencos_core.database import _Turn, after_commit, in_transaction, transaction, transactional
from wrencos_core.documents import bump
from wrencos_core.errors import Conflict, StartupError, TryAgain
from wrencos_core.testing.modules import load_module
from wrencos_core.testing.threads import run_in_threads
from wrencos_core.testing.waiting import wait_until

sample = load_module(Path(__file__).with_name("sample_plugin.py"))
Thing = sample.Thing


@pytest.fixture(scope="session")
def wrencos_plugins():
    return {"sample": sample}


@pytest.fixture(autouse=True)
def in_use(platform):
    """Every test here needs the database."""


def take_one() -> bool:
    taken = Thing.raw().find_one_and_update(
        {"label": "stock", "count": {"$gt": 0}}, bump({"$inc": {"count": -1}})
    )
    if not taken:
        raise Conflict("sold out")
    Thing().raw().insert_one({"_id": f"thing_{taken['count']}", "label": f"sold-{taken['count']}"})
    return True


def test_those_who_met_a_conflict_run_again_one_after_the_other(monkeypatch):
    monkeypatch.setattr(_Turn, "_longest", 60.0)
    thing = Thing(label="stock", count=0).save()
    runs, running, most = [0] * 8, set(), []
    all_have_read = threading.Barrier(8)

    def count(number: int) -> None:
        def work() -> None:
            runs[number] += 1
            if runs[number] == 1:
                Thing.raw().find_one({"_id": thing.id})
                all_have_read.wait()
            else:
                running.add(number)
                most.append(len(running))
            try:
                Thing.raw().update_one({"_id": thing.id}, bump({"$inc": {"count": 1}}))
                time.sleep(0.01)
            finally:
                running.discard(number)

        transaction(work)

    run_in_threads(8, count)
    assert Thing.get(thing.id).count == 8
    # One of the eight that had read the same was first.
    assert sum(runs) >= 15
    assert set(most) == {1}


def test_nobody_waits_for_a_turn_that_does_not_come(monkeypatch):
    monkeypatch.setattr(_Turn, "_longest", 0.01)
    thing = Thing(label="stock", count=0).save()
    runs = []

    def work() -> None:
        runs.append(1)
        if len(runs) == 1:
            Thing.raw().find_one({"_id": thing.id})
            _outside(lambda: Thing.raw().update_one({"_id": thing.id}, bump({})))
        Thing.raw().update_one({"_id": thing.id}, bump({"$inc": {"count": 1}}))

    with _Turn._lock:
        transaction(work)
    assert (len(runs), Thing.get(thing.id).count) == (2, 1)
    assert not _Turn._lock.locked()


def _outside(work) -> None:
    """Do it in no transaction, while one is running."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_sixteen_threads_sell_exactly_what_is_there():
    Thing(label="stock", count=500).save()

    def buy(number: int) -> int:
        sold = 0
        for _ in range(50):
            try:
                sold += transaction(take_one)
            except Conflict:
                pass
        return sold

    assert sum(run_in_threads(16, buy)) == 500
    assert Thing.get("thing_1").label == "sold-1"
    assert Thing.objects.get(label="stock").count == 0
    assert Thing.raw().count_documents({"label": {"$regex": "^sold-"}}) == 500


def test_documents_that_conflict_are_saved_again_not_refused():
    """mongoengine hides the driver's "transient" label in its own error."""
    Thing(label="counter").save()

    def count_up(number: int) -> None:
        for _ in range(10):
            transaction(change)

    def change() -> None:
        thing = Thing.objects.get(label="counter")
        thing.count += 1
        thing.save()

    assert run_in_threads(8, count_up) == [None] * 8
    assert Thing.objects.get(label="counter").count == 80


def test_an_abort_leaves_nothing():
    def work() -> None:
        Thing(label="a").save()
        Thing.raw().insert_one({"_id": "thing_b", "label": "b"})
        raise Conflict("no")

    with pytest.raises(Conflict):
        transaction(work)
    assert Thing.raw().count_documents({}) == 0
    assert not in_transaction()


def test_a_transaction_sees_its_own_writes_and_no_one_else_does():
    def work() -> int:
        Thing(label="a").save()
        (outside,) = run_in_threads(1, lambda _: Thing.raw().count_documents({}))
        assert outside == 0
        return Thing.raw().count_documents({})

    assert transaction(work) == 1


def test_a_nested_transaction_joins_the_outer_one():
    @transactional
    def inner() -> None:
        Thing(label="inner").save()

    def outer() -> None:
        inner()
        assert in_transaction()
        raise Conflict("no")

    with pytest.raises(Conflict):
        transaction(outer)
    assert Thing.raw().count_documents({}) == 0


def test_after_commit_runs_in_order_once_the_change_can_be_seen():
    seen = []

    def note(name: str) -> None:
        (count,) = run_in_threads(1, lambda _: Thing.raw().count_documents({}))
        seen.append((name, count, in_transaction()))

    def work() -> None:
        Thing(label="a").save()
        after_commit(lambda: note("first"))
        transaction(lambda: after_commit(lambda: note("nested")))
        after_commit(lambda: note("last"))
        assert seen == []

    transaction(work)
    assert seen == [("first", 1, False), ("nested", 1, False), ("last", 1, False)]


def test_after_commit_does_not_run_after_an_abort():
    called = []

    def work() -> None:
        after_commit(lambda: called.append(1))
        raise Conflict("no")

    with pytest.raises(Conflict):
        transaction(work)
    assert called == []


def test_after_commit_runs_once_when_the_work_had_to_run_twice():
    Thing(label="a").save()
    attempts, called = [], []

    def work() -> None:
        attempts.append(1)
        Thing.raw().find_one({"label": "a"})
        if len(attempts) == 1:  # a write from outside after our snapshot: a conflict
            run_in_threads(1, lambda _: Thing.raw().update_one({}, {"$inc": {"count": 10}}))
        Thing.raw().update_one({"label": "a"}, {"$inc": {"count": 1}})
        after_commit(lambda: called.append(len(attempts)))

    transaction(work)
    assert (len(attempts), called) == (2, [2])
    assert Thing.objects.get(label="a").count == 11


def test_after_commit_without_a_transaction_runs_at_once():
    called = []
    after_commit(lambda: called.append(1))
    assert called == [1]


def test_a_duplicate_key_reaches_the_caller_as_mongoengines_error():
    Thing(label="a").save()
    with pytest.raises(NotUniqueError):
        transaction(lambda: Thing(label="a").save())


def test_another_error_of_the_server_reaches_the_caller():
    with pytest.raises((OperationError, PyMongoError), match="unknown"):
        transaction(lambda: Thing.raw().aggregate([{"$unknown": {}}]).to_list())


@pytest.mark.parametrize("option", ["w=majority", "w=1&journal=true", "readConcernLevel=majority"])
def test_concerns_in_the_uri_do_not_break_transactions(wrencos_harness, option):
    uri = wrencos_harness.mongodb_uri
    database.connect(f"{uri}{'&' if '?' in uri else '?'}{option}", wrencos_harness.database)

    def work() -> int:
        Thing(label="a").save()
        Thing.raw().insert_one({"_id": "thing_b", "label": "b"})
        return Thing.raw().count_documents({})

    assert transaction(work) == 2


def test_a_server_without_transactions_is_refused(wrencos_harness):
    mongod = mongod_without_replica_set(wrencos_harness.data_dir / "alone")
    try:
        mongoengine.disconnect(alias="default")
        database.connect(mongod.uri, "x")
        with pytest.raises(StartupError, match=r"rs\.initiate"):
            database.require_replica_set()
    finally:
        database.disconnect()
        mongod.process.kill()
        mongod.process.wait()


def test_a_server_that_does_not_answer_is_refused(monkeypatch):
    with closing(socket.socket()) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    uri = f"mongodb://127.0.0.1:{port}/?serverSelectionTimeoutMS=100"
    try:
        database.connect(uri, "x")
        with pytest.raises(StartupError, match="WRENCOS_MONGODB_URI"):
            database.require_replica_set()
    finally:
        database.disconnect()


def test_a_transaction_is_not_tried_for_minutes_when_no_server_answers(platform):
    database.client().close()
    try:
        with pytest.raises(TryAgain):
            database.transaction(lambda: database.database()["core_things"].find_one({}))
    finally:
        database.disconnect()
        platform.connect()


class mongod_without_replica_set:  # noqa: N801 - reads as what it makes
    def __init__(self, folder: Path) -> None:
        from urllib.parse import quote

        from wrencos_core.embedded.mongod import find_binary

        folder.mkdir(mode=0o700)
        sock = folder / "mongod.sock"
        self.uri = f"mongodb://{quote(str(sock), safe='')}/?directConnection=true"
        self.process = subprocess.Popen(
            [str(find_binary()), "--dbpath", str(folder), "--port", "0", "--bind_ip", str(sock)],
            stdout=subprocess.DEVNULL,
        )
        wait_until(sock.exists, "the start of mongod")
