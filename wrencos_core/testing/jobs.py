"""Runs the queued jobs of a test in its own process, on RQ's real worker."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from types import TracebackType
from typing import Any

from rq import SimpleWorker
from rq.job import Job as RQJob
from rq.registry import ScheduledJobRegistry
from rq.serializers import JSONSerializer

from wrencos_core.jobs import QUEUES
from wrencos_core.platform import Platform


class InProcessWorker(SimpleWorker):
    """RQ's worker without a fork and without signal handlers; it keeps what jobs raised."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.raised: list[BaseException] = []
        self.done = 0

    def _install_signal_handlers(self) -> None:
        """The test runner's own handlers stay."""

    def subscribe(self) -> None:
        """No commands are sent to this worker, and the thread that hears them ends slowly."""

    def execute_job(self, job: RQJob, queue: Any) -> None:
        self.done += 1
        super().execute_job(job, queue)

    def handle_exception(
        self,
        job: RQJob,
        exc_type: type[BaseException],
        exc_value: BaseException,
        traceback: TracebackType | None,
    ) -> None:
        self.raised.append(exc_value)


class JobRunner:
    """The fixture `run_jobs`: call it to run every job that is due."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform

    def __call__(self, *, raises: bool = True, ahead: timedelta = timedelta(0)) -> int:
        """Run jobs until none is due, those that they enqueue included, and return how many ran.

        `ahead` makes due what is delayed (or waits to be tried again) until that far from now.
        The first exception of a job is raised here, unless `raises` is False.
        """
        count = 0
        until = time.time() + ahead.total_seconds()
        while self._enqueue_delayed(until) or self.waiting():
            worker = self._burst()
            count += worker.done
            if raises and worker.raised:
                raise worker.raised[0]
        return count

    def waiting(self) -> list[str]:
        """The ids of the jobs in the queues, not counting delayed ones."""
        return [id for name in QUEUES for id in self.platform.jobs.queue(name).job_ids]

    def _burst(self) -> InProcessWorker:
        worker = InProcessWorker(
            [self.platform.jobs.queue(name) for name in QUEUES],
            connection=self.platform.redis,
            serializer=JSONSerializer,
        )
        # Set beforehand, so that RQ leaves logging as it is.
        worker.work(burst=True, logging_level=logging.getLevelName(logging.WARNING))
        return worker

    def _enqueue_delayed(self, until: float) -> int:
        moved = 0
        for name in QUEUES:
            queue = self.platform.jobs.queue(name)
            registry = ScheduledJobRegistry(queue=queue)  # type: ignore[no-untyped-call]
            for id in registry.get_jobs_to_schedule(int(until)):
                job = RQJob.fetch(id, connection=self.platform.redis, serializer=JSONSerializer)
                registry.remove(job)
                queue._enqueue_job(job)
                moved += 1
        return moved
