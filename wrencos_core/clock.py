"""The one clock: aware UTC, whole milliseconds as MongoDB stores. Tests and the demo move it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_source: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731


def now() -> datetime:
    """The present moment, aware UTC, truncated to milliseconds."""
    return to_milliseconds(_source())


def to_milliseconds(moment: datetime) -> datetime:
    """`moment` in UTC without its microseconds below a millisecond.

    Raises ValueError for a naive datetime: a moment without a zone means nothing.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def business_day(moment: datetime, timezone: str) -> date:
    """The calendar day of `moment` in the shop's time zone (an IANA name)."""
    return moment.astimezone(ZoneInfo(timezone)).date()


class ManualClock:
    """A clock that stands still until it is moved; call it for the present moment."""

    def __init__(self, start: datetime) -> None:
        self._now = to_milliseconds(start)

    def __call__(self) -> datetime:
        return self._now

    def move_to(self, moment: datetime) -> None:
        self._now = to_milliseconds(moment)

    def advance(self, by: timedelta) -> None:
        self._now += by


@contextmanager
def use(source: Callable[[], datetime]) -> Iterator[None]:
    """Make `now()` ask `source`, in the whole process, until the block ends."""
    global _source
    before, _source = _source, source
    try:
        yield
    finally:
        _source = before
