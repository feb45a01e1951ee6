"""Asserts that a query is answered by an index, as a real server explains it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pymongo.cursor import Cursor


def explain(
    collection: Any, filter: Mapping[str, Any], sort: Sequence[tuple[str, int]] | None = None
) -> list[str]:
    """The stages of the plan for a find, outermost first: `["FETCH", "IXSCAN"]`."""
    cursor = collection.find(filter)
    return plan_stages(cursor.sort(list(sort)) if sort else cursor)


def plan_stages(query: Any) -> list[str]:
    """The stages of the winning plan of a pymongo cursor or a mongoengine QuerySet."""
    explained = query.explain()
    return [stage["stage"] for stage in _stages(explained["queryPlanner"]["winningPlan"])]


def assert_uses_index(query: Any, *, sorts_in_memory: bool = False) -> None:
    """Fail when `query` scans a collection, or sorts in memory where it should not.

    `query` is a pymongo cursor that was not read yet, or a mongoengine QuerySet. The collection
    need not hold anything: the server plans by its indexes.
    """
    stages = plan_stages(query)
    shown = query.collection.name if isinstance(query, Cursor) else query
    assert "COLLSCAN" not in stages, f"{shown} is scanned: {' > '.join(stages)}"
    assert sorts_in_memory or "SORT" not in stages, f"{shown} sorts in memory: {' > '.join(stages)}"


def _stages(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    # The slot-based engine wraps the plan that the classic one gives at once.
    plan = plan.get("queryPlan", plan)
    yield plan
    for child in [plan.get("inputStage"), *plan.get("inputStages", []), *plan.get("shards", [])]:
        if child is not None:
            yield from _stages(child.get("winningPlan", child))
