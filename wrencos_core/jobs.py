"""Background work on RQ: what a job is, how it is enqueued, and the one function a worker runs."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Retry
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job as RQJob, JobStatus
from rq.serializers import JSONSerializer

from wrencos_core.database import after_commit, in_transaction
from wrencos_core.errors import NotFound

log = structlog.get_logger(__name__)

QUEUES = ("high", "default", "low")
RETRIES = 3
RETRY_SECONDS = [10, 60, 300]
_KEEP_FAILED = 7 * 24 * 3600
# In one step, or a job that a worker takes in between would look lost.
_PUT_BACK = """
if redis.call('HGET', KEYS[1], 'status') == 'queued' and not redis.call('LPOS', KEYS[2], ARGV[1])
then
  redis.call('RPUSH', KEYS[2], ARGV[1])
end
"""


@dataclass(frozen=True)
class Job:
    """Background work; its arguments are JSON, ids rather than things.

    A worker may die half-way or two may run it at once, so `handler` must be safe to run again:
    guard the effect by a unique key. A handler that raises is tried again after 10 s, 60 s and
    300 s. `name` is `<plugin>.<verb_object>`.
    """

    name: str
    handler: Callable[..., None]
    description: str
    timeout: timedelta = timedelta(minutes=3)
    queue: str = "default"


@dataclass(frozen=True)
class Schedule:
    """Enqueues the job `job` at each slot: `cron` (in the shop's time zone) or `every`.

    However many schedulers run, a slot fires once. After an outage only the newest missed slot
    is made up for.
    """

    name: str
    job: str
    cron: str | None = None
    every: timedelta | None = None

    def __post_init__(self) -> None:
        if (self.cron is None) == (self.every is None):
            raise ValueError(f"schedule {self.name} needs either cron or every")


class JobQueue:
    """Enqueues registered jobs by name."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self._jobs: dict[str, Job] = {}
        self._put_back = redis.register_script(_PUT_BACK)

    def register(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self._jobs[job.name] = job

    def all(self) -> list[Job]:
        """The registered jobs by name."""
        return [self._jobs[name] for name in sorted(self._jobs)]

    def get(self, name: str) -> Job:
        """The job with this name; raises NotFound."""
        try:
            return self._jobs[name]
        except KeyError:
            raise NotFound(f"There is no job {name}.") from None

    def enqueue(
        self,
        name: str,
        /,
        key: str | None = None,
        delay: timedelta | None = None,
        keep: timedelta = timedelta(0),
        **arguments: Any,
    ) -> None:
        """Have a worker run the job `name`; inside a transaction, once that has been committed.

        While a job with the same `key` waits or runs, and for `keep` after it succeeded, a second
        one is not enqueued. One that failed for good is replaced. One whose worker died before it
        began is put back into its queue; rarely that doubles a job which is just beginning.

        Raises NotFound for an unknown job, and RedisError outside a transaction. When Redis can't
        be reached after a commit, that is logged and not raised: the change stands, and whoever
        can't do without the job sweeps for what was left behind.
        """
        job = self.get(name)
        options: dict[str, Any] = {
            "args": (job.name, arguments),
            "job_timeout": int(job.timeout.total_seconds()),
            "retry": Retry(max=RETRIES, interval=RETRY_SECONDS),
            "result_ttl": int(keep.total_seconds()),
            "failure_ttl": _KEEP_FAILED,
            "description": job.name,
        }
        if key is not None:
            options |= {"job_id": job_id(job.name, key), "unique": True}
        if in_transaction():
            after_commit(lambda: self._push_or_log(job, options, delay))
        else:
            self._push(job, options, delay)

    def _push_or_log(self, job: Job, options: dict[str, Any], delay: timedelta | None) -> None:
        try:
            self._push(job, options, delay)
        except RedisError as error:
            log.error("job.not_queued", job=job.name, error=str(error))

    def _push(self, job: Job, options: dict[str, Any], delay: timedelta | None) -> None:
        queue = self.queue(job.queue)
        try:
            self._send(queue, options, delay)
        except DuplicateJobError:
            if self._make_way(options["job_id"]):
                with contextlib.suppress(DuplicateJobError):  # another process was first
                    self._send(queue, options, delay)

    @staticmethod
    def _send(queue: Queue, options: dict[str, Any], delay: timedelta | None) -> None:
        if delay is None:
            queue.enqueue(run, **options)
        else:
            queue.enqueue_in(delay, run, **options)

    def _make_way(self, id: str) -> bool:
        """Whether a new job with this id may be sent, as the one there has ended.

        A job that waits although it is in no queue is put back: workers listen on several queues,
        so Redis hands a job out before RQ has noted who has it, and a worker may die in between.
        """
        try:
            found = RQJob.fetch(id, connection=self.redis, serializer=JSONSerializer)
        except NoSuchJobError:
            return True
        if found.get_status() in (JobStatus.FAILED, JobStatus.STOPPED, JobStatus.CANCELED):
            # RQ keeps it for a week; its key must not block a new attempt.
            found.delete()
            return True
        self._put_back([found.key, self.queue(found.origin).key], [id])
        return False

    def queue(self, name: str) -> Queue:
        """The RQ queue of this name."""
        return Queue(name, connection=self.redis, serializer=JSONSerializer)


def job_id(name: str, key: str) -> str:
    """RQ's id of a keyed job: RQ allows letters, digits, dashes and underscores only."""
    readable = re.sub(r"[^A-Za-z0-9_-]", "-", f"{name}-{key}")[:100]
    return f"{readable}-{hashlib.sha256(f'{name}|{key}'.encode()).hexdigest()[:16]}"


def run(name: str, arguments: dict[str, Any]) -> None:
    """The one function that is ever enqueued: run the job `name` of the running platform."""
    from wrencos_core.platform import current_platform

    current_platform().jobs.get(name).handler(**arguments)
