from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError
from rq.registry import FailedJobRegistry, ScheduledJobRegistry

from wrencos_core.database import transaction
from wrencos_core.errors import Conflict, NotFound
from wrencos_core.jobs import Job, JobQueue, Schedule, job_id
from wrencos_core.testing.modules import load_module
from wrencos_core.testing.threads import run_in_threads

sample = load_module(Path(__file__).with_name("sample_plugin.py"))


@pytest.fixture(scope="session")
def wrencos_plugins():
    return {"sample": sample}


@pytest.fixture
def jobs(platform):
    return platform.jobs


def count(label):
    row = sample.Thing.raw().find_one({"label": label})
    return row["count"] if row else 0


def test_a_job_runs_with_its_arguments(jobs, run_jobs):
    jobs.enqueue("sample.count_up", label="a")
    assert count("a") == 0
    assert run_jobs() == 1
    assert count("a") == 1
    assert run_jobs() == 0


def test_an_unknown_job_is_refused_at_once(jobs):
    with pytest.raises(NotFound, match=r"sample\.nothing"):
        jobs.enqueue("sample.nothing")


def test_in_a_transaction_it_is_queued_once_that_is_committed(jobs, run_jobs):
    def work():
        jobs.enqueue("sample.count_up", label="a")
        assert run_jobs.waiting() == []

    transaction(work)
    assert len(run_jobs.waiting()) == 1


def test_after_an_abort_nothing_is_queued(jobs, run_jobs):
    def work():
        jobs.enqueue("sample.count_up", label="a")
        raise Conflict("no")

    with pytest.raises(Conflict):
        transaction(work)
    assert run_jobs.waiting() == []


def test_of_one_key_one_job_waits_however_many_enqueue_it(jobs, run_jobs):
    def enqueue(number):
        jobs.enqueue("sample.count_up", key="same", label="a")

    run_in_threads(8, enqueue)
    assert run_jobs() == 1
    assert count("a") == 1
    enqueue(0)
    assert run_jobs() == 1


def test_a_kept_key_blocks_after_success_too(jobs, run_jobs):
    for _ in range(2):
        jobs.enqueue("sample.count_up", key="slot", keep=timedelta(hours=1), label="a")
        run_jobs()
    assert count("a") == 1


def test_keys_with_any_characters_are_ids_of_their_own(jobs, run_jobs):
    keys = ["a|b", "a-b", "a b", "ä", "x" * 300, "x" * 301]
    for number, key in enumerate(keys):
        jobs.enqueue("sample.count_up", key=key, label=f"n{number}")
    assert run_jobs() == len(keys)
    assert len({job_id("sample.count_up", key) for key in keys}) == len(keys)
    assert job_id("a", "b-c") != job_id("a-b", "c")


def test_a_failing_job_is_tried_three_times_more_then_kept_as_failed(jobs, run_jobs):
    jobs.enqueue("sample.fail", key="k", label="fails-100")
    assert run_jobs(raises=False) == 1
    (waiting,) = ScheduledJobRegistry(queue=jobs.queue("default")).get_job_ids()
    assert waiting == job_id("sample.fail", "k")
    jobs.enqueue("sample.fail", key="k", label="fails-100")
    assert run_jobs.waiting() == []
    assert run_jobs(raises=False, ahead=timedelta(minutes=10)) == 3
    assert count("fails-100") == 4
    assert FailedJobRegistry(queue=jobs.queue("default")).get_job_ids() == [waiting]


def test_a_job_that_gets_well_is_done(jobs, run_jobs):
    jobs.enqueue("sample.fail", label="fails-3")
    run_jobs(raises=False, ahead=timedelta(minutes=10))
    assert count("fails-3") == 3
    assert FailedJobRegistry(queue=jobs.queue("default")).count == 0


def test_a_failed_job_does_not_block_its_key(jobs, run_jobs):
    jobs.enqueue("sample.fail", key="k", label="fails-5")
    run_jobs(raises=False, ahead=timedelta(minutes=10))
    jobs.enqueue("sample.fail", key="k", label="fails-5")
    assert run_jobs() == 1
    assert count("fails-5") == 5
    assert FailedJobRegistry(queue=jobs.queue("default")).count == 0


def test_a_job_whose_worker_died_before_it_began_does_not_block_its_key(jobs, run_jobs):
    jobs.enqueue("sample.count_up", key="k", label="a")
    (lost,) = run_jobs.waiting()
    # What a worker on several queues does first; RQ notes only then who has the job.
    assert jobs.redis.blpop(["rq:queue:high", "rq:queue:default"])[1].decode() == lost
    assert run_jobs() == 0
    run_in_threads(8, lambda _: jobs.enqueue("sample.count_up", key="k", label="a"))
    assert run_jobs.waiting() == [lost]
    assert run_jobs() == 1
    assert count("a") == 1


def test_a_running_job_keeps_its_key(platform, jobs, run_jobs):
    seen = []

    def enqueue_itself():
        jobs.enqueue("sample.itself", key="k")
        seen.append(run_jobs.waiting())

    jobs.register([Job("sample.itself", enqueue_itself, "Enqueue itself.")])
    jobs.enqueue("sample.itself", key="k")
    assert run_jobs() == 1
    assert seen == [[]]


def test_a_delayed_job_keeps_its_key(jobs, run_jobs):
    for _ in range(2):
        jobs.enqueue("sample.count_up", key="k", delay=timedelta(hours=1), label="a")
    assert run_jobs.waiting() == []
    assert run_jobs(ahead=timedelta(hours=2)) == 1


def test_a_delayed_job_waits_for_its_time(jobs, run_jobs):
    jobs.enqueue("sample.count_up", delay=timedelta(hours=1), label="later")
    assert run_jobs() == 0
    assert run_jobs(ahead=timedelta(minutes=59)) == 0
    assert run_jobs(ahead=timedelta(minutes=61)) == 1
    assert count("later") == 1


def test_urgent_queues_come_first(platform, run_jobs):
    order = []
    extra = [
        Job(f"sample.{queue}", lambda queue=queue: order.append(queue), "Note.", queue=queue)
        for queue in ("low", "default", "high")
    ]
    platform.jobs.register(extra)
    for job in extra:
        platform.jobs.enqueue(job.name)
    run_jobs()
    assert order == ["high", "default", "low"]


def test_an_unreachable_redis_after_a_commit_does_not_undo_it(platform):
    unreachable = JobQueue(Redis(host="127.0.0.1", port=1, retry=None))
    unreachable.register(platform.jobs.all())

    def work():
        sample.count_up("a")
        unreachable.enqueue("sample.count_up", label="b")

    transaction(work)
    assert count("a") == 1


def test_an_unreachable_redis_outside_a_transaction_is_told(platform):
    unreachable = JobQueue(Redis(host="127.0.0.1", port=1, retry=None))
    unreachable.register(platform.jobs.all())
    with pytest.raises(RedisError):
        unreachable.enqueue("sample.count_up", label="b")


def test_a_schedule_has_cron_or_every():
    with pytest.raises(ValueError, match="either cron or every"):
        Schedule("sample.s", "sample.count_up")
    with pytest.raises(ValueError, match="either cron or every"):
        Schedule("sample.s", "sample.count_up", cron="* * * * *", every=timedelta(minutes=1))


def test_jobs_are_listed_by_name(jobs):
    names = [job.name for job in jobs.all()]
    assert names == sorted(names)
    assert "sample.hold" in names
