"""Events: stored with their change, delivered at least once, their effect once."""

import multiprocessing
import os
from datetime import timedelta
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError, RedisError
from rq.registry import FailedJobRegistry

from wrencos_core import outbox as outboxes
from wrencos_core.clock import now
from wrencos_core.database import disconnect, transaction
from wrencos_core.errors import Conflict, NotFound
from wrencos_core.events import Subscriber
from wrencos_core.outbox import Delivery
from wrencos_core.testing.modules import load_module
from wrencos_core.testing.threads import run_in_threads

sample = load_module(Path(__file__).with_name("sample_plugin.py"))

AHEAD = timedelta(minutes=10)


@pytest.fixture(scope="session")
def wrencos_plugins():
    return {"sample": sample}


@pytest.fixture
def outbox(platform):
    return platform.outbox


def labels():
    return sorted(row["label"] for row in sample.Thing.raw().find())


def delivery(label, subscriber="sample.note_label"):
    return Delivery.raw().find_one({"_id": f"{label}:happened|{subscriber}"})


def happened(label):
    return sample.Happened(id=f"{label}:happened", occurred_at=now(), label=label)


def publish(outbox, label):
    transaction(lambda: outbox.publish(happened(label)))


def test_an_event_is_stored_with_its_change_and_reaches_each_subscriber(
    outbox, run_jobs, outbox_events, clock
):
    sample.publish("a")
    (event,) = outbox_events("sample.thing_happened")
    assert event["_id"] == "a:happened"
    assert event["occurred_at"] == clock()
    assert event["payload"]["label"] == "a"
    assert labels() == ["a"]
    assert run_jobs() == 2
    assert labels() == ["a", "again-a", "noted-a"]
    assert delivery("a")["state"] == "done"
    assert delivery("a")["done_at"] == clock()
    assert delivery("a")["attempts"] == 1


def test_a_subscriber_gets_the_event_as_it_was_published(outbox, run_jobs, clock):
    got = []
    outbox.subscribe([Subscriber(sample.Happened, "sample.note_label", got.append)])
    publish(outbox, "a")
    published = happened("a")
    run_jobs()
    assert got == [published]
    assert type(got[0]) is sample.Happened


def test_without_the_change_there_is_no_event(outbox, run_jobs, outbox_events):
    def work():
        outbox.publish(happened("a"))
        raise Conflict("no")

    with pytest.raises(Conflict):
        transaction(work)
    assert outbox_events() == []
    assert Delivery.raw().count_documents({}) == 0
    assert run_jobs() == 0


def test_outside_a_transaction_nothing_is_published(outbox):
    with pytest.raises(RuntimeError, match="inside a transaction"):
        outbox.publish(happened("a"))


def test_the_same_fact_is_stored_and_delivered_once(outbox, run_jobs, outbox_events):
    publish(outbox, "a")
    publish(outbox, "a")
    assert len(outbox_events()) == 1
    assert run_jobs() == 2
    publish(outbox, "a")
    assert run_jobs() == 0
    assert labels() == ["again-a", "noted-a"]


def test_the_same_fact_told_by_many_at_once_is_stored_once(outbox, run_jobs, outbox_events):
    assert run_in_threads(8, lambda _: publish(outbox, "a")) == [None] * 8
    assert len(outbox_events()) == 1
    run_jobs()
    assert labels() == ["again-a", "noted-a"]


def test_a_delivery_that_runs_many_times_at_once_has_one_effect(outbox, run_jobs):
    publish(outbox, "a")
    outcomes = run_in_threads(8, lambda _: outbox.deliver("a:happened", "sample.note_label"))
    assert outcomes == [None] * 8
    assert labels() == ["noted-a"]
    assert delivery("a")["state"] == "done"


