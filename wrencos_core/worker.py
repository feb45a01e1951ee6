"""The worker: runs queued jobs, each in a fork of a process that has everything imported."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.job import Job as RQJob
from rq.serializers import JSONSerializer

from wrencos_core import logs, platform as platforms
from wrencos_core.errors import StartupError
from wrencos_core.jobs import QUEUES
from wrencos_core.platform import Platform

log = structlog.get_logger(__name__)

# How often a worker looks for jobs whose worker has died.
MAINTENANCE_SECONDS = 30
# Optional modules that take seconds to import: once here, not in the fork of each job.
_SLOW_IMPORTS = ("google.generativeai",)
_PR_SET_PDEATHSIG = 1


class ForkingWorker(Worker):
    """RQ's worker on a platform; the fork of each job opens its own database connection.

    SIGTERM or SIGINT: the running job is finished, then the worker ends. A second signal, more
    than a second later, kills the job too; it is run again like that of a worker that died.
    """

    log_result_lifespan = False

    def __init__(self, queues: Sequence[str], platform: Platform, connection: Redis) -> None:
        super().__init__(
            list(queues),
            connection=connection,
            serializer=JSONSerializer,
            maintenance_interval=MAINTENANCE_SECONDS,
            # Or RQ writes the arguments of every job, ids of people among them, into the log.
            log_job_description=False,
        )
        self.platform = platform

    def main_work_horse(self, job: RQJob, queue: Queue) -> None:
        # An exception that left this method would run the parent's clean-up in the fork.
        try:
            structlog.contextvars.bind_contextvars(job=job.description, job_id=job.id)
            self.platform.connect()
        except BaseException:
            log.exception("job.no_connection")
            os._exit(1)
        super().main_work_horse(job, queue)

    def setup_work_horse_signals(self) -> None:
        # A service manager signals the whole group: the job is finished all the same.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def perform_job(self, job: RQJob, queue: Queue, execution: Any) -> bool:
        log.info("job.started")
        done = bool(super().perform_job(job, queue, execution))
        log.info("job.done" if done else "job.failed")
        return done


def work(queues: Sequence[str] = QUEUES, burst: bool = False) -> bool:
    """Run jobs until a signal says stop (with `burst`, until none waits), and whether any ran.

    Jobs of an earlier queue come first. Delayed jobs and attempts are queued when they are due, by
    one of the running workers. Raises StartupError when the platform or Redis can't be used, or a
    queue is none of `QUEUES`.
    """
    unknown = sorted(set(queues) - set(QUEUES))
    if unknown:
        raise StartupError(f"no such queue: {', '.join(unknown)}; there are {', '.join(QUEUES)}")
    platform = platforms.start()
    logs.configure(platform.settings)
    _import_slow_modules()
    # RQ changes the time-outs of the connections it is given, so it gets its own.
    connection = Redis.from_url(platforms.redis_url(platform.settings), health_check_interval=30)
    try:
        connection.ping()
    except RedisError as error:
        raise StartupError(f"Redis does not answer: {error}. Check WRENCOS_REDIS_URL.") from error
    os.register_at_fork(after_in_child=_end_with_parent)
    worker = ForkingWorker(queues, platform, connection)
    return bool(worker.work(burst=burst, with_scheduler=True, logging_level="WARNING"))


def _import_slow_modules() -> None:
    for name in _SLOW_IMPORTS:
        with warnings.catch_warnings(), contextlib.suppress(ImportError):
            warnings.simplefilter("ignore")
            importlib.import_module(name)


def _end_with_parent() -> None:
    """Or the scheduler process of a killed worker lives on, and keeps the schedulers' lock."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def main() -> int:
    """`python -m wrencos_core.worker [--burst] [queue …]`."""
    arguments = sys.argv[1:]
    queues = [argument for argument in arguments if argument != "--burst"]
    try:
        work(queues or QUEUES, burst="--burst" in arguments)
    except StartupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
