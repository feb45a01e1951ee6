import multiprocessing
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError, RedisError

from wrencos_core.clock import use
from wrencos_core.jobs import JobQueue, Schedule
from wrencos_core.scheduler import Scheduler, newest_slot
from wrencos_core.testing.modules import load_module
from wrencos_core.testing.threads import run_in_threads

sample = load_module(Path(__file__).with_name("sample_plugin.py"))

HOURLY = Schedule("sample.hourly", "sample.count_up", cron="0 * * * *")
MINUTELY = Schedule("sample.minutely", "sample.count_up", every=timedelta(minutes=1))


@pytest.fixture(scope="session")
def wrencos_plugins():
    return {"sample": sample}


def scheduler(platform, *schedules, timezone="Asia/Ho_Chi_Minh"):
    return Scheduler(platform.jobs, schedules, timezone)


def test_the_first_start_does_not_fire_the_past(platform, clock, run_jobs):
    assert scheduler(platform, HOURLY, MINUTELY).tick() == []
    assert run_jobs.waiting() == []


def test_a_slot_fires_when_it_has_come_and_once(platform, clock, run_jobs):
    runner = scheduler(platform, HOURLY)
    runner.tick()
    clock.move_to(datetime(2026, 3, 2, 3, 59, 59, 999000, tzinfo=UTC))
    assert runner.tick() == []
    clock.move_to(datetime(2026, 3, 2, 4, 0, tzinfo=UTC))
    assert runner.tick() == ["sample.hourly"]
    assert runner.tick() == []
    clock.advance(timedelta(minutes=59))
    assert runner.tick() == []
    assert len(run_jobs.waiting()) == 1
    clock.advance(timedelta(minutes=1))
    assert runner.tick() == ["sample.hourly"]


def test_after_an_outage_the_newest_missed_slot_fires_once(platform, clock, run_jobs):
    scheduler(platform, HOURLY).tick()
    clock.advance(timedelta(days=3))
    restarted = scheduler(platform, HOURLY)
    assert restarted.tick() == ["sample.hourly"]
    assert restarted.tick() == []
    assert len(run_jobs.waiting()) == 1


def test_a_clock_that_goes_back_fires_nothing_twice(platform, clock, run_jobs):
    runner = scheduler(platform, HOURLY)
    runner.tick()
    clock.advance(timedelta(hours=1))
    assert runner.tick() == ["sample.hourly"]
    clock.advance(timedelta(minutes=-30))
    assert runner.tick() == []
    clock.advance(timedelta(minutes=30))
    assert runner.tick() == []
    assert len(run_jobs.waiting()) == 1


def _tick_in_process(redis_url, moment, barrier):
    # A process of its own, as two schedulers are; it needs no database.
    jobs = JobQueue(Redis.from_url(redis_url))
    jobs.register([sample.Job("sample.count_up", print, "Count.")])
    barrier.wait()
    with use(lambda: moment):
        Scheduler(jobs, [HOURLY, MINUTELY], "UTC").tick()


def test_two_schedulers_in_two_processes_fire_a_slot_once(
    platform, clock, run_jobs, wrencos_harness
):
    scheduler(platform, HOURLY, MINUTELY, timezone="UTC").tick()
    context = multiprocessing.get_context("fork")
    for _ in range(5):
        clock.advance(timedelta(hours=1))
        barrier = context.Barrier(2)
        arguments = (wrencos_harness.redis_url, clock(), barrier)
        pair = [context.Process(target=_tick_in_process, args=arguments) for _ in range(2)]
        for process in pair:
            process.start()
        for process in pair:
            process.join()
            assert process.exitcode == 0
    assert len(run_jobs.waiting()) == 10


def test_a_scheduler_whose_tick_began_before_the_others_job_was_done_fires_nothing(
    platform, clock, run_jobs, monkeypatch
):
    """Both read the last slot; the job of the first has run before the second enqueues."""
    platform.jobs.register([sample.Job("sample.count_up", lambda: sample.count_up("n"), "Count.")])
    first, second = scheduler(platform, HOURLY), scheduler(platform, HOURLY)
    first.tick()
    clock.advance(timedelta(hours=1))
    real = platform.jobs.enqueue

    def interleaved(*args, **kwargs):
        monkeypatch.setattr(platform.jobs, "enqueue", real)
        first.tick()
        run_jobs()
        real(*args, **kwargs)

    monkeypatch.setattr(platform.jobs, "enqueue", interleaved)
    second.tick()
    run_jobs()
    assert sample.Thing.raw().find_one({"label": "n"})["count"] == 1


@pytest.mark.parametrize(
    ("moment", "slot"),
    [
        ("2026-03-02T03:04:05Z", "2026-03-01T20:00:00Z"),
        ("2026-03-01T20:00:00Z", "2026-03-01T20:00:00Z"),
        ("2026-03-01T19:59:59.999Z", "2026-02-28T20:00:00Z"),
    ],
)
def test_cron_is_read_in_the_shops_time_zone(moment, slot):
    nightly = Schedule("sample.s", "sample.count_up", cron="0 3 * * *")
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    found = newest_slot(nightly, datetime.fromisoformat(moment), zone)
    assert found == datetime.fromisoformat(slot)


