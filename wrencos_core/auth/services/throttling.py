"""Limits on guessing: sliding windows in Redis, and in this process while Redis is away."""

from __future__ import annotations

import hashlib
import math
import secrets
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from redis import Redis
from redis.exceptions import RedisError

from wrencos_core.clock import now
from wrencos_core.errors import TooManyRequests

log = structlog.get_logger(__name__)

# One step, so that a hundred guesses at once can't all pass before the first is counted.
_HIT = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1] - ARGV[2])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return math.max(1, oldest[2] + ARGV[2] - ARGV[1])
end
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 0
"""
_LOCAL_KEYS = 10_000


@dataclass(frozen=True)
class Limit:
    """At most `attempts` within any stretch of time as long as `window`."""

    name: str
    attempts: int
    window: timedelta


@dataclass(frozen=True)
class Attempt:
    """A counted attempt, for `take_back`."""

    key: str
    member: str


class Throttle:
    """Counts attempts by subject (an account, an address); refused ones are not counted.

    When Redis can't be reached the same limits hold in each process by itself: a guesser gains the
    number of processes as a factor, and nobody is locked out.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_HIT)
        self._local = _LocalWindows()

    def hit(self, limit: Limit, subject: str) -> Attempt:
        """Count an attempt; raises TooManyRequests with the seconds after which one is free."""
        # Hashed, so that addresses of people do not lie about in Redis.
        subject_hash = hashlib.sha256(subject.encode()).hexdigest()[:32]
        attempt = Attempt(f"wrencos:auth:{limit.name}:{subject_hash}", secrets.token_hex(8))
        moment = int(now().timestamp() * 1000)
        window = int(limit.window.total_seconds() * 1000)
        try:
            wait = int(
                self._script([attempt.key], [moment, window, limit.attempts, attempt.member])
            )
        except RedisError as error:
            log.warning("auth.throttle_without_redis", error=type(error).__name__)
            wait = self._local.hit(attempt, moment, window, limit.attempts)
        if wait:
            raise TooManyRequests(
                "Too many attempts; wait a while.", retry_after=math.ceil(wait / 1000)
            )
        return attempt

    def allows(self, limit: Limit, subject: str) -> bool:
        """As `hit`, for callers who must not tell that there was a limit."""
        try:
            self.hit(limit, subject)
        except TooManyRequests:
            return False
        return True

    def take_back(self, attempt: Attempt) -> None:
        """Uncount an attempt that turned out to be honest."""
        self._local.take_back(attempt)
        self._quietly(lambda: self._redis.zrem(attempt.key, attempt.member))

    def forget(self, attempt: Attempt) -> None:
        """Uncount every attempt on the subject of this one."""
        self._local.forget(attempt)
        self._quietly(lambda: self._redis.delete(attempt.key))

    @staticmethod
    def _quietly(command: Callable[[], object]) -> None:
        try:
            command()
        except RedisError as error:
            log.warning("auth.throttle_without_redis", error=type(error).__name__)


class _LocalWindows:
    """The same windows in memory; the longest untouched subjects are dropped beyond a bound."""

    def __init__(self) -> None:
        self._windows: OrderedDict[str, deque[tuple[int, str]]] = OrderedDict()
        self._lock = threading.Lock()

    def hit(self, attempt: Attempt, moment: int, window: int, attempts: int) -> int:
        """Milliseconds to wait, 0 when the attempt was counted."""
        with self._lock:
            seen = self._windows.setdefault(attempt.key, deque())
            self._windows.move_to_end(attempt.key)
            while seen and seen[0][0] <= moment - window:
                seen.popleft()
            if len(seen) >= attempts:
                return max(1, seen[0][0] + window - moment)
            seen.append((moment, attempt.member))
            if len(self._windows) > _LOCAL_KEYS:
                self._windows.popitem(last=False)
            return 0

    def take_back(self, attempt: Attempt) -> None:
        with self._lock:
            seen = self._windows.get(attempt.key, deque())
            kept = [entry for entry in seen if entry[1] != attempt.member]
            seen.clear()
            seen.extend(kept)

    def forget(self, attempt: Attempt) -> None:
        with self._lock:
            self._windows.pop(attempt.key, None)
