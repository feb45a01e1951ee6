from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from wrencos_core.auth.services.throttling import Limit, Throttle
from wrencos_core.errors import TooManyRequests

LIMIT = Limit("test", 3, timedelta(minutes=1))


@pytest.fixture
def redis_away() -> Iterator[Redis]:
    """A Redis client whose server refuses connections: the port is bound, nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        client = Redis(port=bound.getsockname()[1], retry=Retry(NoBackoff(), 0))
        yield client
        client.close()


@pytest.fixture(params=["redis", "away"])
def throttle(request: pytest.FixtureRequest, platform: Any, redis_away: Redis) -> Throttle:
    return Throttle(platform.redis if request.param == "redis" else redis_away)


def test_counts_in_a_sliding_window(throttle: Throttle, clock: Any) -> None:
    for _ in range(3):
        throttle.hit(LIMIT, "lan")
        clock.advance(timedelta(seconds=10))
    with pytest.raises(TooManyRequests) as refused:
        throttle.hit(LIMIT, "lan")
    assert refused.value.retry_after == 30
    throttle.hit(LIMIT, "mai")
    clock.advance(timedelta(seconds=30))
    throttle.hit(LIMIT, "lan")
    assert not throttle.allows(LIMIT, "lan")
    clock.advance(timedelta(seconds=10))
    assert throttle.allows(LIMIT, "lan")


def test_forgets_one_attempt_or_all(throttle: Throttle, clock: Any) -> None:
    attempts = [throttle.hit(LIMIT, "lan") for _ in range(3)]
    throttle.take_back(attempts[0])
    assert throttle.allows(LIMIT, "lan")
    assert not throttle.allows(LIMIT, "lan")
    throttle.forget(attempts[1])
    assert [throttle.allows(LIMIT, "lan") for _ in range(4)] == [True, True, True, False]


def test_keeps_no_address_in_clear(platform: Any) -> None:
    Throttle(platform.redis).hit(LIMIT, "lan@example.test")
    assert platform.redis.keys("wrencos:auth:test:*")
    assert not platform.redis.keys("*lan*")
