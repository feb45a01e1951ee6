"""Work that blocks, done where it does not hold every other request of a gevent worker."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")

# Each may hold a few hundred megabytes of pixels, and keeps a core busy.
_HEAVY_AT_ONCE = 2


def off_the_loop(work: Callable[[], T]) -> T:
    """What `work` returns or raises; it waits for a disk or a network, or computes for a moment."""
    if not _in_gevent():
        return work()
    import gevent

    return cast("T", gevent.get_hub().threadpool.apply(work))


def heavy(work: Callable[[], T]) -> T:
    """What `work` returns or raises; it computes for long, so few of these run at once."""
    return cast("T", _few_threads().apply(work)) if _in_gevent() else work()


def _in_gevent() -> bool:
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


@cache
def _few_threads() -> Any:
    """Apart from gevent's own pool, which looks up names and hashes passwords meanwhile."""
    from gevent.threadpool import ThreadPool

    return ThreadPool(_HEAVY_AT_ONCE)
