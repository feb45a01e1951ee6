"""Knowing that there is nothing to read: a shop without taxes should not ask for them each time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from wrencos_core.api import after_commit

# As long as public pages may be remembered.
REMEMBER_SECONDS = 2.0


class Presence:
    """Whether a collection has a row that fits `query`, as it was known within two seconds.

    Once it has one, whoever needs the rows reads them anew each time. So the first row counts
    within two seconds in other processes, and every change after that at once.
    """

    def __init__(self, collection: Callable[[], Any], query: Mapping[str, Any]) -> None:
        self._collection = collection
        self._query = dict(query)
        self._known = False
        self._known_until = 0.0

    def __call__(self) -> bool:
        if monotonic() >= self._known_until:
            self._known = self._collection().find_one(self._query, {"_id": 1}) is not None
            self._known_until = monotonic() + REMEMBER_SECONDS
        return self._known

    def forget(self) -> None:
        """To be called by whoever writes such a row: what is known ends with the commit."""
        after_commit(self._forget)

    def _forget(self) -> None:
        self._known_until = 0.0
