"""The worker in a process of its own, on real servers."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from rq import Worker
from rq.registry import ScheduledJobRegistry

from wrencos_core import worker as worker_module
from wrencos_core.errors import StartupError
from wrencos_core.jobs import QUEUES, job_id
from wrencos_core.testing.modules import load_module
from wrencos_core.testing.processes import environment, is_alive
from wrencos_core.testing.waiting import wait_until

sample = load_module(Path(__file__).with_name("sample_plugin.py"))


@pytest.fixture(scope="session")
def wrencos_plugins():
    return {"sample": sample}


def count(label):
    row = sample.Thing.raw().find_one({"label": label})
    return row["count"] if row else 0


def test_a_forked_job_has_a_working_database_connection(platform, worker):
    for number in range(3):
        platform.jobs.enqueue("sample.count_up", label=f"n{number}")
    wait_until(lambda: all(count(f"n{number}") == 1 for number in range(3)), "every job")


def test_log_lines_of_a_job_name_it(platform, worker):
    platform.jobs.enqueue("sample.count_up", key="k", label="logged")
    wait_until(lambda: "job.done" in worker.output(), "the end of the job in the log")
    started = next(line for line in worker.output().splitlines() if "job.started" in line)
    assert "sample.count_up" in started
    assert job_id("sample.count_up", "k") in started


def test_a_job_of_a_killed_worker_runs_again_with_one_effect(platform, worker):
    sample.hold_file(platform).touch()
    platform.jobs.enqueue("sample.hold", key="h", label="held")
    wait_until(lambda: count("held-attempts") == 1, "the first attempt")

    worker.kill()
    assert count("held") == 0
    sample.hold_file(platform).unlink()
    let_time_pass(platform)
    worker.start()

    registry = ScheduledJobRegistry(queue=platform.jobs.queue("default"))
    wait_until(lambda: registry.get_job_ids(), "the second attempt's turn")
    for id in registry.get_job_ids():
        platform.redis.zadd(registry.key, {id: 1})
    wait_until(lambda: count("held") == 1, "the effect")
    assert count("held-attempts") == 2
    assert sample.Thing.raw().count_documents({"label": "held"}) == 1


def let_time_pass(platform):
    """As if the minutes were over that RQ waits before it believes a worker dead."""
    for queue in QUEUES:
        for started in platform.redis.zrange(f"rq:wip:{queue}", 0, -1):
            platform.redis.zadd(f"rq:wip:{queue}", {started: 1})
    for key in platform.redis.keys("rq:scheduler-lock:*"):
        platform.redis.delete(key)


def test_sigterm_lets_the_running_job_end_and_takes_no_other(platform, worker):
    sample.hold_file(platform).touch()
    platform.jobs.enqueue("sample.hold", label="finishing")
    wait_until(lambda: count("finishing-attempts") == 1, "the job's start")
    platform.jobs.enqueue("sample.count_up", label="next")

    worker.ask_to_end()
    (registered,) = Worker.all(connection=platform.redis)
    wait_until(lambda: registered.shutdown_requested_date, "the worker's hearing of it")
    sample.hold_file(platform).unlink()

    assert worker.wait() == 0
    assert count("finishing") == 1
    assert count("next") == 0


def test_a_killed_worker_leaves_no_scheduler_that_holds_the_lock(platform, worker):
    locks = "rq:scheduler-lock:*"
    wait_until(lambda: len(platform.redis.keys(locks)) == len(QUEUES), "the locks")
    (child,) = psutil.Process(worker.pid).children()
    os.kill(worker.pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(child), "the end of the scheduler process")
    wait_until(lambda: not platform.redis.keys(locks), "the release of the locks")


def test_a_second_signal_kills_the_job_too(platform, worker):
    sample.hold_file(platform).touch()
    platform.jobs.enqueue("sample.hold", label="stuck")
    wait_until(lambda: count("stuck-attempts") == 1, "the job's start")
    worker.ask_to_end()
    (registered,) = Worker.all(connection=platform.redis)
    wait_until(lambda: registered.shutdown_requested_date, "the worker's hearing of it")
    # RQ takes a second signal within a second for the first one's echo.
    deadline = registered.shutdown_requested_date + timedelta(seconds=1.1)
    wait_until(lambda: datetime.now(UTC) > deadline, "a second's passing")
    worker.ask_to_end()
    worker.wait()
    assert count("stuck") == 0


def test_a_burst_runs_what_waits_and_ends(platform, worker):
    worker.kill()
    platform.jobs.enqueue("sample.count_up", label="burst")
    program = "import sys; from wrencos_core.worker import main; sys.exit(main())"
    ran = subprocess.run(
        [sys.executable, "-c", program, "--burst", "high", "default"],
        env=environment(platform, worker.folder),
        cwd=worker.folder,
        check=False,
    )
    assert ran.returncode == 0
    assert count("burst") == 1


def test_an_unknown_queue_is_refused():
    with pytest.raises(StartupError, match="no such queue: slow; there are high, default, low"):
        worker_module.work(["slow"])


def test_an_unreachable_redis_is_told_in_words(
    platform, monkeypatch: pytest.MonkeyPatch, tmp_path, wrencos_harness
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WRENCOS_MONGODB_URI", wrencos_harness.mongodb_uri)
    monkeypatch.setenv("WRENCOS_DATA_DIR", str(tmp_path))
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens there
        monkeypatch.setenv("WRENCOS_REDIS_URL", f"redis://127.0.0.1:{taken.getsockname()[1]}/0")
        with pytest.raises(StartupError, match="Check WRENCOS_REDIS_URL"):
            worker_module.work(burst=True)
