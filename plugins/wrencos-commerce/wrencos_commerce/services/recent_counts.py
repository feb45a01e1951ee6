"""How many rows fit a filter: small numbers exact, large ones remembered for a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from wrencos_core.api import now

# Counting is a walk along the index: 10,000 products took 16 ms, the page itself less than one.
LARGE = 1000
REMEMBER = timedelta(seconds=10)
_MOST_KEPT = 500


class RecentCounts:
    """Counts the rows of a collection; a total of 1000 or more may be ten seconds old."""

    def __init__(self, collection: Callable[[], Any]) -> None:
        self._collection = collection
        self._known: dict[str, tuple[int, datetime]] = {}

    def count(self, query: Mapping[str, Any]) -> int:
        """How many rows fit `query`."""
        key, moment = repr(query), now()
        total, until = self._known.get(key, (0, moment))
        if until > moment:
            return total
        total = int(self._collection().count_documents(query))
        if total >= LARGE:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[key] = total, moment + REMEMBER
        return total
