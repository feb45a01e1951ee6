"""Fires schedules. Run two for safety: a slot is enqueued under an id made from it, so once."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from croniter import croniter
from redis.exceptions import RedisError

from wrencos_core.clock import now
from wrencos_core.jobs import JobQueue, Schedule

log = structlog.get_logger(__name__)

_LAST = "wrencos:schedule:{}:last"
# As long as a schedule's clocks may differ; a job of that slot is remembered at least so long.
_REMEMBER = timedelta(hours=1)


class Scheduler:
    """Enqueues the newest slot of each schedule when it has come."""

    def __init__(self, jobs: JobQueue, schedules: Iterable[Schedule], timezone: str) -> None:
        self.jobs = jobs
        self.schedules = list(schedules)
        self.timezone = ZoneInfo(timezone)

    def tick(self) -> list[str]:
        """Fire what is due and return the names of the schedules that this call fired.

        Raises RedisError; a slot that could not be enqueued is then still due at the next call.
        """
        moment = now()
        return [schedule.name for schedule in self.schedules if self._fire(schedule, moment)]

    def run(self, stop: threading.Event, pause: float = 1.0) -> None:
        """Tick every `pause` seconds until `stop` is set; an outage of Redis only delays slots."""
        log.info("scheduler.started", schedules=len(self.schedules))
        while not stop.wait(pause):
            try:
                for name in self.tick():
                    log.info("schedule.fired", schedule=name)
            except RedisError as error:
                log.error("scheduler.no_redis", error=str(error))
        log.info("scheduler.stopped")

    def _fire(self, schedule: Schedule, moment: datetime) -> bool:
        slot = newest_slot(schedule, moment, self.timezone).isoformat()
        key = _LAST.format(schedule.name)
        last: bytes | None = self.jobs.redis.get(key)  # type: ignore[assignment]
        if last is None:
            # A new schedule starts with its next slot, not with the one before it existed.
            self.jobs.redis.set(key, slot, nx=True)
            return False
        if last.decode() >= slot:
            return False
        self.jobs.enqueue(schedule.job, key=f"cron_{schedule.name}_{slot}", keep=_REMEMBER)
        # Only now: had enqueueing failed, the slot would be lost until the next one.
        self.jobs.redis.set(key, slot)
        return True


def newest_slot(schedule: Schedule, moment: datetime, timezone: ZoneInfo) -> datetime:
    """The latest slot at or before `moment`, in UTC; cron fields are read in `timezone`."""
    if schedule.every is not None:
        seconds = int(schedule.every.total_seconds())
        return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)
    # croniter's get_prev is exclusive, so ask from just after the moment.
    local = (moment + timedelta(milliseconds=1)).astimezone(timezone)
    if _is_for_every_hour(schedule.cron or ""):
        slot: datetime = croniter(schedule.cron, local).get_prev(datetime)
        return slot.astimezone(UTC)
    # As cron does: what has a fixed hour follows the wall clock, so that the hour which comes
    # twice when summer time ends fires it once. A skipped one fires right after the gap.
    slot = croniter(schedule.cron, local.replace(tzinfo=None)).get_prev(datetime)
    return slot.replace(tzinfo=timezone).astimezone(UTC)


def _is_for_every_hour(cron: str) -> bool:
    fields = cron.split()
    return cron == "@hourly" or (len(fields) > 1 and fields[1].startswith("*"))
