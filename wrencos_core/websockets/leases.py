"""How many sockets a caller has open, over all processes; those of a killed one run out."""

from __future__ import annotations

from collections.abc import Iterable

from redis import Redis

LEASE_SECONDS = 60

_TAKE = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""
_RENEW = """
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
"""


class Leases:
    """Counts open sockets by caller; a lease that is not renewed ends after a minute."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = f"{prefix}open:"
        self._take = redis.register_script(_TAKE)
        self._renew = redis.register_script(_RENEW)

    def take(self, caller: str, socket_id: str, most: int) -> bool:
        """Whether `caller` may open one more; it then counts until it is dropped."""
        return bool(self._take(keys=[self._prefix + caller], args=[socket_id, most, LEASE_SECONDS]))

    def renew(self, held: Iterable[tuple[str, str]]) -> None:
        """Keep the leases of these (caller, socket id)."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for caller, socket_id in held:
                key = self._prefix + caller
                self._renew(keys=[key], args=[socket_id, LEASE_SECONDS], client=pipeline)
            pipeline.execute()

    def drop(self, caller: str, socket_id: str) -> None:
        """The socket is closed."""
        self._redis.zrem(self._prefix + caller, socket_id)
