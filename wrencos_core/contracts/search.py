"""Hits of the search across plugins."""

from __future__ import annotations

import msgspec


class SearchHit(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A thing that fits a search: its id, what kind it is, and how to show it.

    `score` is between 0 and 1, comparable between plugins only roughly.
    """

    id: str
    kind: str
    title: str
    subtitle: str = ""
    score: float