def test_a_subscriber_that_raises_is_tried_again_then_dead_and_holds_no_one_up(
    outbox, run_jobs, clock
):
    publish(outbox, "bad")
    run_jobs(raises=False)
    assert delivery("bad", "sample.note_twice")["state"] == "done"
    assert delivery("bad")["state"] == "pending"
    assert delivery("bad")["attempts"] == 1
    assert delivery("bad")["last_error"] == "RuntimeError: attempt 1"
    assert labels() == ["again-bad"]  # what it wrote before it raised is gone

    run_jobs(raises=False, ahead=AHEAD)
    assert delivery("bad")["state"] == "dead"
    assert delivery("bad")["attempts"] == 4
    assert labels() == ["again-bad"]
    assert run_jobs(raises=False, ahead=AHEAD) == 0


def test_a_job_that_raises_shows_in_the_test(outbox, run_jobs):
    publish(outbox, "bad")
    with pytest.raises(RuntimeError, match="attempt 1"):
        run_jobs()


def test_a_dead_delivery_is_revived_with_all_its_attempts(outbox, run_jobs, monkeypatch):
    publish(outbox, "bad")
    run_jobs(raises=False, ahead=AHEAD)
    assert FailedJobRegistry(queue=outbox.jobs.queue("high")).count == 1
    monkeypatch.setattr(sample, "fail", lambda label: None)
    outbox.revive("bad:happened|sample.note_label")
    assert delivery("bad")["attempts"] == 0
    assert run_jobs() == 1
    assert delivery("bad")["state"] == "done"
    assert labels() == ["again-bad", "noted-bad"]
    with pytest.raises(NotFound):
        outbox.revive("no such")


def test_what_a_process_that_died_left_behind_is_swept_up(platform, run_jobs, clock):
    # Only a real death proves it: kill -9 between the commit and the queue.
    disconnect()
    process = multiprocessing.get_context("fork").Process(target=_publish_and_die, args=(platform,))
    process.start()
    process.join()
    assert process.exitcode == -9
    platform.connect()

    assert run_jobs() == 0
    assert delivery("lost")["state"] == "pending"
    assert platform.outbox.sweep() == 0  # not so soon: its job may be on its way
    clock.advance(outboxes.SWEEP_AFTER + timedelta(seconds=1))
    assert platform.outbox.sweep() == 2
    assert run_jobs() == 2
    assert labels() == ["again-lost", "noted-lost"]
    clock.advance(timedelta(hours=1))
    assert platform.outbox.sweep() == 0


def _publish_and_die(platform):
    platform.connect()
    sample.publish_and_die("lost")


def test_a_sweep_leaves_queued_and_waiting_deliveries_their_one_job(outbox, run_jobs, clock):
    publish(outbox, "a")
    publish(outbox, "bad")
    clock.advance(timedelta(minutes=5))
    outbox.sweep()
    assert len(run_jobs.waiting()) == 4
    run_jobs(raises=False)
    clock.advance(timedelta(minutes=5))
    assert outbox.sweep() == 1  # the failed one waits for its second attempt
    assert run_jobs() == 0


def test_a_sweep_comes_round_to_every_delivery(outbox, run_jobs, clock, monkeypatch):
    monkeypatch.setattr(outboxes, "_SWEEP_BATCH", 2)
    publish(outbox, "waits")
    clock.advance(timedelta(seconds=1))
    publish(outbox, "lost")
    lost = run_jobs.waiting()[2:]
    for id in lost:
        outbox.jobs.queue("high").remove(id)
        outbox.jobs.redis.delete(f"rq:job:{id}")
    clock.advance(timedelta(minutes=5))
    outbox.sweep()
    assert len(run_jobs.waiting()) == 2
    outbox.sweep()
    assert run_jobs.waiting()[2:] == lost


def test_a_sweep_frees_a_delivery_whose_worker_died_before_it_began(outbox, run_jobs, clock):
    publish(outbox, "a")
    while outbox.jobs.redis.lpop("rq:queue:high"):
        pass
    clock.advance(timedelta(minutes=1))
    assert outbox.sweep() == 2
    assert run_jobs() == 2
    assert labels() == ["again-a", "noted-a"]