def slots(cron, zone, start, end):
    """The slots a scheduler sees that looks every five minutes."""
    schedule = Schedule("sample.s", "sample.count_up", cron=cron)
    seen, moment = [], start
    while moment < end:
        slot = newest_slot(schedule, moment, ZoneInfo(zone))
        if not seen or slot > seen[-1]:
            seen.append(slot)
        moment += timedelta(minutes=5)
    return [slot for slot in seen if slot >= start]


def test_a_daily_slot_stays_at_its_hour_over_a_change_to_summer_time():
    # New York goes from UTC-5 to UTC-4 on 8 March 2026 at 02:00.
    found = slots(
        "0 9 * * *",
        "America/New_York",
        datetime(2026, 3, 7, tzinfo=UTC),
        datetime(2026, 3, 10, tzinfo=UTC),
    )
    assert [slot.strftime("%d %H:%M") for slot in found] == ["07 14:00", "08 13:00", "09 13:00"]


def test_a_daily_slot_in_the_hour_that_comes_twice_fires_once():
    # New York goes back from 02:00 to 01:00 on 1 November 2026.
    found = slots(
        "30 1 * * *",
        "America/New_York",
        datetime(2026, 10, 31, tzinfo=UTC),
        datetime(2026, 11, 3, tzinfo=UTC),
    )
    assert [slot.strftime("%d") for slot in found] == ["31", "01", "02"]


def test_a_daily_slot_in_the_hour_that_is_skipped_does_not_get_lost():
    found = slots(
        "30 2 * * *",
        "America/New_York",
        datetime(2026, 3, 7, tzinfo=UTC),
        datetime(2026, 3, 10, tzinfo=UTC),
    )
    assert [slot.strftime("%d") for slot in found] == ["07", "08", "09"]


def test_an_interval_has_the_same_slots_in_every_process():
    every = Schedule("sample.s", "sample.count_up", every=timedelta(seconds=30))
    moment = datetime(2026, 3, 2, 3, 4, 59, 999000, tzinfo=UTC)
    assert newest_slot(every, moment, ZoneInfo("UTC")) == datetime(2026, 3, 2, 3, 4, 30, tzinfo=UTC)


def test_it_ticks_until_it_is_told_to_stop(platform, clock, run_jobs):
    runner, stop = scheduler(platform, MINUTELY), threading.Event()
    runner.tick()
    clock.advance(timedelta(minutes=1))
    thread = threading.Thread(target=runner.run, args=(stop, 0.001))
    thread.start()
    while not run_jobs.waiting():
        pass
    stop.set()
    thread.join()
    assert len(run_jobs.waiting()) == 1


def test_an_outage_of_redis_does_not_end_it(platform, clock, run_jobs, monkeypatch):
    runner, stop = scheduler(platform, MINUTELY), threading.Event()
    runner.tick()
    clock.advance(timedelta(minutes=1))
    real, calls = runner.jobs.redis.get, []

    def failing_at_first(key):
        calls.append(key)
        if len(calls) < 3:
            raise RedisError("gone")
        return real(key)

    monkeypatch.setattr(runner.jobs.redis, "get", failing_at_first)
    thread = threading.Thread(target=runner.run, args=(stop, 0.001))
    thread.start()
    while len(calls) < 4 and thread.is_alive():
        pass
    stop.set()
    thread.join()
    assert len(run_jobs.waiting()) == 1


def test_many_ticks_at_once_enqueue_one_job(platform, clock, run_jobs):
    runner = scheduler(platform, HOURLY)
    runner.tick()
    clock.advance(timedelta(hours=1))
    run_in_threads(8, lambda _: runner.tick())
    assert len(run_jobs.waiting()) == 1


def test_an_hourly_slot_fires_in_both_of_the_hours_that_look_alike():
    found = slots(
        "30 * * * *",
        "America/New_York",
        datetime(2026, 11, 1, 4, tzinfo=UTC),
        datetime(2026, 11, 1, 8, tzinfo=UTC),
    )
    assert [slot.strftime("%H:%M") for slot in found] == ["04:30", "05:30", "06:30", "07:30"]


def test_a_skipped_slot_fires_right_after_the_gap(platform, clock, run_jobs):
    nightly = Schedule("sample.nightly", "sample.count_up", cron="30 2 * * *")
    runner = scheduler(platform, nightly, timezone="America/New_York")
    clock.move_to(datetime(2026, 3, 8, 6, 59, tzinfo=UTC))  # 01:59
    runner.tick()
    clock.move_to(datetime(2026, 3, 8, 7, 31, tzinfo=UTC))  # 03:31
    assert runner.tick() == ["sample.nightly"]
    clock.move_to(datetime(2026, 3, 9, 6, 29, tzinfo=UTC))  # 02:29 of the next day
    assert runner.tick() == []
    clock.move_to(datetime(2026, 3, 9, 6, 30, tzinfo=UTC))
    assert runner.tick() == ["sample.nightly"]


def test_a_slot_that_could_not_be_enqueued_is_still_due(platform, clock, run_jobs, monkeypatch):
    daily = Schedule("sample.daily", "sample.count_up", cron="0 3 * * *")
    runner = scheduler(platform, daily)
    runner.tick()
    clock.advance(timedelta(days=1))
    with monkeypatch.context() as outage:
        # An outage as short as the enqueueing; the mark itself could be written.
        outage.setattr(platform.redis, "pipeline", _gone)
        with pytest.raises(RedisError):
            runner.tick()
    assert runner.tick() == ["sample.daily"]
    assert len(run_jobs.waiting()) == 1


def _gone(*_, **__):
    raise RedisConnectionError("gone")
