"""`wrencos events`, `wrencos job`, `wrencos migrate`, `wrencos worker`."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest

from tests.cli.places import Run, printed
from wrencos_core.clock import now
from wrencos_core.database import transaction
from wrencos_core.events import Event, Subscriber
from wrencos_core.jobs import Job
from wrencos_core.migrations import Migration
from wrencos_core.outbox import Delivery
from wrencos_core.platform import Platform
from wrencos_core.testing.modules import make_plugin


class BirdSang(Event, frozen=True, kw_only=True):
    """A bird sang."""

    name: ClassVar[str] = "birds.bird_sang"
    song: str


heard: list[str] = []
calls: list[dict[str, object]] = []


def listen(event: BirdSang) -> None:
    if event.song == "off key":
        raise ValueError("not a song")
    heard.append(event.song)


def feed(grains: int, kind: str = "rye") -> None:
    if grains < 0:
        raise ValueError("less than nothing")
    calls.append({"grains": grains, "kind": kind})


BIRDS = make_plugin(
    "birds",
    register_subscribers=lambda: [Subscriber(BirdSang, "birds.listen", listen)],
    register_jobs=lambda: [Job("birds.feed_all", feed, "Feed the birds.")],
    register_migrations=lambda: [
        Migration("birds", 1, "ring", lambda db: db["birds_rings"].insert_one({"_id": "one"}))  # type: ignore[arg-type]
    ],
)


@pytest.fixture(scope="module")
def wrencos_plugins() -> dict[str, object]:
    return {"birds": BIRDS}


@pytest.fixture
def platform(make_platform: Callable[..., Platform]) -> Platform:
    heard.clear()
    calls.clear()
    return make_platform({"birds": BIRDS})


def sing(platform: Platform, song: str) -> str:
    id = f"bird_{song.replace(' ', '')}:sang"
    event = BirdSang(id=id, occurred_at=now(), song=song)
    transaction(lambda: platform.outbox.publish(event))
    return id


def test_events_are_listed_with_their_deliveries(
    platform: Platform, run: Run, run_jobs: Callable[[], int]
) -> None:
    id = sing(platform, "tweet")
    (row,) = printed(run("events", "list", "--json"))
    assert row["id"] == id
    assert row["deliveries"] == {"pending": 1, "done": 0, "dead": 0}
    run_jobs()
    assert "1 done" in run("events", "list", "--name", BirdSang.name).output
    assert run("events", "list", "--name", "birds.egg_laid").output == "No events.\n"
    assert run("events", "list", "--limit", "0").exit_code == 2


def test_replay_reaches_who_has_missed_it(
    platform: Platform, run: Run, run_jobs: Callable[[], int]
) -> None:
    sing(platform, "tweet")
    run_jobs()
    assert printed(run("events", "replay", "--json")) == {"queued": 0}
    Delivery.raw().delete_many({})
    assert run("events", "replay", "--since", "2100-01-01").output == "Queued 0 deliveries.\n"
    assert run("events", "replay", "--name", BirdSang.name).output == "Queued 1 delivery.\n"
    run_jobs()
    assert heard == ["tweet", "tweet"]
    again = run("events", "replay", "--again", "--subscriber", "birds.listen", "--json")
    assert printed(again) == {"queued": 1}


@pytest.mark.parametrize(
    "arguments",
    [["--name", "birds.egg_laid"], ["--subscriber", "birds.nobody"], ["--since", "yesterday"]],
)
def test_replay_refuses_what_there_is_not(run: Run, arguments: list[str]) -> None:
    refused = run("events", "replay", *arguments)
    assert refused.exit_code == 2
    assert arguments[1] in refused.stderr


def test_dead_deliveries_are_listed_and_revived(
    platform: Platform, run: Run, run_jobs: Callable[[], int]
) -> None:
    assert run("events", "dead").output == "None is dead.\n"
    id = sing(platform, "tweet")
    change = {"$set": {"state": "dead", "last_error": "ValueError: not a song"}}
    Delivery.raw().update_many({}, change)
    assert "not a song" in run("events", "dead").output
    assert printed(run("events", "dead", "--subscriber", "birds.nobody", "--json")) == {
        "retried": False,
        "deliveries": [],
    }
    retried = printed(run("events", "dead", "--retry", "--json"))
    assert [row["id"] for row in retried["deliveries"]] == [f"{id}|birds.listen"]
    run_jobs()
    assert heard == ["tweet"]
    assert run("events", "dead").output == "None is dead.\n"


def test_jobs_are_listed(run: Run) -> None:
    rows = {row["name"]: row for row in printed(run("job", "list", "--json"))}
    assert rows["birds.feed_all"]["description"] == "Feed the birds."
    assert rows["core.sweep_outbox"]["schedules"] == ["every 0:00:30"]
    assert "birds.feed_all" in run("job", "list").output


def test_a_job_runs_here_and_now(run: Run) -> None:
    done = run("job", "run", "birds.feed_all", "--arg", "grains=3", "--arg", "kind=wheat")
    assert done.exit_code == 0, done.output
    assert calls == [{"grains": 3, "kind": "wheat"}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["birds.fly"], "birds.fly"),
        (["birds.feed_all"], "grains"),
        (["birds.feed_all", "--arg", "grains"], "KEY=VALUE"),
        (["birds.feed_all", "--arg", "grains=1", "--arg", "wings=2"], "wings"),
        (["birds.feed_all", "--arg", "grains=-1"], "less than nothing"),
    ],
)
def test_a_job_that_cannot_run(run: Run, arguments: list[str], message: str) -> None:
    refused = run("job", "run", *arguments)
    assert refused.exit_code == 2
    assert message in refused.stderr
    assert not calls


def test_migrate_plans_applies_and_applies_no_more(platform: Platform, run: Run) -> None:
    from wrencos_core import database, migrations

    database.database()[migrations.COLLECTION].delete_many({})
    planned = printed(run("migrate", "--plan", "--json"))
    assert planned == {"pending": ["birds:0001_ring"]}
    assert "migrations" in run("check").output
    assert run("check").exit_code == 1
    assert run("migrate").output == "applied birds:0001_ring\n"
    assert database.database()["birds_rings"].count_documents({}) == 1
    assert printed(run("migrate", "--json")) == {"applied": []}
    assert run("migrate", "--plan").output == "Nothing is pending.\n"


def test_a_worker_has_queues_that_exist(run: Run) -> None:
    refused = run("worker", "--queues", "high,nowhere")
    assert refused.exit_code == 2
    assert "nowhere" in refused.stderr
