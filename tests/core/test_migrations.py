from datetime import timedelta

import pytest

from wrencos_core import migrations
from wrencos_core.clock import now
from wrencos_core.database import database
from wrencos_core.errors import StartupError
from wrencos_core.migrations import Migration
from wrencos_core.testing.threads import run_in_threads
from wrencos_core.testing.waiting import wait_until


@pytest.fixture
def applied(platform):
    """The names of the migrations in the order in which they were applied."""
    names: list[str] = []
    return names


def step(applied, number, name="step", plugin="sample", error=None):
    def apply(db):
        applied.append(f"{plugin}:{number}")
        db["sample_marks"].insert_one({"number": number})
        if error:
            raise error

    return Migration(plugin, number, name, apply)


def test_each_is_applied_once_by_plugin_and_number(applied):
    steps = [step(applied, 10), step(applied, 2), step(applied, 1, plugin="other")]
    reported = []
    assert migrations.migrate(steps, reported.append) == [steps[2], steps[1], steps[0]]
    assert reported == [steps[2], steps[1], steps[0]]
    assert applied == ["other:1", "sample:2", "sample:10"]
    assert migrations.migrate(steps) == []
    assert len(applied) == 3
    assert migrations.pending(steps) == []


def test_a_later_one_is_applied_by_itself(applied):
    first, second = step(applied, 1), step(applied, 2)
    migrations.migrate([first])
    assert migrations.pending([first, second]) == [second]
    migrations.migrate([first, second])
    assert applied == ["sample:1", "sample:2"]


def test_after_a_failure_it_goes_on_where_it_stopped(applied):
    steps = [step(applied, 1), step(applied, 2, error=RuntimeError("disk full")), step(applied, 3)]
    with pytest.raises(RuntimeError, match="disk full"):
        migrations.migrate(steps)
    assert applied == ["sample:1", "sample:2"]
    mended = [steps[0], step(applied, 2), steps[2]]
    assert migrations.migrate(mended) == mended[1:]
    assert applied == ["sample:1", "sample:2", "sample:2", "sample:3"]


def test_two_with_one_number_are_refused(applied):
    with pytest.raises(StartupError, match="share a number"):
        migrations.pending([step(applied, 1, "a"), step(applied, 1, "b")])


def test_of_several_processes_one_migrates(applied):
    steps = [step(applied, number) for number in range(1, 6)]
    outcomes = run_in_threads(6, lambda _: migrations.migrate(steps))
    assert applied == [f"sample:{number}" for number in range(1, 6)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, StartupError)]
    assert all("another process is migrating" in str(error) for error in refused)
    assert sum(len(outcome) for outcome in outcomes if isinstance(outcome, list)) == 5


def test_the_lock_is_held_for_as_long_as_a_migration_takes(applied, clock, monkeypatch):
    monkeypatch.setattr(migrations, "_RENEW_SECONDS", 0.01)
    refused = []

    def take_long(db):
        for _ in range(3):
            clock.advance(timedelta(minutes=9))
            until = clock() + timedelta(minutes=10)
            wait_until(
                lambda until=until: db[migrations.LOCKS].find_one({"until": until}) is not None,
                "the lock to be renewed",
            )
        refused.extend(run_in_threads(1, lambda _: migrations.migrate([slow])))

    slow = Migration("sample", 1, "slow", take_long)
    assert migrations.migrate([slow]) == [slow]
    assert [type(error) for error in refused] == [StartupError]
    assert database()[migrations.LOCKS].count_documents({}) == 0


def test_who_lost_the_lock_stops_and_leaves_it_to_its_new_owner(applied, clock):
    taken = {"_id": "migrate", "owner": "another", "until": clock() + timedelta(minutes=9)}

    def lose(db):
        db[migrations.LOCKS].replace_one({"_id": "migrate"}, taken)

    steps = [Migration("sample", 1, "lose", lose), step(applied, 2)]
    with pytest.raises(StartupError, match="taken over"):
        migrations.migrate(steps)
    assert applied == []
    assert database()[migrations.LOCKS].find_one({}) == taken


def test_a_lock_of_a_process_that_died_runs_out(applied):
    database()[migrations.LOCKS].insert_one(
        {"_id": "migrate", "until": now() + timedelta(minutes=5)}
    )
    with pytest.raises(StartupError, match="another process"):
        migrations.migrate([step(applied, 1)])
    database()[migrations.LOCKS].update_one(
        {"_id": "migrate"}, {"$set": {"until": now() - timedelta(seconds=1)}}
    )
    migrations.migrate([step(applied, 1)])
    assert applied == ["sample:1"]
    assert database()[migrations.LOCKS].count_documents({}) == 0
