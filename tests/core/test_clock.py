from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from wrencos_core import clock

MOMENTS = st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.timezones(),
)


@given(MOMENTS)
def test_a_moment_is_cut_to_milliseconds_in_utc(moment: datetime):
    cut = clock.to_milliseconds(moment)
    assert cut.tzinfo is UTC
    assert cut.microsecond % 1000 == 0
    assert timedelta(0) <= moment.astimezone(UTC) - cut < timedelta(milliseconds=1)
    assert clock.to_milliseconds(cut) == cut


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        clock.to_milliseconds(datetime(2026, 1, 1))  # noqa: DTZ001


def test_now_is_the_real_present_by_default():
    before = clock.to_milliseconds(datetime.now(UTC))
    assert before <= clock.now() <= datetime.now(UTC)


def test_a_manual_clock_stands_until_it_is_moved():
    start = datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=timezone(timedelta(hours=7)))
    manual = clock.ManualClock(start)
    with clock.use(manual):
        assert clock.now() == datetime(2026, 3, 2, 3, 0, 0, 123000, tzinfo=UTC)
        manual.advance(timedelta(days=1))
        assert clock.now() == datetime(2026, 3, 3, 3, 0, 0, 123000, tzinfo=UTC)
        manual.move_to(start)
        assert clock.now() == datetime(2026, 3, 2, 3, 0, 0, 123000, tzinfo=UTC)


def test_the_clock_before_is_back_after_the_block_even_when_it_raises():
    outer = clock.ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    with clock.use(outer):
        with (
            pytest.raises(RuntimeError),
            clock.use(clock.ManualClock(datetime(2027, 1, 1, tzinfo=UTC))),
        ):
            raise RuntimeError
        assert clock.now().year == 2026


def test_the_clock_fixture_stands_still(clock):
    assert clock() == datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "timezone", "day"),
    [
        (datetime(2026, 3, 1, 17, 0, tzinfo=UTC), "Asia/Ho_Chi_Minh", date(2026, 3, 2)),
        (datetime(2026, 3, 1, 16, 59, tzinfo=UTC), "Asia/Ho_Chi_Minh", date(2026, 3, 1)),
        (datetime(2026, 3, 1, 4, 59, tzinfo=UTC), "America/New_York", date(2026, 2, 28)),
        # After the change to summer time the day starts an hour earlier in UTC.
        (datetime(2026, 3, 9, 4, 0, tzinfo=UTC), "America/New_York", date(2026, 3, 9)),
    ],
)
def test_a_business_day_follows_the_shops_zone(moment, timezone, day):
    assert clock.business_day(moment, timezone) == day