def test_a_subscriber_that_kills_its_process_is_dead_after_its_attempts(
    outbox, platform, run_jobs, outbox_events
):
    outbox.subscribe([Subscriber(sample.Happened, "sample.note_label", _die)])
    publish(outbox, "a")
    disconnect()
    for _ in range(4):
        process = multiprocessing.get_context("fork").Process(
            target=_deliver_and_die, args=(platform,)
        )
        process.start()
        process.join()
        assert process.exitcode == -9
    platform.connect()
    assert (delivery("a")["state"], delivery("a")["attempts"]) == ("pending", 4)
    outbox.deliver("a:happened", "sample.note_label")
    assert delivery("a")["state"] == "dead"
    assert "died" in delivery("a")["last_error"]
    outbox.deliver("a:happened", "sample.note_label")
    assert delivery("a")["attempts"] == 4


def _die(_):
    os.kill(os.getpid(), 9)


def _deliver_and_die(platform):
    platform.connect()
    platform.outbox.deliver("a:happened", "sample.note_label")


def test_redis_away_leaves_what_was_published_to_the_sweep(outbox, run_jobs, clock, monkeypatch):
    with monkeypatch.context() as outage:
        outage.setattr(outbox.jobs.redis.connection_pool, "get_connection", _gone)
        publish(outbox, "a")
        clock.advance(timedelta(minutes=1))
        with pytest.raises(RedisError):
            outbox.sweep()
    assert outbox.sweep() == 2
    assert run_jobs() == 2


def _gone(*_, **__):
    raise RedisConnectionError("gone")


def test_a_sweep_asks_the_index(platform):
    from wrencos_core.testing.queries import assert_uses_index

    query = {"state": "pending", "updated_at": {"$lt": now()}, "subscriber": {"$in": ["a"]}}
    assert_uses_index(Delivery.raw().find(query).sort("updated_at", 1))


def test_replay_gives_past_events_to_a_subscriber_that_came_later(outbox, run_jobs):
    late = outbox._subscribers.pop("sample.note_twice")
    publish(outbox, "a")
    publish(outbox, "b")
    assert run_jobs() == 2
    outbox.subscribe([late])

    assert list(outbox.replay(subscriber="sample.note_twice")) == [
        "a:happened|sample.note_twice",
        "b:happened|sample.note_twice",
    ]
    assert run_jobs() == 2
    assert labels() == ["again-a", "again-b", "noted-a", "noted-b"]
    assert list(outbox.replay()) == []
    with pytest.raises(NotFound):
        list(outbox.replay(subscriber="sample.nobody"))


def test_replay_goes_back_to_a_moment_and_keeps_to_a_name(outbox, run_jobs, clock):
    late = outbox._subscribers.pop("sample.note_twice")
    publish(outbox, "old")
    clock.advance(timedelta(days=1))
    publish(outbox, "new")
    outbox.subscribe([late])
    assert list(outbox.replay(name="sample.other")) == []
    assert list(outbox.replay(since=clock() - timedelta(hours=1))) == [
        "new:happened|sample.note_twice"
    ]


def test_replay_again_gives_an_event_once_more(outbox, run_jobs):
    publish(outbox, "a")
    run_jobs()
    sample.Thing.raw().delete_many({})
    assert len(list(outbox.replay(again=True))) == 2
    assert run_jobs() == 2
    assert labels() == ["again-a", "noted-a"]


def test_a_delivery_to_an_absent_subscriber_waits_for_it(outbox, run_jobs):
    publish(outbox, "a")
    late = outbox._subscribers.pop("sample.note_label")
    run_jobs()
    assert delivery("a")["state"] == "pending"
    outbox.subscribe([late])
    outbox.revive("a:happened|sample.note_label")
    run_jobs()
    assert delivery("a")["state"] == "done"
